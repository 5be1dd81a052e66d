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
        if isBinary(bytes) { open(bytes.array, extraction) }
        OpenPGPArmour.forEach(bytes) { text in
            guard extraction.countItem() else { return false }
            let packets = EncodedText.decodeBase64(text, limit: extraction.bufferRoom)
            extraction.charge(packets.count)
            open(packets, extraction)
            return true
        }
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
        let tag = OpenPGPPacket.tag(bytes[key.end])
        return OpenPGPPacket.Tag.files.contains(tag) || OpenPGPPacket.Tag.passedOver.contains(tag)
    }

    /// Goes through packets, and through those that are compressed in them.
    private static func open(_ packets: [UInt8], _ extraction: Extraction) {
        if isEncrypted(packets.span.extracting(OpenPGPPacket.start(packets.span)..<packets.count)) {
            return extraction.problem(.encrypted, "OpenPGP message")
        }
        var pending = [packets]
        var layers = 0
        while let next = pending.popLast() {
            layers += 1
            guard layers <= mostLayers else { return extraction.problem(.packetLayers) }
            var at = 0
            // What was compressed in front of damage, or of what cannot be read, is read all the same.
            packets: while at < next.count, extraction.countItem() {
                guard let packet = OpenPGPPacket(next.span, at: at) else {
                    extraction.problem(.corrupt, "OpenPGP message")
                    break packets
                }
                at = packet.end
                switch packet.tag {
                case OpenPGPPacket.Tag.onePassSignature: continue
                case let tag where OpenPGPPacket.Tag.passedOver.contains(tag): continue
                case OpenPGPPacket.Tag.compressed where packet.isBzip2:
                    // Goes on as a file of bzip2, whose content are packets.
                    extraction.member(.packets, packet.body.span.extracting(1..<packet.body.count))
                case OpenPGPPacket.Tag.compressed:
                    guard let (inner, isWhole) = packet.expanded(limit: extraction.bufferRoom) else {
                        extraction.problem(.unsupported, "compression of OpenPGP message")
                        break packets
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
                        extraction.problem(.corrupt, "OpenPGP message")
                        break packets
                    }
                    extraction.member(.file, names: [name], packet.body.span.extracting(content))
                case OpenPGPPacket.Tag.publicKeySession, OpenPGPPacket.Tag.symmetricKeySession,
                    OpenPGPPacket.Tag.encrypted, OpenPGPPacket.Tag.encryptedAndChecked,
                    OpenPGPPacket.Tag.authenticated:
                    extraction.problem(.encrypted, "OpenPGP message")
                    break packets
                default:
                    extraction.problem(.unsupported, "packet of OpenPGP message")
                    break packets
                }
            }
        }
    }

    /// Packets that hold a file for everybody to read, from the first octet on: compressed ones that expand to packets, those
    /// that are signed, and one literal that reaches to the end.
    private static func holdsContent(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.count > 2, bytes[0] & 0x80 != 0 else { return false }
        switch OpenPGPPacket.tag(bytes[0]) {
        case OpenPGPPacket.Tag.compressed:
            guard let packet = OpenPGPPacket(bytes, at: 0) else { return false }
            if packet.isBzip2 { return true }
            // Noise expands to a few octets at most.
            let limit = packet.isStored ? packet.body.count : probe
            guard let (inner, isWhole) = packet.expanded(limit: limit), isWhole || inner.count == limit else {
                return false
            }
            return beginsContent(inner.span)
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

    /// A message begins here, whole or not: with a key, content that anybody may read, or what is encrypted with a key of its own.
    static func begins(_ bytes: Span<UInt8>) -> Bool {
        switch bytes.count > 0 ? OpenPGPPacket.tag(bytes[0]) : 0 {
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
        let tag = OpenPGPPacket.tag(bytes[start])
        let body = OpenPGPPacket.body(bytes, at: start)
        guard body < bytes.count else { return OpenPGPPacket.Tag.passedOver.contains(tag) }
        switch tag {
        case OpenPGPPacket.Tag.literal: return OpenPGPPacket.literalForms.contains(bytes[body])
        case OpenPGPPacket.Tag.onePassSignature: return [3, 6].contains(bytes[body])
        case OpenPGPPacket.Tag.compressed: return bytes[body] <= 3
        default: return OpenPGPPacket.Tag.passedOver.contains(tag)
        }
    }

    /// The first packet is an encrypted session key (sections 5.1 and 5.3): tag, length, version, algorithm.
    private static func isEncrypted(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.count > 12, bytes[0] & 0x80 != 0 else { return false }
        let body = OpenPGPPacket.body(bytes, at: 0)
        switch OpenPGPPacket.tag(bytes[0]) {
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
