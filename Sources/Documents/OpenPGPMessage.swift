internal import Bytes
internal import Members

/// Messages of OpenPGP (RFC 9580): what is compressed or signed is opened, what is encrypted is named.
package enum OpenPGPMessage {
    private static let labels: [StaticString] = ["-----BEGIN PGP MESSAGE", "-----BEGIN PGP ARMORED FILE"]
    /// Octets at the start in which the label is looked for.
    private static let head = 4_096
    /// Compressed data within compressed data that is expanded.
    package static let mostLayers = 16
    /// Octets that are expanded to tell compressed packets from anything else.
    private static let probe = 64

    static func matches(_ bytes: Span<UInt8>) -> Bool {
        armour(bytes) != nil || isEncrypted(bytes) || holdsContent(bytes)
    }

    static func read(_ bytes: Span<UInt8>, _ extraction: Extraction) {
        guard let place = armour(bytes) else {
            open(bytes.array, extraction)
            return
        }
        // Behind the label, armour headers and a blank line.
        var at = place
        while at < bytes.count, !bytes.hasBytes("\n\n", at: at), !bytes.hasBytes("\n\r\n", at: at) { at += 1 }
        // A checksum in a line of its own ends the text, or else the label.
        let end = ["\n=", "-----END"].compactMap { bytes.firstIndex(of: $0, from: at) }.min() ?? bytes.count
        let packets = EncodedText.decodeBase64(bytes.extracting(at..<end), limit: extraction.bufferRoom)
        extraction.charge(packets.count)
        open(packets, extraction)
    }

    private static func armour(_ bytes: Span<UInt8>) -> Int? {
        let start = bytes.extracting(bytes.range(0, head))
        guard start.firstIndex(of: "-----BEGIN ") != nil else { return nil }
        for label in labels {
            if let place = start.firstIndex(of: label) { return place }
        }
        return nil
    }

    /// Goes through packets, and through those that are compressed in them.
    private static func open(_ packets: [UInt8], _ extraction: Extraction) {
        if isEncrypted(packets.span) { return extraction.problem(.encrypted, "OpenPGP message") }
        var pending = [packets]
        var layers = 0
        while let next = pending.popLast() {
            layers += 1
            guard layers <= mostLayers else { return extraction.problem(.packetLayers) }
            var at = 0
            while at < next.count, extraction.countItem() {
                guard let packet = OpenPGPPacket(next.span, at: at) else {
                    return extraction.problem(.corrupt, "OpenPGP message")
                }
                at = packet.end
                switch packet.tag {
                case OpenPGPPacket.Tag.signature, OpenPGPPacket.Tag.onePassSignature, OpenPGPPacket.Tag.marker,
                    OpenPGPPacket.Tag.padding:
                    continue
                case OpenPGPPacket.Tag.compressed where packet.isBzip2:
                    // Goes on as a file of bzip2, whose content are packets.
                    extraction.member(.packets, packet.body.span.extracting(1..<packet.body.count))
                case OpenPGPPacket.Tag.compressed:
                    guard let (inner, isWhole) = packet.expanded(limit: extraction.bufferRoom) else {
                        return extraction.problem(.unsupported, "compression of OpenPGP message")
                    }
                    extraction.charge(inner.count)
                    if !isWhole {
                        if inner.count >= extraction.bufferRoom {
                            extraction.problem(.bufferedOctets)
                        } else {
                            extraction.problem(.corrupt, "OpenPGP message")
                        }
                    }
                    pending.append(inner)
                case OpenPGPPacket.Tag.literal:
                    guard let (name, content) = packet.literal else {
                        return extraction.problem(.corrupt, "OpenPGP message")
                    }
                    extraction.member(.file, names: [name], packet.body.span.extracting(content))
                case OpenPGPPacket.Tag.publicKeySession, OpenPGPPacket.Tag.symmetricKeySession,
                    OpenPGPPacket.Tag.encrypted, OpenPGPPacket.Tag.encryptedAndChecked,
                    OpenPGPPacket.Tag.authenticated:
                    return extraction.problem(.encrypted, "OpenPGP message")
                default:
                    return extraction.problem(.unsupported, "packet of OpenPGP message")
                }
            }
        }
    }

    /// Packets that hold a file for everybody to read, from the first octet on: compressed ones that expand to packets, those
    /// that are signed, and one literal that reaches to the end.
    private static func holdsContent(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.count > 2, bytes[0] & 0x80 != 0 else { return false }
        switch tag(bytes[0]) {
        case OpenPGPPacket.Tag.compressed:
            guard let packet = OpenPGPPacket(bytes, at: 0) else { return false }
            if packet.isBzip2 { return true }
            guard let inner = packet.expanded(limit: probe)?.packets.first, inner & 0x80 != 0 else { return false }
            return [
                OpenPGPPacket.Tag.signature, OpenPGPPacket.Tag.onePassSignature, OpenPGPPacket.Tag.compressed,
                OpenPGPPacket.Tag.marker, OpenPGPPacket.Tag.literal,
            ].contains(tag(inner))
        case OpenPGPPacket.Tag.onePassSignature:
            guard let packet = OpenPGPPacket(bytes, at: 0) else { return false }
            return packet.body.count == 13 && packet.body[0] == 3 && packet.body[1] <= 1
        case OpenPGPPacket.Tag.literal:
            guard let packet = OpenPGPPacket(bytes, at: 0) else { return false }
            return packet.end == bytes.count && packet.literal != nil
        default:
            return false
        }
    }

    /// The type in the first octet of a packet.
    private static func tag(_ octet: UInt8) -> UInt8 { octet & 0x40 != 0 ? octet & 0x3F : octet >> 2 & 0xF }

    /// The first packet is an encrypted session key (sections 5.1 and 5.3): tag, length, version, algorithm.
    private static func isEncrypted(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.count > 12, bytes[0] & 0x80 != 0 else { return false }
        let body: Int
        if bytes[0] & 0x40 != 0 {
            body = bytes[1] < 192 ? 2 : bytes[1] < 224 ? 3 : 6
        } else {
            body = [2, 3, 5, 1][Int(bytes[0] & 3)]
        }
        switch tag(bytes[0]) {
        // Public key: version 3 has the key's identifier, then the algorithm.
        case OpenPGPPacket.Tag.publicKeySession:
            return bytes[body] == 3 && [1, 2, 16, 18, 25].contains(bytes[body + 9 < bytes.count ? body + 9 : body])
        // Symmetric: cipher, then the kind of salt.
        case OpenPGPPacket.Tag.symmetricKeySession:
            return bytes[body] == 4 && bytes[body + 1] <= 10 && [0, 1, 3, 4].contains(bytes[body + 2])
        default: return false
        }
    }
}
