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

    /// The host of a link as browsers understand it (WHATWG URL section 3.5, by UTS 46): letters in one case and one form, those that
    /// stand for others as these. Labels in other scripts stay in them, and those that were A-labels are left as such. A label
    /// that is no name stays as it is.
    package static func mapped(_ host: [UInt8]) -> [UInt8] {
        guard host.count <= longest else { return host }
        let labels = String(decoding: host, as: UTF8.self).unicodeScalars
            .split(omittingEmptySubsequences: false, whereSeparator: dots.contains)
        return Array(labels.map { mapped(label: String($0)) }.joined(separator: ".").utf8)
    }

    private static func mapped(label: String) -> String {
        let bytes = Array(label.utf8)
        guard bytes.contains(where: { $0 >= 0x80 }), let name = name(bytes[...]) else { return label }
        return inUnicode(String(decoding: name, as: UTF8.self))
    }

    private static func name(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        let dots = text.prefix { $0 == 0x2E }
        let rest = text.dropFirst(dots.count)
        guard rest.contains(where: { $0 >= 0x80 }), rest.count <= longest, !rest.contains(0) else { return nil }
        do throws(Refusal) {
            return try dots + converted(Array(rest), IDN2_NONTRANSITIONAL)
        } catch {
            guard error.isOfLetters, let labels = labels(String(decoding: rest, as: UTF8.self)) else { return nil }
            return dots + labels
        }
    }

    /// The name made label by label, with those that IDNA2008 refuses, such as emoji, and UTS 46 by itself does not: registries sell them, and
    /// MTAs that go by UTS 46 (Postfix) deliver to them. libidn2 leaves out the rules of IDNA2008 in its transitional form only, which
    /// is another one for a few letters: of a label with one of these that is refused nothing is made, rather than the name of another
    /// domain.
    private static func labels(_ name: String) -> [UInt8]? {
        var out: [[UInt8]] = []
        for label in name.unicodeScalars.split(omittingEmptySubsequences: false, whereSeparator: dots.contains) {
            let bytes = Array(String(label).utf8)
            if bytes.allSatisfy({ $0 < 0x80 }) {
                out.append(bytes)
            } else if let found = try? converted(bytes, IDN2_NONTRANSITIONAL) {
                out.append(found)
            } else if !label.contains(where: deviations.contains), let found = try? converted(bytes, IDN2_TRANSITIONAL)
            {
                out.append(found)
            } else {
                return nil
            }
        }
        return Array(out.joined(separator: [0x2E]))
    }

    /// What separates labels (UTS 46 section 2.3).
    private static let dots: Set<Unicode.Scalar> = [".", "\u{3002}", "\u{FF0E}", "\u{FF61}"]

    /// What the transitional form makes something else of (UTS 46 section 1.3: deviation characters), and the capital of one.
    private static let deviations: Set<Unicode.Scalar> = ["\u{DF}", "\u{1E9E}", "\u{3C2}", "\u{200C}", "\u{200D}"]

    /// Why libidn2 makes no name of a text.
    private struct Refusal: Error {
        let code: CInt

        /// For letters, or their order, that IDNA2008 does not allow in some label.
        var isOfLetters: Bool {
            [IDN2_DISALLOWED, IDN2_CONTEXTO, IDN2_BIDI, IDN2_2HYPHEN].contains { $0.rawValue == code }
        }
    }

    /// - Parameter text: without NUL.
    private static func converted(_ text: [UInt8], _ form: idn2_flags) throws(Refusal) -> [UInt8] {
        var found: UnsafeMutablePointer<CChar>?
        let flags = CInt(form.rawValue | IDN2_NFC_INPUT.rawValue)
        let code = (text + [0]).withUnsafeBufferPointer { bytes in
            bytes.withMemoryRebound(to: CChar.self) { idn2_to_ascii_8z($0.baseAddress, &found, flags) }
        }
        defer { idn2_free(found) }
        guard code == IDN2_OK.rawValue, let found else { throw Refusal(code: code) }
        return Array(UnsafeRawBufferPointer(start: found, count: strlen(found)))
    }
}
