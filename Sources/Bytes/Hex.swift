/// Octets written as hexadecimal digits.
package enum Hex {
    /// `%XX`, or another sign and two digits, becomes an octet; other signs stay.
    package static func decoded(_ text: ArraySlice<UInt8>, sign: UInt8 = 0x25) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(text.count)
        var index = text.startIndex
        while index < text.endIndex {
            if text[index] == sign, index + 2 < text.endIndex, let high = hexadecimalValue(text[index + 1]),
                let low = hexadecimalValue(text[index + 2])
            {
                out.append(high << 4 | low)
                index += 3
            } else {
                out.append(text[index])
                index += 1
            }
        }
        return out
    }
}
