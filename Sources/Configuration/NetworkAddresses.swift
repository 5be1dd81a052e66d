import Glibc

/// An IPv4 or IPv6 address. An IPv4-mapped IPv6 address (`::ffff:192.0.2.1`, RFC 4291 section 2.5.5.2) is the IPv4
/// address: that is how a dual-stack socket shows an IPv4 client, and a rule for the client must meet it in both forms.
package struct IPAddress: Hashable, Sendable, CustomStringConvertible {
    /// 4 or 16 octets in network order.
    package let octets: [UInt8]

    /// An IPv4 address from its four octets.
    package init(ipv4 a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) {
        octets = [a, b, c, d]
    }

    /// Reads `192.0.2.1`, `2001:db8::1` or `fe80::1%eth0` (the zone is dropped); nil for anything else.
    package init?(_ text: String) {
        // A NUL would end the text early for C: `127.0.0.1\0.example`.
        guard !text.utf8.contains(0) else { return nil }
        let address = text.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false).first ?? ""
        var four = in_addr()
        if address.count == text.count, inet_pton(AF_INET, text, &four) == 1 {
            self.init(octets: withUnsafeBytes(of: &four) { Array($0) })
            return
        }
        var six = in6_addr()
        guard inet_pton(AF_INET6, String(address), &six) == 1 else { return nil }
        self.init(octets: withUnsafeBytes(of: &six) { Array($0) })
    }

    /// `octets` holds 4 or 16 elements.
    init(octets: [UInt8]) {
        self.octets = octets.starts(with: IPAddress.mappedPrefix) ? Array(octets.suffix(4)) : octets
    }

    /// The first 96 bits of IPv4-mapped addresses.
    static let mappedPrefix: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]

    /// `127.0.0.1`.
    package static let ipv4Loopback = IPAddress(ipv4: 127, 0, 0, 1)
    /// `::1`.
    package static let ipv6Loopback = IPAddress(octets: [UInt8](repeating: 0, count: 15) + [1])

    /// True for IPv4, mapped addresses included.
    package var isIPv4: Bool { octets.count == 4 }
    /// True for `0.0.0.0` and `::`, which as a listener mean every address of the machine.
    package var isWildcard: Bool { octets.allSatisfy { $0 == 0 } }
    /// True for `127.0.0.0/8` and `::1`.
    package var isLoopback: Bool { isIPv4 ? octets[0] == 127 : self == .ipv6Loopback }

    /// The canonical text (RFC 5952), without brackets.
    package var description: String {
        var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_ntop(isIPv4 ? AF_INET : AF_INET6, octets, &buffer, socklen_t(buffer.count)) != nil else {
            return "?"
        }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// A network in CIDR form (RFC 4632): `192.0.2.0/24`, `2001:db8::/32`; an address alone is a network of one.
package struct CIDR: Hashable, Sendable, CustomStringConvertible {
    /// First address of the network.
    package let network: IPAddress
    /// Number of leading bits that must agree, 0 to 32 or 0 to 128.
    package let prefix: Int

    /// `127.0.0.0/8`.
    package static let ipv4Loopback = CIDR(network: IPAddress(ipv4: 127, 0, 0, 0), prefix: 8)
    /// `::1/128`.
    package static let ipv6Loopback = CIDR(network: .ipv6Loopback, prefix: 128)

    private init(network: IPAddress, prefix: Int) {
        self.network = network
        self.prefix = prefix
    }

    /// Reads a network.
    ///
    /// Bits after the prefix must be zero, as in Postfix's cidr_table(5): `10.0.0.1/8` is more often a slip for
    /// `10.0.0.1` than for `10.0.0.0/8`, and the two differ by sixteen million clients.
    package init(parsing text: String) throws(ValueError) {
        let pieces = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        var host = String(pieces.first ?? "")
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        guard !host.contains("%"), let address = IPAddress(host) else {
            throw ValueError("'\(shown(text))' is not a network such as 192.0.2.0/24 or 2001:db8::/32")
        }
        // The written form decides how bits are counted: `::ffff:10.0.0.0/104` is `10.0.0.0/8`.
        let writtenBits = host.contains(":") ? 128 : 32
        var prefix = address.octets.count * 8
        if pieces.count == 2 {
            guard let number = decimal(pieces[1]), number <= writtenBits else {
                throw ValueError("'\(shown(text))': the prefix length must be a number from 0 to \(writtenBits)")
            }
            prefix = number - (writtenBits - address.octets.count * 8)
            guard prefix >= 0 else {
                throw ValueError("'\(shown(text))': an IPv4-mapped network needs a prefix length of 96 or more")
            }
        }
        let masked = CIDR.mask(address, to: prefix)
        guard masked == address else {
            throw ValueError(
                "'\(shown(text))' has bits set after the prefix; write \(masked)/\(prefix) for the network "
                    + "or \(address) for the one address")
        }
        self.init(network: address, prefix: prefix)
    }

    private static func mask(_ address: IPAddress, to prefix: Int) -> IPAddress {
        var octets = address.octets
        for index in octets.indices {
            let bits = min(max(prefix - index * 8, 0), 8)
            octets[index] &= UInt8(truncatingIfNeeded: 0xFF00 >> bits)
        }
        return IPAddress(octets: octets)
    }

    /// True when `address` lies in the network. IPv4 addresses, mapped ones included, lie in IPv4 networks only.
    package func contains(_ address: IPAddress) -> Bool {
        address.isIPv4 == network.isIPv4 && CIDR.mask(address, to: prefix) == network
    }

    /// `contains` for the text of a connection's address; false when it is not an address (`unix`).
    package func contains(_ text: String) -> Bool {
        guard let address = IPAddress(text) else { return false }
        return contains(address)
    }

    package var description: String { "\(network)/\(prefix)" }
}

/// A decimal number of at most nine digits without sign; nil for anything else.
func decimal(_ text: some StringProtocol) -> Int? {
    guard !text.isEmpty, text.utf8.count <= 9, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Int(text)
}
