/// The end of a text that people see when they open a message: where more can be put. Facts about places only; the text itself
/// is the gateway's.
package struct TextEnd: Hashable, Sendable {
    /// What the text is; raw values are those of the report.
    package enum Form: String, Hashable, Sendable, CaseIterable {
        case plain
        case html
    }

    /// How the part is encoded (RFC 2045 section 6).
    package enum Coding: String, Hashable, Sendable, CaseIterable {
        case sevenBit = "7bit"
        /// 8bit and binary.
        case eightBit = "8bit"
        case quotedPrintable = "quoted-printable"
        case base64
    }

    /// What the octets of the decoded text are.
    package enum Letters: String, Hashable, Sendable, CaseIterable {
        /// ASCII alone, whatever the charset.
        case ascii
        case utf8 = "utf-8"
        /// Those of the charset, in which ASCII stands for itself.
        case octets
        /// ASCII cannot simply be put behind them (UTF-16, ISO-2022-JP and so on).
        case foreign
    }

    /// Index of the part.
    package var part: Int
    package var form: Form
    package var coding: Coding
    package var letters: Letters
    /// `charset` parameter in lower case, escaped; empty when absent.
    package var charset: String
    /// `format=flowed` (RFC 3676 section 4).
    package var isFlowed = false
    /// Octets of the raw message that the text goes to: empty, or in base64 the group that it goes into the middle of or behind.
    /// Nil where nothing can be put into the part safely.
    package var place: Range<Int>?
    /// Octets of that group that stand in front of the text: 0 to 3.
    package var skip = 0
    /// What stands in front ends with a line end, or nothing does.
    package var endsLine = true
    /// Numbers of the texts that were asked for and stand already in the part, or in another text of its form, in
    /// ascending order.
    package var known: [Int] = []

    package init(part: Int, form: Form, coding: Coding, letters: Letters, charset: String) {
        self.part = part
        self.form = form
        self.coding = coding
        self.letters = letters
        self.charset = charset
    }

    /// Texts that one message can be asked for.
    package static let textLimit = 16
    /// Octets of such a text, letters and digits alone.
    package static let lettersLimit = 512
}

/// Why no text may be put into a message; raw values are those of reports, logs and `explain`.
package enum TextObstacle: String, Hashable, Sendable, CaseIterable {
    /// multipart/signed, S/MIME or OpenPGP: a signature would break.
    case signed
    /// multipart/encrypted, S/MIME or OpenPGP.
    case encrypted
    /// multipart/report: a notification, which programs read.
    case report
    /// message/partial: a piece of a message.
    case partial
    /// text/calendar: an invitation or the answer to one.
    case calendar
    /// Mail readers may take its structure apart in other ways.
    case ambiguous
    /// Nothing in it is plain text or HTML that is shown.
    case noText = "no-text"
}
