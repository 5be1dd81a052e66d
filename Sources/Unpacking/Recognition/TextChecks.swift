internal import Bytes
internal import Documents
internal import MIME

/// Text forms that only their words tell.
enum TextChecks {
    /// Octets in which fields of mail are looked for: headers that others added may come first.
    private static let mailHeader = 262_144

    /// No control characters but those of text; UTF-16 counts, with its mark or as its characters say.
    static func isText(_ head: Span<UInt8>) -> Bool {
        if head.count >= 2, (head[0] == 0xFF && head[1] == 0xFE) || (head[0] == 0xFE && head[1] == 0xFF) { return true }
        return head.hasOnlyControlsOfText || WideText.unmarked(head) != nil
    }

    /// Text in UTF-16 as ASCII, where it is such; nil for anything else.
    static func narrowed(_ head: Span<UInt8>) -> [UInt8]? {
        guard head.count >= 4 else { return nil }
        let low: Int
        var index = 2
        switch (head[0], head[1]) {
        case (0xFF, 0xFE): low = 0
        case (0xFE, 0xFF): low = 1
        default:
            guard let coding = WideText.unmarked(head) else { return nil }
            (low, index) = (coding == .utf16LE ? 0 : 1, 0)
        }
        var out: [UInt8] = []
        while index + 1 < head.count {
            let (byte, other) = (head[index + low], head[index + 1 - low])
            out.append(other == 0 && byte < 0x80 ? byte : 0x3F)
            index += 2
        }
        return out
    }

    /// Tags with which pages begin.
    private static let tags: [StaticString] = [
        "<!doctype html", "<html", "<head", "<body", "<script", "<iframe", "<svg", "<meta", "<title", "<table", "<hta:",
    ]

    static func isHTML(_ head: Span<UInt8>) -> Bool { TagLetters(head).have(tags, in: head) }

    static func isBinHex(_ head: Span<UInt8>) -> Bool {
        head.firstIndex(of: "(This file must be converted with BinHex") != nil
    }

    static func isYEnc(_ head: Span<UInt8>) -> Bool {
        var from = 0
        while let found = head.firstIndex(of: "=ybegin ", from: from) {
            if found == 0 || head[found - 1] == 0x0A { return true }
            from = found + 1
        }
        return false
    }

    /// Fields that mail has and other texts do not.
    private static let telling: [StaticString] = [
        "received:", "return-path:", "delivered-to:", "message-id:", "mime-version:", "x-mailer:", "dkim-signature:",
        "content-transfer-encoding:", "content-type: multipart/", "reply-to:", "content-disposition:",
    ]
    /// Fields that other texts may have too: two of them are needed.
    private static let usual: [StaticString] = ["from:", "to:", "subject:", "date:", "cc:", "content-type:"]

    /// True when the text begins with a header block of mail: nothing but fields until two telling signs were seen.
    static func beginsWithMailFields(_ content: Span<UInt8>, afterFirstLine: Bool) -> Bool {
        var line = 0
        if afterFirstLine {
            guard let end = content.firstIndex(of: 0x0A) else { return false }
            line = end + 1
        }
        var signs = 0
        while line < min(content.count, mailHeader) {
            let end = content.firstIndex(of: 0x0A, from: line) ?? content.count
            let first = content[line]
            if first != 0x20, first != 0x09 {
                guard isField(content, line..<end) else { return false }
                for word in telling where content.hasPrefix(ignoringCase: word, from: line) { signs += 1 }
                for word in usual where content.hasPrefix(ignoringCase: word, from: line) { signs += 1 }
                if signs >= 2 { return true }
            } else if line == 0 {
                return false
            }
            line = end + 1
        }
        return false
    }

    /// A field name of printable characters and a colon (RFC 5322 section 2.2).
    private static func isField(_ content: Span<UInt8>, _ line: Range<Int>) -> Bool {
        var index = line.lowerBound
        while index < line.upperBound, content[index] > 0x20, content[index] < 0x7F, content[index] != 0x3A {
            index += 1
        }
        return index > line.lowerBound && index < line.upperBound && content[index] == 0x3A
    }
}
