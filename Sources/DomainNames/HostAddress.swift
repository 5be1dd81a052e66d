internal import Glibc

/// Hosts that are addresses.
package enum HostAddress {
    /// An address of IPv6 without its brackets, as browsers write it (WHATWG URL section 3.5), in brackets: groups without leading zeros, the first
    /// of the longest runs of zeros as `::`; nil for what is none.
    package static func six(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        var address = in6_addr()
        guard !text.contains(0), inet_pton(AF_INET6, String(decoding: text, as: UTF8.self), &address) == 1 else {
            return nil
        }
        let groups = withUnsafeBytes(of: &address) { octets in
            stride(from: 0, to: 16, by: 2).map { UInt16(octets[$0]) << 8 | UInt16(octets[$0 + 1]) }
        }
        var gap = 0..<0
        var start = 0
        for index in 0...groups.count where index == groups.count || groups[index] != 0 {
            if index - start > max(1, gap.count) { gap = start..<index }
            start = index + 1
        }
        func spelled(_ groups: ArraySlice<UInt16>) -> String {
            groups.map { String($0, radix: 16) }.joined(separator: ":")
        }
        let text =
            gap.isEmpty
            ? spelled(groups[...]) : "\(spelled(groups[..<gap.lowerBound]))::\(spelled(groups[gap.upperBound...]))"
        return Array("[\(text)]".utf8)
    }
}
