/// A message put, byte for byte but for what is stripped, into another one with a warning in front: what it holds is one step further from
/// who opens it.
package enum Defanging {
    /// Fields of the original that the outer message has too.
    package static let copied: [StaticString] = [
        "From", "Sender", "Reply-To", "To", "Cc", "Date", "Subject", "Message-ID", "In-Reply-To", "References",
    ]

    /// What stands before the original: the rest of the outer header, the warning, the header of the part.
    /// - Parameters:
    ///   - fields: copied fields with their line ends.
    ///   - boundary: octets that do not occur in the original.
    ///   - unsanitized: why its HTML could not be made harmless; nil where the verdict is the reason.
    ///   - isStripped: banned files are taken out of it.
    ///   - hasEightBit: the original holds octets above 7F.
    package static func head(
        fields: [UInt8], verdict: Verdict, unsanitized: String? = nil, id: String, boundary: String,
        isStripped: Bool = false,
        hasEightBit: Bool, needsUTF8: Bool
    ) -> [UInt8] {
        let encoding = hasEightBit ? "8bit" : "7bit"
        let words =
            unsanitized.map { "id=\(id) - HTML that could not be made harmless: \($0)" }
            ?? ReplyTexts.reason(verdict, id: id)
        let reason = String(
            String.UnicodeScalarView(words.unicodeScalars.map { $0.isASCII ? $0 : "?" }))
        let text = """
            MIME-Version: 1.0
            Content-Type: multipart/mixed; boundary="\(boundary)"
            Content-Transfer-Encoding: \(encoding)

            --\(boundary)
            Content-Type: text/plain; charset=us-ascii
            Content-Transfer-Encoding: 7bit

            WARNING: the mail gateway found something in this message that may do harm:

              \(reason)

            The message is attached \(isStripped ? "without its banned files" : "as it came"). Do not open it unless you are certain
            that you know the sender and what the message holds.

            --\(boundary)
            Content-Type: message/\(needsUTF8 ? "global" : "rfc822")
            Content-Disposition: attachment
            Content-Transfer-Encoding: \(encoding)


            """
        return fields + crlf(text)
    }

    /// What stands behind the original.
    package static func tail(boundary: String) -> [UInt8] {
        Array("\r\n--\(boundary)--\r\n".utf8)
    }
}
