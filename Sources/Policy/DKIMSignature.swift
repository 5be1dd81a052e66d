internal import Bytes

/// `DKIM-Signature:` (RFC 6376 section 3.5), as far as programs that verify it repeat in their results what the signer wrote.
package enum DKIMSignature {
    /// True where what stands in `a`, `b`, `d`, `i` and `s` cannot be taken for anything else when it is repeated.
    ///
    /// OpenDKIM decodes `i` and writes it as it is into `Authentication-Results:`: `i=x=3B=20dkim=3Dpass=20header.d=3Dbank.example...`
    /// would become a result of its own.
    package static func isPlain(_ value: ArraySlice<UInt8>) -> Bool {
        value.split(separator: 0x3B).allSatisfy { tag in
            guard let equals = tag.firstIndex(of: 0x3D) else { return trimmed(tag).isEmpty }
            let name = trimmed(tag[..<equals]).map(asciiLower)
            let content = trimmed(tag[(equals + 1)...])
            switch name {
            case Array("b".utf8): return content.allSatisfy { isPlain($0) || isBlank($0) || $0 == 0x3D }
            case Array("a".utf8), Array("d".utf8), Array("i".utf8), Array("s".utf8):
                return content.allSatisfy { isPlain($0) }
            default: return true
            }
        }
    }

    /// Letters, digits, and what addresses, names of domains and base64 need besides.
    private static func isPlain(_ octet: UInt8) -> Bool {
        switch octet {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2B, 0x2D, 0x2E, 0x2F, 0x40, 0x5F: true
        default: false
        }
    }

    private static func isBlank(_ octet: UInt8) -> Bool {
        octet == 0x20 || octet == 0x09 || octet == 0x0D || octet == 0x0A
    }

    private static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard let first = text.firstIndex(where: { !isBlank($0) }), let last = text.lastIndex(where: { !isBlank($0) })
        else { return [] }
        return text[first...last]
    }
}
