internal import Bytes

/// The text forms of IP addresses, as `inet_pton(3)` takes them.
enum AddressText {
    /// `192.0.2.1`: four numbers without leading zeros.
    static func isIPv4(_ text: ArraySlice<UInt8>) -> Bool {
        let numbers = text.split(separator: 0x2E, omittingEmptySubsequences: false)
        return numbers.count == 4
            && numbers.allSatisfy { digits in
                guard (1...3).contains(digits.count), digits.allSatisfy(\.isDigit) else { return false }
                let value = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
                return value <= 255 && (digits.count == 1 || digits.first != 0x30)
            }
    }

    /// RFC 4291 section 2.2: `2001:db8::1`, `::ffff:192.0.2.1`.
    static func isIPv6(_ text: ArraySlice<UInt8>) -> Bool {
        let colons: [UInt8] = [0x3A, 0x3A]
        guard let gap = text.indices.first(where: { text[$0...].starts(with: colons) }) else {
            return groups(text, isLast: true) == 8
        }
        let right = text[(gap + 2)...]
        guard right.first != 0x3A, !right.indices.contains(where: { right[$0...].starts(with: colons) }),
            let before = groups(text[..<gap], isLast: false), let behind = groups(right, isLast: true)
        else { return false }
        return before + behind <= 7
    }

    /// Groups of 16 bits; nil where one of them is none.
    /// - Parameter isLast: the last two may be an IPv4 address.
    private static func groups(_ text: ArraySlice<UInt8>, isLast: Bool) -> Int? {
        if text.isEmpty { return 0 }
        let pieces = text.split(separator: 0x3A, omittingEmptySubsequences: false)
        var count = 0
        for (index, piece) in pieces.enumerated() {
            if isLast, index == pieces.count - 1, isIPv4(piece) {
                count += 2
            } else {
                guard (1...4).contains(piece.count), piece.allSatisfy({ $0.hexadecimalValue != nil }) else {
                    return nil
                }
                count += 1
            }
        }
        return count
    }
}
