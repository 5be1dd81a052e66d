import Checks
import Testing

@Suite struct MessageTextTests {
    private static let message = bytes(
        """
        Subject : one
        \ttwo
        Content-Type: multipart/mixed; boundary="x
         y"
        X-Last: z

        preamble
        --x y
        Content-Type: message/rfc822
        Weird: part field

        From: nested
        Content-ID: <a>

        nested body
        --x y
        not a field
        --x y--
        epilogue

        """)

    @Test func tellsTheTables() {
        #expect(
            outline(texts(Self.message)) == [
                "H Subject: one\n\ttwo", "M Content-Type: multipart/mixed; boundary=\"x\n y\"", "H X-Last: z",
                "B ", "B preamble", "B --x y", "M Content-Type: message/rfc822", "M Weird: part field", "B ",
                "N From: nested", "M Content-ID: <a>", "B ", "B nested body", "B --x y", "B not a field", "B --x y--",
                "B epilogue",
            ])
    }

    @Test func rangesCoverTheMessage() {
        let seen = texts(Self.message)
        var position = 0
        for text in seen {
            #expect(text.range.lowerBound == position)
            position = text.range.upperBound
        }
        #expect(position == Self.message.count)
    }

    @Test func portionsDoNotMatter() {
        let whole = texts(Self.message)
        for portion in 1...Self.message.count { #expect(texts(Self.message, portion: portion) == whole) }
        let long = bytes(
            "A: " + String(repeating: "b", count: 5000) + "\n\n" + String(repeating: "c", count: 5000) + "\n")
        let all = texts(long)
        for portion in [1, 2, 3, 7, 2047, 2048, 2049, 4096] { #expect(texts(long, portion: portion) == all) }
        let file = texts(Self.message, .file(readsMIME: true))
        for portion in 1...50 { #expect(texts(Self.message, .file(readsMIME: true), portion: portion) == file) }
    }

    @Test func stopsWhenToldTo() {
        var reader = MessageText()
        var count = 0
        reader.feed(Self.message.span) { _, _ in
            count += 1
            return count < 2
        }
        reader.feed(Self.message.span) { _, _ in
            count += 1
            return true
        }
        reader.finish { _, _ in
            count += 1
            return true
        }
        #expect(count == 2)
    }

    @Test func cutsLinesAtTheLimit() {
        var limits = TextLimits()
        limits.lineLength = 8
        func pieces(_ count: Int) -> [String] {
            let line = String("abcdefghijklmnopqrstuvwxyz".prefix(count))
            return texts(bytes("A: b\n\n\(line)\nnext\n"), limits: limits).dropFirst(2).map {
                String(decoding: $0.text, as: UTF8.self) + ($0.isContinued ? "+" : "")
            }
        }
        #expect(pieces(6) == ["abcdef", "next"])
        // The CR is the eighth octet: the line end is seen all the same.
        #expect(pieces(7) == ["abcdefg", "next"])
        #expect(pieces(15) == ["abcdefgh+", "ijklmno", "next"])
        #expect(pieces(8) == ["abcdefgh+", "", "next"])
        #expect(pieces(9) == ["abcdefgh+", "i", "next"])
        #expect(pieces(17) == ["abcdefgh+", "ijklmnop+", "q", "next"])
    }

    @Test func countsBytesOfAPart() {
        let seen = texts(bytes("A: b\n\none\ntwo\n"))
        let offsets: [Int] = seen.compactMap { if case .body(let offset) = $0.kind { offset } else { nil } }
        #expect(offsets == [0, 1, 5])
    }

    @Test func stopsCollectingAtTheHeaderLimit() {
        func length(_ first: Int, _ lines: Int, each: Int) -> Int {
            var limits = TextLimits()
            limits.headerSize = 100
            let text =
                "A: " + String(repeating: "b", count: first - 3) + "\n"
                + String(repeating: " " + String(repeating: "c", count: each - 1) + "\n", count: lines) + "\n"
            return texts(bytes(text), limits: limits).first?.text.count ?? 0
        }
        // The first line is taken whole; a line is added while the text is shorter than the limit.
        #expect(length(200, 0, each: 10) == 200)
        #expect(length(99, 1, each: 10) == 110)
        #expect(length(99, 2, each: 10) == 110)
        #expect(length(100, 1, each: 10) == 100)
    }

    @Test func limitsBoundariesAndNesting() {
        var limits = TextLimits()
        limits.boundaryLength = 4
        // Compared as far as it was kept.
        let cut = bytes("Content-Type: multipart/mixed; boundary=abcdef\n\n--abcdXX\nA: b\n\n")
        #expect(outline(texts(cut, limits: limits)).contains("M A: b"))
        #expect(!outline(texts(cut)).contains("M A: b"))
        limits = TextLimits()
        limits.nesting = 2
        func depth(_ count: Int) -> Bool {
            var text = ""
            for level in 0..<count {
                text += "Content-Type: multipart/mixed; boundary=b\(level)\n\n--b\(level)\n"
            }
            var reader = MessageText(limits: limits)
            let message = bytes(text + "A: b\n\n")
            reader.feed(message.span) { _, _ in true }
            reader.finish { _, _ in true }
            return reader.isTooDeep
        }
        #expect(!depth(3))
        #expect(depth(4))
    }

    @Test func takesMailboxLinesAndLeadingBlanksAsSMTPServersDo() {
        #expect(
            outline(texts(bytes(">From a b\nFrom c\nA: b\n\nFrom d\n"))) == [
                "H X-Mailbox-Line: >From a b", "H X-Mailbox-Line: From c", "H A: b", "B ", "B From d",
            ])
        #expect(outline(texts(bytes(" folded\nA: b\n"))) == ["B ", "B  folded", "B A: b"])
        #expect(outline(texts([], .smtp)).isEmpty)
    }

    @Test func endsTextsAtANUL() {
        #expect(outline(texts(bytes("A: b\0c\n d\n\nx\0y\n"))) == ["H A: b\n d", "B ", "B x"])
    }
}
