/// What a character may be in files that are written out in text: one look-up instead of many comparisons.
struct CharacterClasses: OptionSet {
    let rawValue: UInt8

    /// The alphabets of base64 (RFC 4648 sections 4 and 5), without padding.
    static let base64 = CharacterClasses(rawValue: 1)
    /// The two characters that only the second alphabet has.
    static let addressAlphabet = CharacterClasses(rawValue: 2)
    static let hexadecimal = CharacterClasses(rawValue: 4)
    /// May stand between two pieces of one literal: blanks, quotes, signs of addition, commas, line ends written out.
    static let joint = CharacterClasses(rawValue: 8)
    /// Stands between lines that are folded.
    static let blank = CharacterClasses(rawValue: 16)

    static func of(_ byte: UInt8) -> CharacterClasses { CharacterClasses(rawValue: table[Int(byte)]) }

    /// Raw values by octet.
    static let table: [UInt8] = (0..<256).map { octet in
        var classes: CharacterClasses = []
        switch octet {
        case 0x30...0x39: classes = [.base64, .hexadecimal]
        case 0x41...0x46, 0x61...0x66: classes = [.base64, .hexadecimal]
        case 0x47...0x5A, 0x67...0x7A, 0x2F: classes = [.base64]
        case 0x2B: classes = [.base64, .joint]
        case 0x2D, 0x5F: classes = [.base64, .addressAlphabet]
        case 0x09...0x0D, 0x20: classes = [.joint, .blank]
        case 0x22, 0x27, 0x2C, 0x5C, 0x60: classes = .joint
        default: break
        }
        return classes.rawValue
    }
}
