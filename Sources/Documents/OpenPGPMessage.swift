internal import Bytes
internal import Members

/// Messages of OpenPGP (RFC 9580): what is compressed or signed is opened, what is encrypted is named.
package enum OpenPGPMessage {
    /// Compressed data within compressed data that is expanded.
    package static let mostLayers = 16
    /// Octets that are expanded to tell compressed packets from anything else.
    private static let probe = 64

    /// A message is armoured somewhere in the text.
    static func isArmoured(_ bytes: Span<UInt8>) -> Bool {
        var isArmoured = false
        OpenPGPArmour.forEach(bytes) { _ in
            isArmoured = true
            return false
        }
        return isArmoured
    }

    static func read(_ bytes: Span<UInt8>, _ extraction: Extraction) {
        if isBinary(bytes) { open(bytes, extraction) }
        let most = extraction.limits.bufferedOctets
        OpenPGPArmour.forEach(bytes) { text in
            guard extraction.countItem() else { return false }
            // One octet more tells that there are too many.
            let packets = EncodedText.decodeBase64(text, limit: most + 1)
            extraction.charge(packets.count)
            if packets.count > most { extraction.problem(.bufferedOctets) }
            open(packets.span.extracting(0..<min(packets.count, most)), isCut: packets.count > most, extraction)
            return true
        }
    }

    private static func open(_ packets: Span<UInt8>, isCut: Bool = false, _ extraction: Extraction) {
        let layer = OpenPGPLayer(1, extraction)
        layer.read(packets)
        layer.finish(isCut: isCut)
    }

    /// A message begins with the first packet; what is in front of it is passed over.
    static func isBinary(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.count > 2, bytes[0] & 0x80 != 0 else { return false }
        let start = OpenPGPPacket.start(bytes)
        let message = bytes.extracting(start..<bytes.count)
        // Every PNG picture begins with a signature, by its octets: more than a key is asked for behind one.
        return isEncrypted(message) && (start == 0 || goesOn(message)) || holdsContent(message)
    }

    /// Behind the first packet comes another one of a message that is encrypted.
    private static func goesOn(_ bytes: Span<UInt8>) -> Bool {
        guard let key = OpenPGPPacket(bytes, at: 0), key.end < bytes.count, bytes[key.end] & 0x80 != 0 else {
            return false
        }
        let tag = OpenPGPPackets.tag(bytes[key.end])
        return OpenPGPPacket.Tag.files.contains(tag) || OpenPGPPacket.Tag.passedOver.contains(tag)
    }

    /// Packets that hold a file for everybody to read, from the first octet on: compressed ones that expand to packets, those
    /// that are signed, and one literal that reaches to the end.
    private static func holdsContent(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.count > 2, bytes[0] & 0x80 != 0 else { return false }
        switch OpenPGPPackets.tag(bytes[0]) {
        case OpenPGPPacket.Tag.compressed:
            guard let packet = OpenPGPPacket(bytes, at: 0) else { return false }
            let head = OpenPGPCompression.bzip2Head
            if packet.body(bytes, limit: head.count) == head { return true }
            return packet.expanded(bytes, limit: probe).map { beginsContent($0.span) } ?? false
        case OpenPGPPacket.Tag.onePassSignature:
            guard let packet = OpenPGPPacket(bytes, at: 0) else { return false }
            let head = packet.body(bytes, limit: 2)
            return packet.count == 13 && head[0] == 3 && head[1] <= 1
        case OpenPGPPacket.Tag.literal:
            guard let packet = OpenPGPPacket(bytes, at: 0) else { return false }
            return packet.end == bytes.count && packet.isLiteral(bytes)
        default:
            return false
        }
    }

    /// A message begins here, whole or not: with a key, content that anybody may read, or what is encrypted with a key of its own.
    static func begins(_ bytes: Span<UInt8>) -> Bool {
        switch bytes.count > 0 ? OpenPGPPackets.tag(bytes[0]) : 0 {
        case OpenPGPPacket.Tag.publicKeySession, OpenPGPPacket.Tag.symmetricKeySession: isEncrypted(bytes)
        case OpenPGPPacket.Tag.encrypted, OpenPGPPacket.Tag.encryptedAndChecked, OpenPGPPacket.Tag.authenticated:
            OpenPGPPacket(bytes, at: 0) != nil
        default: beginsContent(bytes)
        }
    }

    /// Within what was compressed, of which the first octets may be all there is.
    private static func beginsContent(_ bytes: Span<UInt8>) -> Bool {
        let start = OpenPGPPacket.start(bytes)
        guard start < bytes.count, bytes[start] & 0x80 != 0 else { return false }
        let tag = OpenPGPPackets.tag(bytes[start])
        let body = OpenPGPPacket.body(bytes, at: start)
        guard body < bytes.count else { return OpenPGPPacket.Tag.passedOver.contains(tag) }
        switch tag {
        case OpenPGPPacket.Tag.literal: return OpenPGPLiteral.forms.contains(bytes[body])
        case OpenPGPPacket.Tag.onePassSignature: return [3, 6].contains(bytes[body])
        case OpenPGPPacket.Tag.compressed: return bytes[body] <= 3
        default: return OpenPGPPacket.Tag.passedOver.contains(tag)
        }
    }

    /// The first packet is an encrypted session key (sections 5.1 and 5.3): tag, length, version, algorithm.
    private static func isEncrypted(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.count > 12, bytes[0] & 0x80 != 0 else { return false }
        let body = OpenPGPPacket.body(bytes, at: 0)
        switch OpenPGPPackets.tag(bytes[0]) {
        // Public key: the key's identifier or its fingerprint with a length, then the algorithm.
        case OpenPGPPacket.Tag.publicKeySession:
            let algorithm = bytes[body] == 6 ? body + 2 + Int(bytes[body + 1]) : body + 9
            return [3, 6].contains(bytes[body])
                && [1, 2, 16, 18, 25, 26].contains(bytes[algorithm < bytes.count ? algorithm : body])
        // Symmetric: cipher, since version 5 the mode, then the kind of salt. Version 6 has lengths between.
        case OpenPGPPacket.Tag.symmetricKeySession:
            let cipher = bytes[body] == 6 ? body + 2 : body + 1
            let salt = [4: 2, 5: 3, 6: 5][bytes[body]].map { body + $0 }
            guard let salt, salt < bytes.count else { return false }
            return bytes[cipher] <= 13 && [0, 1, 3, 4].contains(bytes[salt])
        default: return false
        }
    }
}
