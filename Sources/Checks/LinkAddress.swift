internal import Bytes
internal import DomainNames

/// Hosts of links that are addresses, in the one form that browsers give them (WHATWG URL section 3.5).
enum LinkAddress {
    /// nil for a name.
    static func normalised(_ host: [UInt8]) -> [UInt8]? {
        host.first == 0x5B && host.last == 0x5D ? HostAddress.six(host[1..<(host.count - 1)]) : four(host)
    }

    /// The address of IPv4 that a name of numbers is: one to four parts, decimal, octal or hexadecimal, the last of which takes
    /// the octets that the others leave; nil for any other name.
    private static func four(_ name: [UInt8]) -> [UInt8]? {
        let parts = name.split(separator: 0x2E, omittingEmptySubsequences: false)
        guard parts.count <= 4 else { return nil }
        var value: UInt64 = 0
        for (index, part) in parts.enumerated() {
            guard let number = number(part) else { return nil }
            let isLast = index == parts.count - 1
            guard number < (isLast ? UInt64(1) << UInt64(8 * (5 - parts.count)) : 256) else { return nil }
            value |= isLast ? number : number << UInt64(8 * (3 - index))
        }
        let octets = stride(from: 24, through: 0, by: -8).map { String(value >> UInt64($0) & 255) }
        return Array(octets.joined(separator: ".").utf8)
    }

    private static func number(_ part: ArraySlice<UInt8>) -> UInt64? {
        let text = String(decoding: part, as: UTF8.self)
        if text.hasPrefix("0x") {
            guard text.dropFirst(2).first != "+" else { return nil }
            return text.count == 2 ? 0 : UInt64(text.dropFirst(2), radix: 16)
        }
        guard let first = part.first, (0x30...0x39).contains(first) else { return nil }
        return UInt64(text, radix: first == 0x30 ? 8 : 10)
    }
}
