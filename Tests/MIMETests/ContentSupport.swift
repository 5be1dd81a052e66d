import Foundation
import MIME

/// Programs and inputs for the tests of content readers.
enum ContentOracle {
    static let python = "/usr/bin/python3"

    static var hasPython: Bool { FileManager.default.isExecutableFile(atPath: python) }

    /// Runs a script and gives the lines it prints. `input` goes to its standard input.
    static func lines(_ script: String, input: [UInt8] = [], arguments: [String] = []) throws -> [[UInt8]] {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let inputFile = folder.appendingPathComponent("in")
        let outputFile = folder.appendingPathComponent("out")
        try Data(input).write(to: inputFile)
        try Data().write(to: outputFile)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: python)
        process.arguments = ["-c", script] + arguments
        process.standardInput = try FileHandle(forReadingFrom: inputFile)
        process.standardOutput = try FileHandle(forWritingTo: outputFile)
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(status: process.terminationStatus) }
        return try Data(contentsOf: outputFile).split(separator: 0x0A).map { Array($0) }
    }

    struct Failure: Error {
        var status: Int32
    }

    static func base64(_ text: some Sequence<UInt8>) -> [UInt8] {
        Array(Data(base64Encoded: String(decoding: Array(text), as: UTF8.self)) ?? Data())
    }

    /// The contents of a file beside the package.
    static func sample(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: Corpora.root.appendingPathComponent(path)))
    }
}

/// Bytes with some of them changed, cut out, doubled or replaced.
func damaged(_ bytes: [UInt8], _ random: inout Random) -> [UInt8] {
    var bytes = bytes
    for _ in 0...random.below(4) where !bytes.isEmpty {
        let place = random.below(bytes.count)
        switch random.below(5) {
        case 0: bytes[place] = UInt8(random.below(256))
        case 1: bytes.remove(at: place)
        case 2: bytes.insert(UInt8(random.below(256)), at: place)
        case 3: bytes.removeSubrange(place..<min(bytes.count, place + 1 + random.below(40)))
        default: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 1 + random.below(40))], at: place)
        }
    }
    return bytes
}
