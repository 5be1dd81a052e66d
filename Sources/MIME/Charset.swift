/// Turns bytes of a header value into text. Bytes that the charset cannot explain become `\xNN`: nothing is dropped, and
/// two different names never become the same by loss.
enum Charset {
    case utf8
    case windows1252
    /// Any other of `Charsets`, by its label.
    case labelled([UInt8])
    /// Not known here: ASCII stays, the rest is escaped.
    case unknown

    /// The charset of a label, in lower case. ISO-8859-1 and US-ASCII are read as Windows-1252, as the WHATWG Encoding
    /// Standard has it and mail readers do; a missing label is UTF-8.
    init(label: [UInt8]?) {
        guard let label, !label.isEmpty else {
            self = .utf8
            return
        }
        switch String(decoding: label, as: UTF8.self) {
        case "utf-8", "utf8", "unicode-1-1-utf-8":
            self = .utf8
        case "us-ascii", "ascii", "ansi_x3.4-1968", "iso-8859-1", "iso8859-1", "iso_8859-1", "latin1", "l1",
            "windows-1252", "cp1252", "x-cp1252":
            self = .windows1252
        default:
            self = CharsetCoding(label: label) == nil ? .unknown : .labelled(label)
        }
    }

    /// `bytes` as text.
    func text(_ bytes: [UInt8]) -> String {
        switch self {
        case .utf8:
            return String(validating: bytes, as: UTF8.self) ?? Self.escaped(bytes)
        case .windows1252:
            var text = String.UnicodeScalarView()
            for byte in bytes { text.append(Self.scalar1252(byte)) }
            return String(text)
        case .labelled(let label):
            var out: [UInt8] = []
            // No charset has characters that take more than six times as many octets in UTF-8.
            let result = Charsets.decode(bytes.span, label: label, into: &out, limit: bytes.count * 6)
            return result.replacements == 0 ? String(decoding: out, as: UTF8.self) : Self.escaped(bytes)
        case .unknown:
            return Self.escaped(bytes)
        }
    }

    private static func escaped(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var out: [UInt8] = []
        for byte in bytes {
            if byte < 0x80 {
                out.append(byte)
            } else {
                out += [0x5C, 0x78, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    private static func scalar1252(_ byte: UInt8) -> Unicode.Scalar {
        guard byte & 0xE0 == 0x80 else { return Unicode.Scalar(byte) }
        return Unicode.Scalar(high1252[Int(byte & 0x1F)]) ?? Unicode.Scalar(byte)
    }

    /// 0x80 to 0x9F of Windows-1252; the five holes map to the control of the same number.
    private static let high1252: [UInt16] = [
        0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x008D,
        0x017D, 0x008F, 0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A,
        0x0153, 0x009D, 0x017E, 0x0178,
    ]
}
