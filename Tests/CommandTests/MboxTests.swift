import MIME
import Testing

/// Cutting files into messages.
@Suite struct MboxTests {
    private func messages(_ text: String) -> [String] {
        let bytes = Array(text.utf8)
        return Mbox.messages(in: bytes.span).map { String(decoding: bytes[$0], as: UTF8.self) }
    }

    @Test func aMessageIsNoMbox() {
        #expect(messages("From: a@b\n\nbody\n\nFrom x y\n").isEmpty)
        #expect(messages("").isEmpty)
        #expect(messages("From").isEmpty)
        #expect(messages("From ").isEmpty)
        #expect(messages("From \n\nbody\n").isEmpty)
    }

    @Test func separatorsStandBehindBlankLines() {
        #expect(
            messages("From a Sat\nS: 1\n\none\n\nFrom b Sun\nS: 2\n\ntwo\n\n") == ["S: 1\n\none\n", "S: 2\n\ntwo\n"])
    }

    @Test func textThatBeginsWithFromInsideAParagraphIsText() {
        #expect(messages("From a\nS: 1\n\none\nFrom b\n\n") == ["S: 1\n\none\nFrom b\n"])
    }

    @Test(arguments: ["From\n", "From \n", "From: x\n", "from b\n", ">From b\n", "Fromb\n", " From b\n"])
    func otherLinesBehindBlankLinesAreText(_ line: String) {
        #expect(messages("From a\nS: 1\n\none\n\n" + line) == ["S: 1\n\none\n\n" + line])
    }

    @Test func lineEndsMayBeCRLF() {
        #expect(
            messages("From a\r\nS: 1\r\n\r\none\r\n\r\nFrom b\r\nS: 2\r\n\r\ntwo\r\n\r\n")
                == ["S: 1\r\n\r\none\r\n", "S: 2\r\n\r\ntwo\r\n"])
    }

    @Test func onlyOneBlankLineBelongsToTheForm() {
        #expect(messages("From a\nS: 1\n\none\n\n\nFrom b\nS: 2\n\n\n") == ["S: 1\n\none\n\n", "S: 2\n\n"])
    }

    @Test func theEndMayComeAnywhere() {
        #expect(messages("From a") == [""])
        #expect(messages("From a\n") == [""])
        #expect(messages("From a\nS: 1") == ["S: 1"])
        #expect(messages("From a\nS: 1\n\none") == ["S: 1\n\none"])
        #expect(messages("From a\nS: 1\n\none\n\nFrom b") == ["S: 1\n\none\n", ""])
        #expect(messages("From a\nS: 1\n\none\r") == ["S: 1\n\none\r"])
    }

    @Test func messagesMayBeEmpty() {
        #expect(messages("From a\n\nFrom b\n\n") == ["", ""])
        #expect(messages("From a\nFrom b\n\n") == ["From b\n"])
    }

    @Test func contentLengthHidesNothing() {
        #expect(messages("From a\nContent-Length: 999\n\none\n\nFrom b\nS: 2\n\n").count == 2)
    }

    @Test func oneQuoteIsTakenOff() {
        func unquoted(_ text: String) -> String {
            String(decoding: Mbox.unquoted(Array(text.utf8).span), as: UTF8.self)
        }
        #expect(
            unquoted(">From a\n>>From b\n> From c\n>Fromd\nx >From e\n>From")
                == "From a\n>From b\n> From c\n>Fromd\nx >From e\n>From")
        #expect(unquoted("") == "")
        #expect(unquoted(">>>") == ">>>")
        #expect(unquoted("x\r\n>From a") == "x\r\nFrom a")
    }

    @Test func theLeadingLineIsFound() {
        #expect(Mbox.leadingLine(Array("From a b\nS: 1\n".utf8).span) == 9)
        #expect(Mbox.leadingLine(Array(">From a\r\nS: 1\r\n".utf8).span) == 9)
        #expect(Mbox.leadingLine(Array("From a".utf8).span) == 6)
        #expect(Mbox.leadingLine(Array("From: a\n".utf8).span) == 0)
        #expect(Mbox.leadingLine(Array(">>From a\n".utf8).span) == 0)
        #expect(Mbox.leadingLine([UInt8]().span) == 0)
    }

    @Test(
        arguments: [
            ("a\nb\n", "a\r\nb\r\n"), ("a\n\n", "a\r\n\r\n"), ("a\nb", "a\r\nb"), ("a", "a"), ("", ""), ("\n", "\r\n"),
            ("a\rb\n", "a\rb\r\n"), ("a\r\nb\n", "a\r\nb\n"), ("a\nb\r\n", "a\nb\r\n"), ("a\r", "a\r"),
        ])
    func lineFeedsAloneBecomeCRLF(_ pair: (String, String)) {
        #expect(String(decoding: Mbox.canonical(Array(pair.0.utf8)), as: UTF8.self).utf8.elementsEqual(pair.1.utf8))
    }
}
