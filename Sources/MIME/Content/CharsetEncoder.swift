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

extension CharsetCoding {
    /// In these lines are kept as they are shown, from the left, and UTF-8 has them as they are read (RFC 1556).
    private static let visual: Set<String> = ["iso-8859-6", "iso-8859-8"]

    /// A text of one octet a character as UTF-8, for one that takes its place.
    /// - Parameter label: of this charset, in lower case.
    /// - Returns: nil where the charset is another one, or readers may see other letters than these.
    package func letters(of octets: Span<UInt8>, label: String) -> [UInt8]? {
        guard case .singleByte = self, !Self.visual.contains(name) else { return nil }
        var out: [UInt8] = []
        let (limit, isOver) = octets.count.multipliedReportingOverflow(by: 3)
        let result = Charsets.decode(octets, as: self, into: &out, limit: isOver ? .max : limit)
        guard result.replacements == 0, !result.limitReached else { return nil }
        for index in 0..<octets.count where (0x80...0x9F).contains(octets[index]) {
            if hasControls(label: label) { return nil }
        }
        // U+0080 to U+009F: where one table has nothing, others may have letters.
        for index in out.indices.dropLast() where out[index] == 0xC2 && out[index + 1] < 0xA0 { return nil }
        return out
    }

    /// Octets 80 to 9F are letters of a Windows code page, by which readers read a standard charset (WHATWG Encoding Standard), and
    /// controls by what the label says.
    package func hasControls(label: String) -> Bool {
        name.hasPrefix("windows-") && !label.contains(name.dropFirst(8))
    }
}
