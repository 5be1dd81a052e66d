import Foundation
import MIME
import Testing

/// The messages of Apache James Mime4j with what its parser makes of them: header fields, structure, raw and decoded bodies,
/// preambles and epilogues. `Oracle/mime4j.tsv` names each message that is read otherwise here, and why.
@Suite struct Mime4jTests {
    private static let folder = Corpora.mime.appendingPathComponent("james-mime4j/core/src/test/resources")

    private static let files = Dictionary(Corpora.files(in: folder).map { ($0.lastPathComponent, $0) }) { $1 }

    @Test(.enabled(if: Corpora.isPresent, "needs the corpora beside the package"))
    func eventStreams() throws {
        let messages = Corpora.files(in: Self.folder).filter { $0.pathExtension == "msg" }
        #expect(messages.count == 80)
        var differences = try Differences("mime4j")
        var nodes = 0
        for file in messages {
            let message = [UInt8](try Data(contentsOf: file))
            let tree = MIMEReader.read(message.span)
            let base = file.deletingPathExtension()
            let name = base.pathComponents.suffix(2).joined(separator: "/")
            let raw = EventStream([UInt8](try Data(contentsOf: base.appendingPathExtension("xml"))))
            let content = EventStream([UInt8](try Data(contentsOf: URL(fileURLWithPath: base.path + "_decoded.xml"))))
            #expect(raw.nodes.count > 0 && content.nodes.map(\.kind) == raw.nodes.map(\.kind), "\(name)")
            for node in content.nodes {
                guard let file = node.file else { continue }
                if try !isSeen(file, tree, message) { differences.add("testmsgs/" + file, "in no reading") }
            }
            guard let pairs = pair(tree, raw.nodes) else {
                differences.add(name, "structure \(Self.shape(tree)) and \(raw.nodes.map { "\($0.depth) \($0.kind)" })")
                continue
            }
            for (part, (node, whole)) in zip(pairs, zip(raw.nodes, content.nodes)) {
                guard let part else { continue }
                nodes += 1
                if let difference = try difference(tree, part, message, node, whole) {
                    differences.add(name, difference)
                }
            }
        }
        differences.report()
        #expect(nodes > 300)
        print("mime4j: \(messages.count) messages, \(nodes) nodes, \(differences.count) messages differ")
    }

    /// An mbox file and its messages, each in a file.
    @Test(.enabled(if: Corpora.isPresent, "needs the corpora beside the package"))
    func mboxFile() throws {
        let box = Corpora.mime.appendingPathComponent("james-mime4j/mbox/src/test/resources/test-1/mbox.rlug")
        let bytes = [UInt8](try Data(contentsOf: box))
        let messages = Mbox.messages(in: bytes.span, separators: .likeTheFirst)
        #expect(messages.count == 5)
        for (number, range) in messages.enumerated() {
            let file = [UInt8](try Data(contentsOf: URL(fileURLWithPath: box.path + "-\(number)")))
            // Their files keep the blank line behind a message.
            #expect(Array(bytes[range]) == file || Array(bytes[range]) + [0x0A] == file, "message \(number)")
        }
    }

    /// For each node the part that stands for it, nil for a preamble or epilogue of blanks, which is none here. Nil when
    /// the structure is another one.
    private func pair(_ tree: PartTree, _ nodes: [EventStream.Node]) -> [Int?]? {
        var parts: [Int?] = []
        var order = documentOrder(tree)[...]
        for node in nodes {
            let isBlank = node.kind.hasSuffix("logue") || node.kind == "preamble"
            if isBlank, node.content?.allSatisfy({ $0 <= 0x20 }) == true {
                parts.append(nil)
                continue
            }
            guard let next = order.popFirst() else { return nil }
            let part = tree.parts[next]
            guard part.kind.rawValue == node.kind, Int(part.depth) == node.depth else { return nil }
            parts.append(next)
        }
        return order.isEmpty ? parts : nil
    }

    private static func shape(_ tree: PartTree) -> [String] {
        documentOrder(tree).map { "\(tree.parts[$0].depth) \(tree.parts[$0].kind)" }
    }

    private func difference(
        _ tree: PartTree, _ index: Int, _ message: [UInt8], _ node: EventStream.Node, _ whole: EventStream.Node
    ) throws -> String? {
        let part = tree.parts[index]
        if node.kind != "preamble", node.kind != "epilogue" {
            let fields = fields(tree, index, message)
            if fields != node.fields.map(withLF) {
                let shown = fields.map { String(decoding: $0, as: UTF8.self) }
                let theirs = node.fields.map { String(decoding: withLF($0), as: UTF8.self) }
                return "fields of \(part.path): \(shown.filter { !theirs.contains($0) })"
                    + " and \(theirs.filter { !shown.contains($0) }), \(shown.count) and \(theirs.count)"
            }
        }
        if let content = node.content {
            let ours = tree.withBody(of: index, in: message.span) { $0.withUnsafeBufferPointer { Array($0) } }
            if withLF(ours) != withLF(content) {
                return "body of \(part.path): \(ours.count) and \(content.count) octets"
            }
        }
        if let file = whole.file {
            let theirs = try Self.content(file)
            let ours = decoded(tree, index, message)
            if withLF(ours) != withLF(theirs) {
                return "content of \(part.path): \(ours.count) and \(theirs.count) octets"
            }
        }
        return nil
    }

    /// However a message is divided: what Mime4j has as the content of a part, some reading has too.
    private func isSeen(_ file: String, _ tree: PartTree, _ message: [UInt8]) throws -> Bool {
        let wanted = Data(withLF(try Self.content(file)))
        if wanted.isEmpty { return true }
        return tree.parts.indices.contains { index in
            tree.parts[index].kind.hasContent
                && Data(withLF(decoded(tree, index, message))).range(of: wanted) != nil
        }
    }

    private static func content(_ file: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: try #require(files[file])))
    }

    /// The fields of a header block with their continuation lines, without the last line end.
    private func fields(_ tree: PartTree, _ index: Int, _ message: [UInt8]) -> [[UInt8]] {
        tree.withHeader(of: index, in: message.span) { header in
            var fields: [[UInt8]] = []
            var scanner = HeaderScanner()
            while let field = scanner.next(in: header) {
                let bytes = header.extracting(field.whole).withUnsafeBufferPointer { Array($0) }
                var text = withLF(bytes)
                if text.last == 0x0A { text.removeLast() }
                fields.append(text)
            }
            return fields
        }
    }
}
