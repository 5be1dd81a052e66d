internal import CIDN2
internal import Glibc

/// Internationalised domain names in the one form in which they are compared: A-labels, as DNS is asked (RFC 5890, by UTS 46,
/// which folds letters and forms first). Whoever writes an address chooses among the spellings of its domain, and each of
/// them leads to the same mailbox.
package enum DomainNames {
    /// Octets of a longer name are not looked at: DNS has none (RFC 1035 section 2.3.4; four octets a character).
    private static let longest = 1024

    /// An address or a key of addresses (`user@почта.example`, `почта.example`, `.example`) with its domain in A-labels. ASCII,
    /// and what is no name of a domain, stays as it is.
    package static func inASCII(_ address: [UInt8]) -> [UInt8] {
        guard address.contains(where: { $0 >= 0x80 }) else { return address }
        let start = address.lastIndex(of: 0x40).map { $0 + 1 } ?? 0
        guard let domain = name(address[start...]) else { return address }
        return address[..<start] + domain
    }

    /// The name of a domain, as `inASCII` has it and in lower case.
    package static func folded(_ domain: String) -> String {
        String(decoding: inASCII(Array(domain.utf8)), as: UTF8.self).lowercased()
    }

    /// An address with its domain as people read it, in U-labels (RFC 5890). What cannot be read so stays as it is. It is for comparing, never
    /// for showing: letters of several scripts look alike.
    package static func inUnicode(_ address: String) -> String {
        let start = address.utf8.lastIndex(of: 0x40).map { address.utf8.index(after: $0) } ?? address.startIndex
        let domain = Array(address[start...].utf8)
        guard domain.count <= longest, !domain.contains(0) else { return address }
        var found: UnsafeMutablePointer<CChar>?
        let code = (domain + [0]).withUnsafeBufferPointer { bytes in
            bytes.withMemoryRebound(to: CChar.self) { idn2_to_unicode_8z8z($0.baseAddress, &found, 0) }
        }
        defer { idn2_free(found) }
        guard code == IDN2_OK.rawValue, let found else { return address }
        return address[..<start] + String(cString: found)
    }

    private static func name(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        let dots = text.prefix { $0 == 0x2E }
        let rest = text.dropFirst(dots.count)
        guard rest.contains(where: { $0 >= 0x80 }), rest.count <= longest, !rest.contains(0) else { return nil }
        var found: UnsafeMutablePointer<CChar>?
        let flags = CInt(IDN2_NONTRANSITIONAL.rawValue | IDN2_NFC_INPUT.rawValue)
        let code = (rest + [0]).withUnsafeBufferPointer { bytes in
            bytes.withMemoryRebound(to: CChar.self) { idn2_to_ascii_8z($0.baseAddress, &found, flags) }
        }
        defer { idn2_free(found) }
        guard code == IDN2_OK.rawValue, let found else { return nil }
        return Array(dots) + UnsafeRawBufferPointer(start: found, count: strlen(found))
    }
}
