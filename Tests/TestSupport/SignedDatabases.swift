internal import Foundation

/// A directory of official databases as freshclam leaves it, made of small ones that the makers of ClamAV have signed for their own
/// tests: nobody else can make any.
package enum SignedDatabases {
    private static let source = Programs.package + "/build/tools/signed"

    package static var isThere: Bool { FileManager.default.fileExists(atPath: source + "/test-6.cvd") }

    /// Version and Unix time of `daily.cld`, which are those of the whole set.
    package static let version = 6
    package static let time = 1_624_412_045
    /// A signature of `main.cld` and `daily.cld`, and of `daily.cld` alone.
    package static let common = "Eicar-Test-Signature"
    package static let daily = "Win.Worm.Klez-1"

    /// Writes the files into a directory: `main.cld`, `daily.cld`, `bytecode.cld`, and what else lies around there.
    package static func write(to scratch: Scratch, _ directory: String) throws {
        for (name, origin) in [("main", "test-3.cvd"), ("daily", "test-6.cvd"), ("bytecode", "bytecode.cvd")] {
            let (header, tape) = try unpacked(origin)
            try scratch.write("\(directory)/\(name).cld", header + tape)
        }
        try scratch.write("\(directory)/daily-5.cdiff", try octets("test-5.cdiff"))
        try scratch.write("\(directory)/freshclam.dat", [UInt8](repeating: 7, count: 90))
        _ = try scratch.directory("\(directory)/tmp.0123456789")
        try scratch.write("\(directory)/tmp.0123456789/clamav-0.tmp", try octets("test-2.cvd"))
    }

    /// One of the files as it was signed.
    package static func octets(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: "\(source)/\(name)")))
    }

    /// What `daily` looks for.
    package static func sample() throws -> [UInt8] {
        let lines = String(decoding: try unpacked("test-6.cvd").tape, as: UTF8.self).split(separator: "\n")
        guard let line = lines.first(where: { $0.hasPrefix("\(daily):") }), let hex = line.split(separator: ":").last
        else {
            throw TimedOut("the signature \(daily)")
        }
        let digits = hex.compactMap(\.hexDigitValue)
        return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    /// The header of 512 octets, and the archive behind it.
    private static func unpacked(_ name: String) throws -> (header: [UInt8], tape: [UInt8]) {
        let whole = try octets(name)
        let result = try runTool("gzip", ["-dc"], input: Array(whole.dropFirst(512)))
        guard result.status == 0 else { throw TimedOut("\(name) as a gzip file: \(result)") }
        return (Array(whole.prefix(512)), result.output)
    }
}
