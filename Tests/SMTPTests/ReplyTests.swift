import MailModel
import SMTP
import Testing

@Suite("Replies")
struct ReplyTests {
    private func written(_ reply: Reply) -> String { String(decoding: ReplyWriter.bytes(reply), as: UTF8.self) }

    @Test func writing() {
        #expect(written(Reply(250, EnhancedStatus(2, 0, 0), "Ok")) == "250 2.0.0 Ok\r\n")
        #expect(
            written(Reply(554, EnhancedStatus(5, 7, 0), lines: ["a", "", "c"]))
                == "554-5.7.0 a\r\n554-5.7.0 \r\n554 5.7.0 c\r\n")
        #expect(written(Reply(250, nil, lines: [])) == "250\r\n")
        #expect(written(Reply(42, nil, "x")) == "451 x\r\n")
        #expect(written(Reply(550, nil, "a\r\n250 b\u{E9}\u{7F}")) == "550 a??250 b??\r\n")
    }

    @Test(arguments: [(500, 1), (501, 2), (1000, 2), (1001, 3)])
    func longTextGoesOn(characters: Int, count: Int) {
        let text = written(Reply(250, EnhancedStatus(2, 0, 0), String(repeating: "x", count: characters)))
        let lines = text.split(separator: "\r\n")
        #expect(lines.count == count)
        #expect(lines.allSatisfy { $0.utf8.count + 2 <= ReplyWriter.lineLimit })
        #expect(lines.dropLast().allSatisfy { $0.hasPrefix("250-2.0.0 x") })
        #expect(lines.last?.hasPrefix("250 2.0.0 x") == true)
        #expect(text.count { $0 == "x" } == characters)
    }

    private func read(_ text: [UInt8], pieces: Int) throws -> [Reply] {
        var reader = ReplyReader()
        var replies: [Reply] = []
        for start in stride(from: 0, to: text.count, by: pieces) {
            reader.append(Array(text[start..<min(start + pieces, text.count)]).span)
            while let complete = try reader.next() { replies.append(complete.reply) }
        }
        return replies
    }

    @Test func reading() throws {
        let text = Array("250-2.1.0 a\r\n250-b\r\n250 2.1.0 c\r\n354\r\n550 4.1.1 no\n421 x\u{1B}[2J\u{E9}\r\n".utf8)
        for pieces in 1...text.count {
            #expect(
                try read(text, pieces: pieces) == [
                    Reply(250, EnhancedStatus(2, 1, 0), lines: ["a", "b", "c"]), Reply(354, nil, ""),
                    Reply(550, nil, "4.1.1 no"), Reply(421, nil, "x?[2J??"),
                ])
        }
    }

    @Test(arguments: [
        "hello\r\n", "25\r\n", "250x\r\n", "250-a\r\n251 b\r\n", "199 a\r\n", "600 a\r\n", "\r\n", "2500\r\n",
    ])
    func nonsense(text: String) {
        #expect(throws: ReplyReader.Nonsense.self) { try read(Array(text.utf8), pieces: 100) }
    }

    @Test func limits() throws {
        let line = "250 " + String(repeating: "x", count: ReplyReader.lineLimit - 4)
        #expect(try read(Array((line + "\n").utf8), pieces: 1000).first?.lines.first?.count == ReplyReader.textLimit)
        #expect(throws: ReplyReader.Nonsense.self) { try read(Array((line + "x\n").utf8), pieces: 1000) }
        #expect(throws: ReplyReader.Nonsense.self) { try read(Array((line + "x").utf8), pieces: 1000) }
        let many = String(repeating: "250-\r\n", count: ReplyReader.lineCountLimit - 1)
        #expect(try read(Array((many + "250 x\r\n").utf8), pieces: 7).count == 1)
        #expect(throws: ReplyReader.Nonsense.self) { try read(Array((many + "250-\r\n250 x\r\n").utf8), pieces: 7) }
    }

    @Test func textIsCutOverAllLines() throws {
        let line = String(repeating: "x", count: 300)
        let reply = try read(Array("550-\(line)\r\n550-\(line)\r\n550 \(line)\r\n".utf8), pieces: 9).first
        #expect(reply?.lines.map(\.count) == [300, 150])
    }
}
