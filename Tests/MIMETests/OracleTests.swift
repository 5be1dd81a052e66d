import Foundation
import MIME
import Testing

/// For mail that Python's email package reads without a defect, structure, decoded content and file names are the same;
/// `Oracle/differences.tsv` names each file where they are not, and why; `Oracle/defects.tsv` does for mail in which Python
/// met a defect.
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

    /// Messages of each suite: a wrong choice of files would leave some out.
    private static let counts = [
        "amavis": 10, "enmime": 92, "james-mime4j": 89, "mikel-mail": 104, "mime-tools": 71, "php-mime-mail-parser": 46,
        "python-email": 47, "sisimai-bounces": 756,
    ]

    @Test(.enabled(if: OracleTests.isPossible, "needs python3 and the corpora beside the package"))
    func agreesWithPython() throws {
        let rows = try Self.oracle(Self.messages())
        var differences = try Differences("differences")
        // Where Python met a defect it repairs in its own way: what differs is a matter of choice, and listed for itself.
        var repaired = try Differences("defects")
        var compared = 0
        for row in rows {
            #expect(!row.defects.contains { $0.hasSuffix("Error") }, "\(row.file): \(row.defects)")
            let difference = try Self.difference(row)
            if row.defects.isEmpty {
                compared += 1
                if let difference { differences.add(Self.shortName(row.file), difference) }
            } else if let difference {
                repaired.add(Self.shortName(row.file), difference)
            }
        }
        differences.report()
        repaired.report()
        #expect(rows.count == Self.counts.values.reduce(0, +))
        let agree = rows.count - differences.count - repaired.count
        print("oracle: \(rows.count) messages, \(compared) without defects, \(agree) agree")
    }

    /// Not those whose lines end with CR alone: for us they are one line, and a gateway never lets them in so.
    private static func messages() -> [URL] {
        counts.keys.sorted().flatMap { Corpora.files(in: Corpora.mime.appendingPathComponent($0)) }.filter { file in
            guard !file.path.contains("/maildir/mac/") else { return false }
            return switch file.pathExtension {
            case "eml", "msg", "raw", "hdr": true
            case "txt":
                file.lastPathComponent.hasPrefix("msg_") || file.path.contains("/amavis/")
                    || file.lastPathComponent == "andreas-1296.txt"
            case "": file.path.contains("/mails/")
            default: file.pathExtension.hasPrefix("rlug-")
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

    private static let lineEndDefects: Set<String> = [
        "CloseBoundaryNotFoundDefect", "NoBoundaryInMultipartDefect", "StartBoundaryNotFoundDefect",
    ]

    private static func withoutLineEnd(_ bytes: [UInt8]) -> [UInt8] {
        Array(bytes[..<((bytes.lastIndex { $0 != 0x0A } ?? -1) + 1)])
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
            var mine = withLF(decoded(tree, index, message))
            var content = withLF([UInt8](Data(base64Encoded: text) ?? Data()))
            if row.defects.contains("StartBoundaryNotFoundDefect"), part.kind == .multipart {
                // Python has the body of such a multipart as its content, we have it as a preamble.
                mine = withLF(tree.withBody(of: index, in: message.span) { $0.withUnsafeBufferPointer { Array($0) } })
            } else if part.kind != .leaf {
                return "\(part.path) is a \(part.kind)"
            }
            // In these Python takes the last line end for a part of the content or of a delimiter that is not there.
            if !lineEndDefects.isDisjoint(with: row.defects) {
                mine = withoutLineEnd(mine)
                content = withoutLineEnd(content)
            }
            if mine != content { return "content of \(part.path): \(mine.count) and \(content.count) octets" }
            if !name.isEmpty, !part.names.contains(name) { return "name of \(part.path): \(part.names) and \(name)" }
            if name.isEmpty, !part.names.isEmpty { return "name of \(part.path): \(part.names) and none" }
        }
        return nil
    }
}
