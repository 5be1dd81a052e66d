internal import Bytes
internal import Members

/// Messages of OpenPGP (RFC 9580): recognised and named, not opened.
enum OpenPGPMessage {
    private static let label: StaticString = "-----BEGIN PGP MESSAGE"

    static func matches(_ bytes: Span<UInt8>) -> Bool {
        bytes.extracting(bytes.range(0, 4_096)).firstIndex(of: label) != nil || isEncrypted(bytes)
    }

    static func read(_ bytes: Span<UInt8>, _ extraction: Extraction) {
        guard let place = bytes.extracting(bytes.range(0, 4_096)).firstIndex(of: label) else {
            extraction.problem(.encrypted, "OpenPGP message")
            return
        }
        // Behind the label, armour headers and a blank line.
        var at = place
        while at < bytes.count, !bytes.hasBytes("\n\n", at: at), !bytes.hasBytes("\n\r\n", at: at) { at += 1 }
        let packets = EncodedText.decodeBase64(bytes.extracting(bytes.range(at, 1_024)), limit: 64)
        if isEncrypted(packets.span) {
            extraction.problem(.encrypted, "OpenPGP message")
        } else {
            extraction.problem(.unsupported, "OpenPGP message that is not encrypted")
        }
    }

    /// The first packet is an encrypted session key (sections 5.1 and 5.3): tag, length, version, algorithm.
    private static func isEncrypted(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.count > 12, bytes[0] & 0x80 != 0 else { return false }
        let tag: UInt8
        let body: Int
        if bytes[0] & 0x40 != 0 {
            tag = bytes[0] & 0x3F
            body = bytes[1] < 192 ? 2 : bytes[1] < 224 ? 3 : 6
        } else {
            tag = bytes[0] >> 2 & 0xF
            body = [2, 3, 5, 1][Int(bytes[0] & 3)]
        }
        switch tag {
        // Public key: version 3 has the key's identifier, then the algorithm.
        case 1: return bytes[body] == 3 && [1, 2, 16, 18, 25].contains(bytes[body + 9 < bytes.count ? body + 9 : body])
        // Symmetric: cipher, then the kind of salt.
        case 3: return bytes[body] == 4 && bytes[body + 1] <= 10 && [0, 1, 3, 4].contains(bytes[body + 2])
        default: return false
        }
    }
}
