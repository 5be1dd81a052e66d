import MIME
import Testing

/// Cutting files into messages.
@Suite struct MboxTests {
    private func messages(_ text: String, _ separators: Mbox.Separators = .likeTheFirst) -> [String] {
        let bytes = Array(text.utf8)
        return Mbox.messages(in: bytes.span, separators: separators).map { String(decoding: bytes[$0], as: UTF8.self) }
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

    /// As sa-learn(1) cuts: put together with cat(1) there are no blank lines between messages.
    @Test func separatorsWithDatesNeedNoBlankLine() {
        let date = "Thu Aug 22 12:36:23 2002"
        #expect(
            messages("From a \(date)\nS: 1\n\none\nFrom b \(date)\nS: 2\n\ntwo\nFrom c and on\n")
                == ["S: 1\n\none\n", "S: 2\n\ntwo\nFrom c and on\n"])
        #expect(messages("From a \(date)\nS: 1\n\none\nFrom b \(date)\n", .all).count == 1)
    }

    @Test func aByteOrderMarkIsNoText() {
        #expect(messages("\u{FEFF}From a\nS: 1\n\none\n\nFrom b\nS: 2\n") == ["S: 1\n\none\n", "S: 2\n"])
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

    /// What sa-learn(1) cuts by, as `mbox_format_from_regex` of Mail::SpamAssassin::Conf says, and other writers' forms.
    @Test(
        arguments: [
            "From a@b Thu Aug 22 12:36:23 2002", "From a  Thu Aug  2 12:36:23 2002", "From - Thu Aug 22 12:36:23 2002",
            "From a Thu Aug 22 12:36:23 EDT 2002", "From a Thu Aug 22 12:36:23 2002 -0400",
            "From a Thu Aug 22 12:36 2002",
            "From \"a b c\"@d Thu Aug 22 12:36:23 2002", "From a Thu, 22 Aug 2002 12:36:23 +0200",
            "From a 22 Aug 2002 2:36:23 +0200", "From a 22-08-2002_12:36:23_x", "From a Thu Aug 22 12:36:23 2002\r",
            "From a Thu Aug 22 12:36:23 2002 remote from b",
        ])
    func separatorsWithADate(_ line: String) {
        let dated = "From x Sat Aug 24 01:02:03 2002\nS: 1\n\none\n\n"
        #expect(messages(dated + line + "\nS: 2\n") == ["S: 1\n\none\n", "S: 2\n"])
        // And none has to be like one without.
        #expect(messages("From x\nS: 1\n\none\n\n" + line + "\nS: 2\n") == ["S: 1\n\none\n", "S: 2\n"])
        #expect(messages(line + "\nS: 1\n\none\n\nFrom Monday on\n") == ["S: 1\n\none\n\nFrom Monday on\n"])
    }

    @Test(
        arguments: [
            "From Monday on the office is closed", "From a", "From 10:30 on 22 Aug 2002", "From a Thu Aug 22 2002",
            "From a Thu Aug 22 12:36:23", "From a Thu Aus 22 12:36:23 2002", "From a Thu Aug 222 12:36:23 2002",
            "From a Thu Aug 22 12:3:23 2002", "From a Thu Aug 22 12:36:2 2002", "From a Thu Aug 22 :36:23 2002",
            "From a 2-08-2002_12:36:23_", "From a 22-08-2002_12:36:23", "From Aug 22 12:36:23 02",
            "From " + String(repeating: "a ", count: 40) + "Thu Aug 22 12:36:23 2002",
            "From " + String(repeating: "a", count: 490) + " Thu Aug 22 12:36:23 2002",
        ])
    func textThatBeginsWithFromIsText(_ line: String) {
        let text = "From x Sat Aug 24 01:02:03 2002\nS: 1\n\none\n\n" + line + "\ntwo\n"
        #expect(messages(text) == ["S: 1\n\none\n\n" + line + "\ntwo\n"])
        // Of a stranger's mailbox, and where the first has no date, it is a separator.
        #expect(messages(text, .all) == ["S: 1\n\none\n", "two\n"])
        #expect(messages("From x\nS: 1\n\none\n\n" + line + "\ntwo\n") == ["S: 1\n\none\n", "two\n"])
    }

    @Test func blankLinesMayStandBeforeTheFirst() {
        #expect(messages("\n\r\n\nFrom a\nS: 1\n\nFrom b\nS: 2\n") == ["S: 1\n", "S: 2\n"])
        #expect(messages("\n \nFrom a\nS: 1\n").isEmpty && messages("\n\n").isEmpty && messages("\nx\n").isEmpty)
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
        #expect(Mbox.leadingLine(Array("xFrom a\nS: 1\n".utf8).span, from: 1) == 8)
        #expect(Mbox.leadingLine(Array("xS: 1\n".utf8).span, from: 1) == 1)
    }

    @Test(
        arguments: [
            ("a\nb\n", "a\r\nb\r\n"), ("a\n\n", "a\r\n\r\n"), ("a\nb", "a\r\nb"), ("a", "a"), ("", ""), ("\n", "\r\n"),
            ("a\rb\n", "a\rb\r\n"), ("a\r\nb\n", "a\r\nb\n"), ("a\nb\r\n", "a\nb\r\n"), ("a\r", "a\r"),
        ])
    func lineFeedsAloneBecomeCRLF(_ pair: (String, String)) {
        #expect(String(decoding: Mbox.canonical(Array(pair.0.utf8)), as: UTF8.self).utf8.elementsEqual(pair.1.utf8))
    }

    @Test(
        arguments: [
            ("", ""), ("a", "a"), ("\n", "\r\n"), ("\n\n", "\r\n\r\n"), ("\r\n", "\r\n"), ("a\r\nb\n", "a\r\nb\r\n"),
            ("a\nb\r\n", "a\r\nb\r\n"), ("a\nb\r\nc\n\nd", "a\r\nb\r\nc\r\n\r\nd"), ("a\r\nb\r\n", "a\r\nb\r\n"),
            ("a\rb\n\r", "a\rb\r\n\r"), ("a\r\r\nb\n", "a\r\r\nb\r\n"),
        ])
    func everyLineFeedBecomesCRLF(_ pair: (String, String)) {
        #expect(String(decoding: Mbox.withCRLF(Array(pair.0.utf8)), as: UTF8.self).utf8.elementsEqual(pair.1.utf8))
    }
}
