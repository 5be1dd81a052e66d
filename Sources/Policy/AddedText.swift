package import MailModel

/// A text in the form in which it is put into the encoded body of a part. It brings its own lines: what stands in front of and
/// behind it stays as it is.
package enum AddedText {
    /// Characters of an encoded line (RFC 2045 sections 6.7 and 6.8).
    private static let lineLimit = 76

    /// - Parameters:
    ///   - text: octets in the charset of the part, lines ended by CRLF.
    ///   - coding: not base64.
    package static func encoded(_ text: [UInt8], _ coding: TextEnd.Coding) -> [UInt8] {
        switch coding {
        case .quotedPrintable: quotedPrintable(text)
        case .sevenBit, .eightBit, .base64: plain(text)
        }
    }

    /// A line that begins with two hyphens might be taken for a delimiter: it gets a blank in front.
    private static func plain(_ text: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        for (index, byte) in text.enumerated() {
            let isLineStart = index == 0 || text[index - 1] == 0x0A
            if isLineStart, byte == 0x2D, index + 1 < text.count, text[index + 1] == 0x2D { out.append(0x20) }
            out.append(byte)
        }
        return out
    }

    private static func quotedPrintable(_ text: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        var column = 0
        for (index, byte) in text.enumerated() {
            let next = index + 1 < text.count ? text[index + 1] : 0x0D
            if byte == 0x0D && next == 0x0A || byte == 0x0A && index > 0 && text[index - 1] == 0x0D {
                out.append(byte)
                column = 0
                continue
            }
            var piece = [byte]
            // A soft break may have put it at the beginning of a line.
            if column > lineLimit - 4 {
                out += [0x3D, 0x0D, 0x0A]
                column = 0
            }
            let isBlank = byte == 0x20 || byte == 0x09
            if byte == 0x3D || byte > 0x7E || byte < 0x20 && !isBlank || isBlank && next == 0x0D
                || column == 0 && byte == 0x2D
            {
                piece = [0x3D, hexadecimal(byte >> 4), hexadecimal(byte & 15)]
            }
            out += piece
            column += piece.count
        }
        return out
    }

    private static func hexadecimal(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x37 + value }

    /// Whole groups of base64: blanks behind the text fill the last one up, so that more can follow.
    /// - Parameters:
    ///   - head: octets of the group that the text goes into, in front of it.
    ///   - tail: those behind it.
    package static func base64(_ text: [UInt8], head: [UInt8], tail: [UInt8]) -> [UInt8] {
        let missing = (3 - (head.count + text.count + tail.count) % 3) % 3
        let encoded = EncodedWord.base64(head + text + [UInt8](repeating: 0x20, count: missing) + tail)
        var out: [UInt8] = []
        var column = 0
        for byte in encoded.utf8 {
            if column == lineLimit {
                out += [0x0D, 0x0A]
                column = 0
            }
            out.append(byte)
            column += 1
        }
        return out
    }

    /// A part of its own around another part: what stands in front of the part and behind it.
    /// - Parameters:
    ///   - text: UTF-8, lines ended by CRLF.
    ///   - boundary: octets that do not occur in the message.
    /// - Returns: the field for the header in which both stand, what precedes the header of the inner part, and what follows its body.
    package static func partBeside(
        _ text: [UInt8], _ form: TextEnd.Form, boundary: String
    ) -> (field: [UInt8], head: [UInt8], tail: [UInt8]) {
        let subtype = form == .html ? "html" : "plain"
        let header =
            "Content-Type: text/\(subtype); charset=utf-8\r\nContent-Disposition: inline\r\n"
            + "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
        return (
            Array("Content-Type: multipart/mixed; boundary=\"\(boundary)\"\r\n".utf8),
            Array("--\(boundary)\r\n".utf8),
            Array("\r\n--\(boundary)\r\n\(header)".utf8) + quotedPrintable(text)
                + Array("\r\n--\(boundary)--\r\n".utf8)
        )
    }
}
