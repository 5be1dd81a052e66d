internal import Bytes

/// Octets that a program has as numbers, in lists or behind escapes.
extension TextLiterals {
    /// Numbers from -128 to 255 with commas between them, decimal or hexadecimal; gives the place behind.
    static func numbers(_ bytes: Span<UInt8>, _ start: Int, limit: Int) -> (end: Int, list: [UInt8]) {
        var list: [UInt8] = []
        var at = start
        func skipBlanks() {
            while at < bytes.count, bytes[at] <= 0x20 { at += 1 }
        }
        while list.count < limit {
            skipBlanks()
            let isNegative = at < bytes.count && bytes[at] == UInt8(ascii: "-")
            if isNegative { at += 1 }
            let isHexadecimal = bytes.hasPrefix(ignoringCase: "0x", from: at)
            if isHexadecimal { at += 2 }
            var value = 0
            let digits = at
            while at < bytes.count, at - digits < 4, let digit = hexadecimalValue(bytes[at]),
                isHexadecimal || digit < 10
            {
                value = value * (isHexadecimal ? 16 : 10) + Int(digit)
                at += 1
            }
            guard at > digits, value <= 255 else { return (at, list) }
            list.append(UInt8(truncatingIfNeeded: isNegative ? -value : value))
            skipBlanks()
            guard at < bytes.count, bytes[at] == UInt8(ascii: ",") else { return (at, list) }
            at += 1
        }
        return (at, list)
    }

    /// `\x4d\x5a`, `\u004d\u005a`, `%4d%5a`.
    static func escapes(
        _ bytes: Span<UInt8>, _ start: Int, _ sign: StaticString
    ) -> (end: Int, octets: [UInt8]) {
        var octets: [UInt8] = []
        var at = start
        let digits = sign.utf8CodeUnitCount
        while bytes.hasPrefix(ignoringCase: sign, from: at), at + digits + 1 < bytes.count,
            let high = hexadecimalValue(bytes[at + digits]), let low = hexadecimalValue(bytes[at + digits + 1])
        {
            octets.append(high << 4 | low)
            at += digits + 2
        }
        return (max(at, start + digits), octets)
    }
}
