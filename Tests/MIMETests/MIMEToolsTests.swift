import Foundation
import MIME
import Testing

/// The messages of Perl's MIME-tools with the dumps of its parser: types, encodings, boundaries, charsets, decoded sizes, file
/// names. `Oracle/mime-tools.tsv` names what is read otherwise here, and why.
@Suite struct MIMEToolsTests {
    private static let folder = Corpora.mime.appendingPathComponent("mime-tools/testmsgs")

    @Test(.enabled(if: Corpora.isPresent, "needs the corpora beside the package"))
    func referenceDumps() throws {
        let files = Corpora.files(in: Self.folder).filter { $0.lastPathComponent.hasSuffix("ref") }
        #expect(files.count == 26)
        var differences = try Differences("mime-tools")
        var values = 0
        for file in files {
            let dump = ReferenceDump(try String(contentsOf: file, encoding: .isoLatin1))
            let name = file.lastPathComponent
            let path = try #require(dump.entries["Parser"]?["Message"], "\(name)")
            let source = Self.folder.deletingLastPathComponent().appendingPathComponent(path)
            let message = [UInt8](try Data(contentsOf: source))
            let tree = MIMEReader.read(message.span)
            if dump.entries["Parser"]?["ExtractUuencode"] == "1" {
                // With this option uuencoded files become parts; here they are blocks of the text.
                let wanted = dump.entries.values.compactMap { facts in
                    facts["Filename"].map { "\($0) \(facts["Size"] ?? "")" }
                }
                let ours = encodedFiles(tree, message)
                values += ours.count
                if ours != wanted.sorted() { differences.add(name, "\(ours) and \(wanted)") }
                continue
            }
            for (entry, facts) in dump.entries.sorted(by: { $0.key < $1.key }) where entry != "Parser" {
                guard let index = find(entry, tree) else {
                    differences.add(name, "no \(entry)")
                    continue
                }
                for (key, value) in facts.sorted(by: { $0.key < $1.key }) {
                    guard let own = own(key, tree, index, message) else { continue }
                    values += 1
                    if !own.contains(value) { differences.add(name, "\(entry) \(key): \(own) and \(value)") }
                }
            }
            if dump.entries["Part_1"] != nil {
                let count = dump.entries.count { $0.key.hasPrefix("Part_") }
                let ours = documentOrder(tree).dropFirst().filter { !isAround(tree.parts[$0]) }.count
                if ours != count { differences.add(name, "\(ours) and \(count) parts") }
            }
        }
        differences.report()
        #expect(values > 250)
        print("mime-tools: \(files.count) dumps, \(values) values, \(differences.count) dumps differ")
    }

    /// Name and size of each file in the text of the parts.
    private func encodedFiles(_ tree: PartTree, _ message: [UInt8]) -> [String] {
        var files: [String] = []
        for index in documentOrder(tree) where tree.parts[index].kind == .leaf {
            let content = decoded(tree, index, message)
            for block in EncodedBlocks.find(in: content.span).blocks {
                var out: [UInt8] = []
                _ = block.decode(content.span, into: &out, limit: 1 << 20)
                files += block.names.map { "\(String(decoding: $0, as: UTF8.self)) \(out.count)" }
            }
        }
        return files.sorted()
    }

    private func isAround(_ part: Part) -> Bool { part.kind == .preamble || part.kind == .epilogue }

    /// `Part_2_1` is the first child of the second child.
    private func find(_ entry: String, _ tree: PartTree) -> Int? {
        let steps = entry.split(separator: "_").dropFirst().map(String.init)
        return part(tree, (["1"] + steps).joined(separator: "."))
    }

    /// Candidates for a value; nil for what is not the reader's.
    private func own(_ key: String, _ tree: PartTree, _ index: Int, _ message: [UInt8]) -> [String]? {
        let part = tree.parts[index]
        switch key {
        case "Type": return [part.mediaType]
        case "Charset": return [part.charset, part.charset.uppercased()]
        case "Encoding": return [part.transferEncoding.rawValue]
        case "Filename": return part.names
        case "Size": return ["\(decoded(tree, index, message).count)"]
        case "Fail": return []
        default: return nil
        }
    }
}
