import Foundation
import TestSupport

/// OpenDKIM as a milter that verifies, unpacked by `make test-deps`; it knows the key of one domain.
final class OpenDKIM {
    private static let program = Programs.package + "/build/tools/opendkim/usr/sbin/opendkim"
    /// The domain whose mail can be signed.
    static let domain = "signed.example"

    static var isThere: Bool { FileManager.default.isExecutableFile(atPath: program) }

    let port: Int
    private let scratch: Scratch
    private let process: RunningProgram
    private let key: String

    init() throws {
        scratch = try Scratch(.memory)
        port = try Ports.free()
        key = scratch.path + "/key.pem"
        _ = try Self.openssl(["genrsa", "-out", key, "2048"])
        let published = Data(try Self.openssl(["rsa", "-in", key, "-pubout", "-outform", "DER"])).base64EncodedString()
        let keys = try scratch.write("keys", "s._domainkey.\(Self.domain) v=DKIM1; k=rsa; p=\(published)\n")
        let configuration = try scratch.write(
            "opendkim.conf",
            """
            Mode v
            Socket inet:\(port)@127.0.0.1
            UserID nobody
            Background no
            AlwaysAddARHeader yes
            TestPublicKeys \(keys)

            """)
        for file in [scratch.path, keys] {
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file)
        }
        process = try RunningProgram(Self.program, ["-f", "-x", configuration])
        try poll("OpenDKIM") { (try? StreamSocket(port: port)) != nil }
    }

    /// A message with a signature of `domain` over its body and its `From:` field (RFC 6376, simple canonicalization).
    /// - Parameters:
    ///   - from: the field, without its end.
    ///   - header: other fields.
    ///   - body: ends in one CRLF.
    ///   - identity: the tag `i`.
    func signed(from: String, _ header: String, body: String, identity: String? = nil) throws -> [UInt8] {
        let hash = Data(try Self.openssl(["dgst", "-sha256", "-binary"], Array(body.utf8))).base64EncodedString()
        let tag = identity.map { " i=\($0);" } ?? ""
        let field =
            "DKIM-Signature: v=1; a=rsa-sha256; c=simple/simple; d=\(Self.domain); s=s;\(tag)\r\n\th=From; bh=\(hash);\r\n\tb="
        let octets = try Self.openssl(["dgst", "-sha256", "-sign", key], Array("\(from)\r\n\(field)".utf8))
        return Array("\(field)\(Data(octets).base64EncodedString())\r\n\(from)\r\n\(header)\r\n\(body)".utf8)
    }

    private static func openssl(_ arguments: [String], _ input: [UInt8] = []) throws -> [UInt8] {
        let result = try runTool("openssl", arguments, input: input)
        guard result.status == 0 else { throw TimedOut("openssl: \(result)") }
        return result.output
    }
}
