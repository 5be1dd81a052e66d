package import MailModel

/// A notice as a message, for recipients and administrators.
package enum NoticeMessage {
    /// The message, CRLF.
    package static func message(
        _ notice: NoticeTemplates.Notice, from hostname: String, to path: MailPath, id: String, time: Int
    ) -> [UInt8] {
        let text = """
            From: MAILER-DAEMON@\(hostname)
            To: \(String(decoding: path.bytes, as: UTF8.self))
            Subject: \(HeaderText.encoded(notice.subject))
            Date: \(DateText.rfc5322(time))
            Message-ID: <notice-\(id)@\(hostname)>
            Auto-Submitted: auto-generated
            Precedence: bulk
            MIME-Version: 1.0
            \(TextPart.whole(notice.text))
            """
        var out = crlf(text)
        if out.suffix(2) != [0x0D, 0x0A] { out += [0x0D, 0x0A] }
        return out
    }
}

/// Text of ours in header fields.
enum HeaderText {
    /// Octets of a subject that are kept.
    private static let limit = 300

    /// A text as a field has it: in encoded words, folded, when it is not ASCII (RFC 2047).
    static func encoded(_ text: String) -> String {
        var kept = String.UnicodeScalarView()
        var count = 0
        for scalar in text.unicodeScalars where scalar.value >= 0x20 && scalar.value != 0x7F {
            count += String(scalar).utf8.count
            if count > limit { break }
            kept.append(scalar)
        }
        let short = String(kept)
        let isPlain = short.utf8.allSatisfy { $0 < 0x80 } && !short.contains("=?")
        return isPlain ? short : EncodedWord.words(short).joined(separator: "\n ")
    }
}
