/// Octets of mail that are no text in any charset, as characters: U+10FE80 to U+10FEFF stand for 80 to FF. So text that holds
/// them loses nothing, an octet is one character, and `Escaping` shows it as `\xNN`, escaped once.
package enum RawOctets {
    private static let base: UInt32 = 0x10FE00

    /// `bytes` with a character for each octet that is not ASCII.
    package static func text(_ bytes: some Sequence<UInt8>) -> String {
        var out = String.UnicodeScalarView()
        for byte in bytes {
            out.append(Unicode.Scalar(byte < 0x80 ? UInt32(byte) : base + UInt32(byte)) ?? "\u{FFFD}")
        }
        return String(out)
    }

    /// The octet that a character stands for; nil for all other characters.
    package static func octet(_ scalar: Unicode.Scalar) -> UInt8? {
        guard (base + 0x80...base + 0xFF).contains(scalar.value) else { return nil }
        return UInt8(truncatingIfNeeded: scalar.value)
    }

    /// Text in which such octets stand as `\xNN`, everything else as it is: for tables and tokens, whose texts are UTF-8.
    package static func spelled(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { octet($0) != nil }) else { return text }
        var out = ""
        for scalar in text.unicodeScalars {
            if let octet = octet(scalar) {
                Escaping.appendHex(octet, to: &out)
            } else {
                out.unicodeScalars.append(scalar)
            }
        }
        return out
    }
}
