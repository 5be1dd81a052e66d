internal import Bytes

/// The authority of a link (RFC 3986 section 3.2) as browsers understand it (WHATWG URL sections 3.5 and 4.4): letters that stand
/// for those of ASCII as these, numbers that are addresses with four parts, no port where the scheme says it already.
enum LinkAuthority {
    /// User and host. What stands before the last `@` is not where the link leads, and stays.
    static func normalised(_ octets: ArraySlice<UInt8>, scheme: [UInt8]) -> [UInt8] {
        let at = octets.lastIndex(of: 0x40).map { $0 + 1 } ?? octets.startIndex
        // What is escaped here begins no path, and ends no name.
        let user = LinkForm.decoded(octets[..<at], but: Array("/?#\\@".utf8))
        var name = Array(mapped(LinkForm.decoded(octets[at...], but: Array("/?#\\@:".utf8))).utf8)
        var port: [UInt8] = []
        if let colon = name.lastIndex(of: 0x3A), name[(colon + 1)...].allSatisfy({ (0x30...0x39).contains($0) }) {
            port = Array(name[(colon + 1)...])
            name.removeSubrange(colon...)
        }
        if name.count > 1, name.last == 0x2E { name.removeLast() }
        if let address = address(name) { name = address }
        let number = Int(String(decoding: port, as: UTF8.self))
        let isSaid = port.isEmpty || number != nil && number == LinkForm.port(of: scheme)
        return user + name + (isSaid && !name.isEmpty ? [] : port.isEmpty ? [] : [0x3A] + port)
    }

    // MARK: Letters

    /// A host with letters and digits of compatibility as what they stand for (Unicode TR46 section 4 maps them), in lower case.
    private static func mapped(_ host: [UInt8]) -> String {
        let seen = DecodedTexts.seen(host)
        guard seen.contains(where: { $0 >= 0x80 }) else { return String(decoding: seen, as: UTF8.self).lowercased() }
        var out = String.UnicodeScalarView()
        for scalar in String(decoding: seen, as: UTF8.self).unicodeScalars {
            if 0xFB00...0xFB06 ~= scalar.value {
                out.append(contentsOf: ligatures[Int(scalar.value - 0xFB00)].unicodeScalars)
            } else {
                out.append(letter(scalar.value).map { Unicode.Scalar($0) } ?? scalar)
            }
        }
        return String(out).lowercased()
    }

    private static let ligatures = ["ff", "fi", "fl", "ffi", "ffl", "st", "st"]

    private static func letter(_ code: UInt32) -> UInt8? {
        switch code {
        case ..<0x80: return nil
        // Full stops of East Asia.
        case 0x3002, 0xFF61: return 0x2E
        // Letters and digits of formulas, alphabet after alphabet.
        case 0x1D400...0x1D6A3: return 0x61 + UInt8((code - 0x1D400) % 26)
        case 0x1D7CE...0x1D7FF: return 0x30 + UInt8((code - 0x1D7CE) % 10)
        default: break
        }
        for (first, letters) in rows where code >= first && code < first + UInt32(letters.utf8CodeUnitCount) {
            let letter = letters.utf8Start[Int(code - first)]
            return letter == 0x20 ? nil : letter
        }
        return nil
    }

    /// From a code point on, what it and those behind it stand for; a blank for nothing.
    private static let rows: [(UInt32, StaticString)] = [
        (0xAA, "a       23     1o"),
        (0x17F, "s"),
        (0x2B0, "h jr   wy"),
        (0x2E1, "lsx"),
        (0x1D2C, "a b de ghijklmn o prtuwa   bde   g km o   ptu  v      iruv"),
        (0x1D9C, "c   f"),
        (0x1DBB, "z"),
        (0x2024, "."),
        (0x2070, "0i  456789     n0123456789      aeox hklmnpst"),
        (0x2102, "c       ghhhh iill n   pqrrr      z   z k bc eef mo    i           ddeij"),
        (0x2160, "i   v    x  lcdmi   v    x  lcdm"),
        (0x2460, "123456789"),
        (0x24B6, "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz0"),
        (0x2C7C, "jv"),
        (0xA7F2, "cfq"),
        (0xFE52, "."),
        (0xFE63, "-"),
        (0xFF0D, "-. 0123456789       abcdefghijklmnopqrstuvwxyz      abcdefghijklmnopqrstuvwxyz"),
        (0x107A5, "q"),
        (0x1F12B, "cr   abcdefghijklmnopqrstuvwxyz"),
        (0x1FBF0, "0123456789"),
    ]

    // MARK: Addresses

    /// The address of IPv4 that a name of numbers is: one to four parts, decimal, octal or hexadecimal, the last of which takes
    /// the octets that the others leave; nil for any other name.
    private static func address(_ name: [UInt8]) -> [UInt8]? {
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
