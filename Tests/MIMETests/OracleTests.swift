import Foundation
import MIME
import Testing

/// For mail that Python's email package reads without a defect, structure, decoded content and file names are the same;
/// `Oracle/differences.tsv` names each file where they are not, and why.
@Suite struct OracleTests {
    private struct Row: Decodable {
        var file: String
        var parts: [[String?]]
        var defects: [String]
    }

    private static let python = "/usr/bin/python3"
    private static var isPossible: Bool {
        Corpora.isPresent && FileManager.default.isExecutableFile(atPath: python)
    }

    @Test(.enabled(if: OracleTests.isPossible, "needs python3 and the corpora beside the package"))
    func agreesWithPython() throws {
        let rows = try Self.oracle(Self.messages())
        var differences = try Differences("differences")
        var compared = 0
        for row in rows where row.defects.isEmpty {
            compared += 1
            let name = Self.shortName(row.file)
            if let difference = try Self.difference(row) { differences.add(name, difference) }
        }
        differences.report()
        #expect(compared > 800, "most messages are comparable")
        print("oracle: \(rows.count) messages, \(compared) without defects, \(compared - differences.count) agree")
    }

    /// Not those whose lines end with CR alone: for us they are one line, and a gateway never lets them in so.
    private static func messages() -> [URL] {
        let suites = [
            "amavis", "enmime", "james-mime4j", "mikel-mail", "mime-tools", "php-mime-mail-parser", "python-email",
            "sisimai-bounces",
        ]
        return suites.flatMap { Corpora.files(in: Corpora.mime.appendingPathComponent($0)) }.filter { file in
            guard !file.path.contains("/maildir/mac/") else { return false }
            return switch file.pathExtension {
            case "eml", "msg", "raw": true
            case "txt": file.lastPathComponent.hasPrefix("msg_") || file.path.contains("/amavis/")
            case "": file.path.contains("/mails/")
            default: false
            }
        }
    }

    private static func shortName(_ path: String) -> String {
        path.components(separatedBy: "/corpora/mime/").last ?? path
    }

    private static func oracle(_ files: [URL]) throws -> [Row] {
        let scratch = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: scratch) }
        let input = scratch.appendingPathComponent("files")
        let output = scratch.appendingPathComponent("rows")
        try Data(files.map { $0.path + "\n" }.joined().utf8).write(to: input)
        try Data().write(to: output)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: python)
        process.arguments = ["-I", Differences.folder.appendingPathComponent("structure.py").path]
        process.standardInput = try FileHandle(forReadingFrom: input)
        process.standardOutput = try FileHandle(forWritingTo: output)
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return try Data(contentsOf: output).split(separator: 0x0A).map {
            try JSONDecoder().decode(Row.self, from: Data($0))
        }
    }

    /// Nil when both readers agree.
    private static func difference(_ row: Row) throws -> String? {
        let message = [UInt8](try Data(contentsOf: URL(fileURLWithPath: row.file)))
        let tree = MIMEReader.read(message.span)
        let ours = documentOrder(tree).filter { !["preamble", "epilogue"].contains(tree.parts[$0].kind.rawValue) }
        let types = ours.map { tree.parts[$0].mediaType }
        let theirs = row.parts.map { ($0.first ?? nil) ?? "" }
        guard types == theirs else { return "structure: \(types) and \(theirs)" }
        for (index, their) in zip(ours, row.parts) {
            guard their.count == 3, let text = their[1], let name = their[2] else { continue }
            let part = tree.parts[index]
            guard part.kind == .leaf else { return "\(part.path) is a \(part.kind)" }
            let mine = withLF(decoded(tree, index, message))
            let content = withLF([UInt8](Data(base64Encoded: text) ?? Data()))
            if mine != content { return "content of \(part.path): \(mine.count) and \(content.count) octets" }
            if !name.isEmpty, !part.names.contains(name) { return "name of \(part.path): \(part.names) and \(name)" }
            if name.isEmpty, !part.names.isEmpty { return "name of \(part.path): \(part.names) and none" }
        }
        return nil
    }
}
