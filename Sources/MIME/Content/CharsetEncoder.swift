extension CharsetCoding {
    /// The octets of a text in this charset; nil where it lacks a character, or is neither UTF-8 nor one octet a character.
    package func encoded(_ text: String) -> [UInt8]? {
        switch self {
        case .utf8: return Array(text.utf8)
        case .singleByte(let table):
            var codes: [UInt32: UInt8] = [:]
            for octet in UInt8(0x80)...0xFF {
                if let code = CharsetTables.code(CharsetTables.singleByte, table * 128 + Int(octet) - 0x80) {
                    codes[code] = octet
                }
            }
            var out: [UInt8] = []
            for scalar in text.unicodeScalars {
                if scalar.isASCII {
                    out.append(UInt8(truncatingIfNeeded: scalar.value))
                } else if let octet = codes[scalar.value] {
                    out.append(octet)
                } else {
                    return nil
                }
            }
            return out
        default: return nil
        }
    }
}
