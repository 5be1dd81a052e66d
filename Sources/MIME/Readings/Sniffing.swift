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
            case 0x3D, 0x0D, 0x0A: break
            default: return false
            }
        }
        return characters >= fewest
    }
}
