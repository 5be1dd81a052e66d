import Checks
import TestSupport
import Testing

/// `texthash` tables.
@Suite struct KeyTableTests {
    private func pairs(_ text: String) -> [String] {
        KeyTable(text: Array(text.utf8)).entries.map {
            "\($0.line) \(String(decoding: $0.key, as: UTF8.self))=\(String(decoding: $0.value, as: UTF8.self))"
        }
    }

    @Test func linesAreRead() {
        #expect(
            pairs("# c\n\nUser@Example.com  OK\n a b\n# c\n c\nx\ty  \n\"a \\\"b\" z\nlast end")
                == ["3 user@example.com=OK a b c", "7 x=y", "8 \"a \\\"b\"=z", "9 last=end"])
    }

    @Test(arguments: [("key\n", 1), (" key value\n", 1), ("a b\nA c\n", 2), ("\"a b c\n", 1), ("a\"b c\n", 1)])
    func wrongLines(_ text: String, _ line: Int) {
        let table = KeyTable(text: Array(text.utf8))
        #expect(table.problems.map(\.line) == [line])
    }

    /// Keys, values and lines that are not read as postmap(1) has them: quotes, backslashes, white space and letters anywhere.
    @Test(.enabled(if: Postmap.path != nil, "no build/tools/postfix: make test-deps"))
    func linesAsPostmapReadsThem() throws {
        let postmap = try Postmap()
        let scratch = try Scratch(.memory)
        var random = SeededGenerator(seed: 11)
        var text = "\"q u\"@x.example A\na\\ b B\n"
        for number in 0..<400 {
            let line = (0..<Int.random(in: 1...9, using: &random)).map { _ in
                ["\"", "\\", " ", "\t", "a", "B", "Ö"].randomElement(using: &random) ?? ""
            }
            // Each key stands once: what comes of a second one is not the question here.
            text += "k\(number)" + line.joined() + " v\(number)\n"
        }
        let table = KeyTable(text: Array(text.utf8))
        let ours = table.entries.map {
            "\(String(decoding: $0.key, as: UTF8.self))\t\(String(decoding: $0.value, as: UTF8.self))"
        }
        let theirs = try postmap.list("texthash:\(try scratch.write("table", text))")
        #expect(ours.sorted() == theirs.lines.sorted())
        #expect(table.problems.count == theirs.errorText.split(separator: "\n").count)
        #expect(ours.count > 200 && table.problems.count > 50)
    }

    @Test func anyBytes() {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<2000 {
            let alphabet: [UInt8] = [0x20, 0x09, 0x0A, 0x22, 0x5C, 0x23, 0x61, 0x80, 0x00]
            let text = (0..<Int.random(in: 0...40, using: &random)).map { _ in
                alphabet.randomElement(using: &random) ?? 0
            }
            let table = KeyTable(text: text)
            #expect(table.entries.allSatisfy { !$0.value.isEmpty })
        }
    }
}
