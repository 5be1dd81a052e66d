internal import Bytes
internal import MailModel

/// Decodes encoded words (RFC 2047) wherever they stand, also inside quoted strings, where they are not allowed but used.
package enum EncodedWords {
    private struct Word {
        var charset: [UInt8]
        var octets: [UInt8]
        var end: Int
    }

    /// True when the value may hold an encoded word.
    package static func areIn(_ value: [UInt8]) -> Bool {
        var index = 0
        while index + 1 < value.count {
            if value[index] == 0x3D, value[index + 1] == 0x3F { return true }
            index += 1
        }
        return false
    }

    /// The value with its words decoded. Octets of neighbouring words with the same charset are joined before they are
    /// turned into text: many writers split characters. Linear: each byte is looked at a fixed number of times.
    package static func decoded(_ value: [UInt8]) -> String {
        var out = ""
        var plain: [UInt8] = []
        var pending: Word?
        // Blanks after a word: dropped when another word follows (RFC 2047 section 6.2).
        var blanks: [UInt8] = []
        var index = 0

        func flush() {
            guard let word = pending else { return }
            out += HeaderText.text(word.octets, charset: word.charset)
            plain += blanks
            blanks = []
            pending = nil
        }

        while index < value.count {
            if value[index] == 0x3D, let word = word(in: value, at: index) {
                blanks = []
                if pending?.charset == word.charset {
                    pending?.octets += word.octets
                } else {
                    flush()
                    out += HeaderText.text(plain)
                    plain = []
                    pending = word
                }
                index = word.end
                continue
            }
            if pending != nil, FieldBody.isBlank(value[index]) {
                blanks.append(value[index])
            } else {
                flush()
                plain.append(value[index])
            }
            index += 1
        }
        flush()
        return out + HeaderText.text(plain)
    }

    /// The same in UTF-8, with octets that are no text as `\xNN`: for tables and tokens.
    package static func spelled(_ value: [UInt8]) -> [UInt8] { Array(RawOctets.spelled(decoded(value)).utf8) }

    /// The word `=?charset?B|Q?text?=` at `start`; nil when there is none. The text ends at the next `?`.
    private static func word(in value: [UInt8], at start: Int) -> Word? {
        guard start + 1 < value.count, value[start + 1] == 0x3F else { return nil }
        let charsetStart = start + 2
        guard let charsetEnd = value[charsetStart...].firstIndex(of: 0x3F), charsetEnd > charsetStart,
            charsetEnd + 2 < value.count, value[charsetEnd + 2] == 0x3F
        else { return nil }
        let textStart = charsetEnd + 3
        guard let textEnd = value[textStart...].firstIndex(of: 0x3F), textEnd + 1 < value.count,
            value[textEnd + 1] == 0x3D
        else { return nil }
        var label = value[charsetStart..<charsetEnd].map(FieldBody.lower)
        // RFC 2231 section 5: a language may follow.
        if let star = label.firstIndex(of: 0x2A) { label.removeSubrange(star...) }
        let text = Array(value[textStart..<textEnd])
        switch value[charsetEnd + 1] {
        case 0x42, 0x62:
            var octets: [UInt8] = []
            _ = TransferDecoder.decode(text.span, encoding: .base64, into: &octets, limit: text.count)
            return Word(charset: label, octets: octets, end: textEnd + 2)
        case 0x51, 0x71:
            return Word(charset: label, octets: quoted(text), end: textEnd + 2)
        default:
            return nil
        }
    }

    /// The `Q` encoding (RFC 2047 section 4.2).
    private static func quoted(_ text: [UInt8]) -> [UInt8] {
        var octets: [UInt8] = []
        var index = 0
        while index < text.count {
            if text[index] == 0x3D, index + 2 < text.count, let high = hexadecimalValue(text[index + 1]),
                let low = hexadecimalValue(text[index + 2])
            {
                octets.append(high << 4 | low)
                index += 3
            } else {
                octets.append(text[index] == 0x5F ? 0x20 : text[index])
                index += 1
            }
        }
        return octets
    }
}
