import Documents
import Foundation
import Members
import TestSupport
import Testing

/// S/MIME as OpenSSL's own command writes it.
@Suite struct SecureMailTests {
    /// A key and a certificate for nothing else.
    private struct Identity {
        let folder: Scratch
        var certificate: String { folder.path + "/certificate" }
        var key: String { folder.path + "/key" }

        init() throws {
            folder = try Scratch(.memory)
            let made = try runTool(
                "openssl",
                [
                    "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", folder.path + "/key", "-out",
                    folder.path + "/certificate", "-subj", "/CN=test.example", "-days", "2",
                ])
            #expect(made.status == 0, "\(made)")
        }
    }

    private static let mail = Array("Content-Type: text/plain; name=a.exe\r\n\r\n".utf8) + eicar

    private static func make(_ arguments: [String]) throws -> [UInt8] {
        let made = try runTool("openssl", ["cms"] + arguments, input: mail)
        #expect(made.status == 0, "\(made)")
        return made.output
    }

    @Test(arguments: ["DER", "PEM"], [[], ["-stream"]])
    func signed(form: String, streaming: [String]) throws {
        let identity = try Identity()
        let message = try Self.make(
            [
                "-sign", "-binary", "-nodetach", "-signer", identity.certificate, "-inkey", identity.key, "-outform",
                form,
            ] + streaming)
        let found = read(message)
        #expect(found.members(with: Self.mail).map(\.flags) == [.mail])
        #expect(found.problems.isEmpty)
        // Cut off within the content.
        #expect(read(Array(message.prefix(message.count / 3))).has(.corrupt))
    }

    /// Lengths in more octets than they need: S/MIME is BER.
    @Test(arguments: [[0x81, 9], [0x82, 0, 9], [0x84, 0, 0, 0, 9]] as [[UInt8]]) func longLengths(_ length: [UInt8])
        throws
    {
        let identity = try Identity()
        func lengthened(_ message: [UInt8]) throws -> [UInt8] {
            try #require(message.starts(with: [0x30, 0x82]) && message[4...].starts(with: [0x06, 9]))
            let content = [0x06] + length + message[6...]
            let size = content.count
            return [0x30, 0x84, 0, 0, UInt8(size >> 8), UInt8(size & 0xFF)] + content
        }
        let signing = ["-sign", "-nodetach", "-signer", identity.certificate, "-inkey", identity.key]
        let signed = try lengthened(Self.make(signing + ["-binary", "-outform", "DER"]))
        let input = try identity.folder.write("signed", signed)
        let verified = try runTool("openssl", ["cms", "-verify", "-noverify", "-inform", "DER", "-in", input])
        #expect(verified.output == Self.mail)
        let armour = Data(signed).base64EncodedString(options: .lineLength64Characters)
        for message in [signed, Array("-----BEGIN CMS-----\n\(armour)\n-----END CMS-----\n".utf8)] {
            let found = read(message)
            #expect(found.members(with: Self.mail).map(\.flags) == [.mail])
            #expect(found.problems.isEmpty)
        }
        // Tags as OpenSSL takes them, in the form for large numbers.
        let plain = try Self.make(signing + ["-binary", "-outform", "DER"])
        for tagged in [[0x3F, 0x10] + plain[1...], [0x3F, 0x80, 0x10] + plain[1...]] as [[UInt8]] {
            let file = try identity.folder.write("tagged", tagged)
            let opened = try runTool("openssl", ["cms", "-verify", "-noverify", "-inform", "DER", "-in", file])
            #expect(
                (opened.output == Self.mail) == read(tagged).members(with: Self.mail).contains { $0.flags == [.mail] })
        }
        let encrypting = ["-encrypt", "-binary", "-outform", "DER", identity.certificate]
        #expect(read(try lengthened(Self.make(encrypting))).has(.encrypted))
        // A length that nothing has, or another type.
        for start in [[0x30, 0xFF, 6, 9], [0x30, 0x82, 6], [0x30, 0x80, 6, 0x8A], [0x30, 0x80, 5, 9]] as [[UInt8]] {
            #expect(read(start + [UInt8](repeating: 0xFE, count: 60)).problems.isEmpty)
        }
    }

    /// Text that names the labels is no message, and what it shows of one is no damage.
    @Test func textsAboutMessages() throws {
        let identity = try Identity()
        let whole = String(
            decoding: try Self.make([
                "-sign", "-binary", "-nodetach", "-signer", identity.certificate, "-inkey", identity.key, "-outform",
                "PEM",
            ]), as: UTF8.self)
        let lines = whole.split(separator: "\n")
        let shown = [
            lines.joined(separator: "\\n"), lines.map { "+" + $0 }.joined(separator: "\n"),
            lines.map { "AB> " + $0 }.joined(separator: "\n"), lines.joined(separator: "<br>\n"),
        ]
        for text in [
            "The file begins with -----BEGIN PKCS7----- and has base64.\n", "-----BEGIN CMS-----\n",
            "> -----BEGIN PKCS7-----\n> MIIB...\n> -----END PKCS7-----\n",
            "const k = \"-----BEGIN PKCS7-----\\n\";\n", "-----BEGIN CMS-----\n...\n-----END CMS-----\n",
        ] + shown {
            let problems = read(Array(text.utf8)).problems.filter { $0.kind != .note }
            #expect(problems.isEmpty, "\(text.prefix(60)): \(problems)")
        }
        // Behind a text that names them.
        #expect(read(Array(("A file with -----BEGIN CMS----- in it:\n" + whole).utf8)).has(Self.mail))
    }

    /// A message with a program in base64.
    private static let programMail = Array(
        ("Content-Type: application/octet-stream; name=a.exe\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            + Data((0..<10).flatMap { _ in TextDocumentTests.program })
            .base64EncodedString(options: .lineLength76Characters)).utf8)

    @Test("what is written out in signed mail is written out in its part") func signedIsNoText() throws {
        let identity = try Identity()
        let made = try runTool(
            "openssl",
            [
                "cms", "-sign", "-binary", "-nodetach", "-signer", identity.certificate, "-inkey", identity.key,
                "-outform", "DER",
            ], input: Self.programMail)
        #expect(formats(made.output).contains { $0.hasPrefix("Text") })
        let found = read(made.output)
        #expect(found.items.map(\.content) == [Self.programMail])
        // The same octets that nobody signed.
        #expect(read(Self.programMail).items.contains { $0.content?.starts(with: TextDocumentTests.program) == true })
    }

    @Test(arguments: [257, 300, 700]) func signedInPieces(of size: Int) {
        let message = Self.signed(Self.programMail, pieces: size)
        #expect(!message.dropLast().contains(0))
        #expect(formats(message).contains { $0.hasPrefix("Text") })
        let found = read(message)
        #expect(found.items.map(\.content) == [Self.programMail])
        // What stands behind is text all the same.
        let literal = Array("\nvar x = '\(Data(TextDocumentTests.program).base64EncodedString())';\n".utf8)
        #expect(read(message + literal).has(TextDocumentTests.program))
        #expect(!found.has(TextDocumentTests.program))
    }

    /// Signed by nobody, the content in pieces of BER (X.690 section 8.7.3). There is no octet of zero but its last.
    private static func signed(_ content: [UInt8], pieces size: Int) -> [UInt8] {
        func ber(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
            let length = content.count
            if length < 128 { return [tag, UInt8(length)] + content }
            if length < 256 { return [tag, 0x81, UInt8(length)] + content }
            return [tag, 0x82, UInt8(length >> 8), UInt8(length & 0xFF)] + content
        }
        var octets: [UInt8] = []
        for start in stride(from: 0, to: content.count, by: size) {
            octets += ber(4, Array(content[start..<min(content.count, start + size)]))
        }
        let data = ber(6, [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 7, 1]) + ber(0xA0, ber(0x24, octets))
        let algorithm = ber(0x30, ber(6, [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1]))
        let body = ber(0x30, [2, 1, 1] + ber(0x31, algorithm) + ber(0x30, data) + ber(0x31, []))
        return ber(0x30, ber(6, [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 7, 2]) + ber(0xA0, body))
    }

    @Test func detachedSignatureHoldsNothing() throws {
        let identity = try Identity()
        let message = try Self.make([
            "-sign", "-binary", "-signer", identity.certificate, "-inkey", identity.key, "-outform", "DER",
        ])
        #expect(read(message).items.isEmpty)
        #expect(read(message).problems.isEmpty)
        // Cut by a mailing list: there was nothing in it to lose. Before that is known, it may have held a message.
        #expect(read(Array(message.prefix(message.count / 2))).problems.isEmpty)
        #expect(read(Array(message.prefix(50))).has(.corrupt))
    }

    /// Behind a label of S/MIME stands whatever somebody put there.
    @Test(arguments: ["PKCS7", "CMS", "PKCS #7 SIGNED DATA"]) func labelsHideNothing(_ label: String) {
        func labelled(_ content: [UInt8]) -> String {
            "-----BEGIN \(label)-----\n\(Data(content).base64EncodedString())\n-----END \(label)-----\n"
        }
        func hasBegun(_ content: [UInt8], _ document: [UInt8]) -> Bool {
            read(document).items.contains { $0.content?.starts(with: content) == true }
        }
        let program = TextDocumentTests.program
        #expect(hasBegun(program, Array(labelled(program).utf8)))
        #expect(hasBegun(program, Array("<html><body>\(labelled(program))</body></html>".utf8)))
        #expect(hasBegun(program, [0xFF, 0xFE] + [UInt8](utf16: labelled(program))))
        // In UTF-16 the reader of S/MIME does not see it.
        let message = Self.signed(Self.programMail, pieces: 300)
        #expect(hasBegun(message, [0xFF, 0xFE] + [UInt8](utf16: labelled(message))))
        #expect(read(Array(labelled(message).utf8)).items.map(\.content) == [Self.programMail])
        // What begins as a message, and is damaged or of another type.
        var other = message
        other[14] = 9
        for content in [Array(message.prefix(60)) + program, other] {
            #expect(read(Array(labelled(content).utf8)).items.map(\.content) == [content])
        }
    }

    @Test func encrypted() throws {
        let identity = try Identity()
        for cipher in ["-aes128", "-aes-256-gcm"] {
            let message = try Self.make(["-encrypt", "-binary", cipher, "-outform", "DER", identity.certificate])
            #expect(read(message).has(.encrypted), "\(cipher)")
            #expect(read(message).items.isEmpty, "\(cipher)")
        }
    }

    /// OpenSSL of Debian cannot compress; the structure is short.
    static func compressed(_ content: [UInt8]) -> [UInt8] {
        func der(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
            [tag, 0x82, UInt8(content.count >> 8), UInt8(content.count & 0xFF)] + content
        }
        let octets = der(4, PDFTests.deflated(content))
        let data = der(6, [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 7, 1]) + der(0xA0, octets)
        let algorithm = der(0x30, der(6, [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 9, 16, 3, 8]))
        let body = der(0x30, [2, 1, 0] + algorithm + der(0x30, data))
        let type: [UInt8] = [6, 11, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 9, 16, 1, 9]
        return der(0x30, type + der(0xA0, body))
    }

    @Test func compressed() {
        let found = read(Self.compressed(Self.mail))
        #expect(found.members(with: Self.mail).map(\.flags) == [.mail])
        #expect(found.problems.isEmpty)
    }

    @Test(arguments: [[], ["-stream"]]) func plainData(streaming: [String]) throws {
        let message = try Self.make(["-data_create", "-binary", "-outform", "DER"] + streaming)
        let found = read(message)
        #expect(found.members(with: Self.mail).map(\.flags) == [.mail])
        #expect(found.problems.isEmpty)
        #expect(read(Array(message.prefix(message.count / 2))).has(.corrupt))
    }

    /// The key of the code is for its recipients; the content is for everyone (RFC 5652 section 9).
    @Test func authenticated() {
        func der(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
            [tag, 0x82, UInt8(content.count >> 8), UInt8(content.count & 0xFF)] + content
        }
        let algorithm = der(6, [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 2, 9])
        let data = der(6, [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 7, 1]) + der(0xA0, der(4, Self.mail))
        var body = [2, 1, 0] + der(0x31, []) + der(0x30, algorithm) + der(0xA1, algorithm)
        body += der(0x30, data) + der(4, [UInt8](repeating: 7, count: 32))
        let type: [UInt8] = [6, 11, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 9, 16, 1, 2]
        let found = read(der(0x30, type + der(0xA0, der(0x30, body))))
        #expect(found.members(with: Self.mail).map(\.flags) == [.mail])
        #expect(found.problems.isEmpty)
    }
}
