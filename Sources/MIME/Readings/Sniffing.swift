internal import Bytes

/// Judges by its first lines what a body is encoded in, whatever its header says.
enum Sniffing {
    /// Octets that are looked at.
    private static let window = 1024
    /// Fewest characters that count as base64: less is too often just a word.
    private static let fewest = 40

    /// True when the first lines hold nothing but characters of base64.
    static func isBase64(_ body: Span<UInt8>) -> Bool {
        var characters = 0
        var index = 0
        let end = min(body.count, window)
        while index < end {
            let byte = body[index]
            index += 1
            switch byte {
            case 0x41...0x5A, 0x61...0x7A, 0x30...0x39, 0x2B, 0x2F: characters += 1
            // Digits behind it: an escape of quoted-printable rather than padding.
            case 0x3D
            where index + 1 < body.count && hexadecimalValue(body[index]) != nil
                && hexadecimalValue(body[index + 1]) != nil:
                return false
            case 0x3D, 0x0D, 0x0A: break
            default: return false
            }
        }
        return characters >= fewest
    }

    /// Fewest escapes that count as quoted-printable.
    private static let fewestEscapes = 6

    /// True when the first lines hold escapes and no `=` that begins nothing.
    static func isQuotedPrintable(_ body: Span<UInt8>) -> Bool {
        var escapes = 0
        var index = 0
        let end = min(body.count, window)
        while let equals = body.firstIndex(of: 0x3D, from: index), equals < end {
            index = equals + 1
            guard index + 1 < body.count else { break }
            if body[index] == 0x0D || body[index] == 0x0A { continue }
            guard hexadecimalValue(body[index]) != nil, hexadecimalValue(body[index + 1]) != nil else { return false }
            escapes += 1
        }
        return escapes >= fewestEscapes
    }
}
