internal import MailModel

/// A text of ours as a part of a message. Octets beyond ASCII are encoded: a next hop without 8BITMIME need not take them as
/// they are (RFC 6152 section 3).
enum TextPart {
    /// Octets of a line without its end (RFC 5321 section 4.5.3.1.6).
    private static let longest = 998

    /// Header and body, lines end in LF.
    static func whole(_ text: String, type: String = "text/plain; charset=utf-8") -> String {
        let isPlain =
            text.utf8.allSatisfy { $0 < 0x80 }
            && text.utf8.split(separator: 0x0A).allSatisfy { $0.count <= longest }
        return """
            Content-Type: \(type)
            Content-Transfer-Encoding: \(isPlain ? "7bit" : "quoted-printable")

            \(isPlain ? text : encoded(text))
            """
    }

    private static func encoded(_ text: String) -> String {
        String(decoding: AddedText.encoded(crlf(text), .quotedPrintable).filter { $0 != 0x0D }, as: UTF8.self)
    }
}
