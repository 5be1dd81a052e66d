internal import Bytes

/// Packets of OpenPGP as text (RFC 9580 section 6), read as programs do: behind any text, under any label.
enum OpenPGPArmour {
    private static let begin: StaticString = "-----BEGIN PGP "
    /// Under each of them GnuPG decrypts whatever is there. The first two say what it is.
    private static let labels: [StaticString] = [
        "MESSAGE", "ARMORED FILE", "SIGNATURE", "PUBLIC KEY BLOCK", "PRIVATE KEY BLOCK", "SECRET KEY BLOCK",
    ]
    /// Octets at the start in which a label need not begin a line, as in HTML.
    private static let head = 4_096

    /// Goes through what stands under labels and holds a file, encrypted or not, until `use` returns false.
    /// - Parameter use: is lent the text of base64.
    static func forEach(_ bytes: Span<UInt8>, _ use: (Span<UInt8>) -> Bool) {
        var next = label(in: bytes, from: 0)
        while let start = next {
            let behind = start + begin.utf8CodeUnitCount
            // Each octet belongs to one label: many of them cost no more than one.
            next = label(in: bytes, from: behind)
            guard let label = labels.firstIndex(where: { bytes.hasBytes($0, at: behind) }) else { continue }
            let block = bytes.extracting(behind..<(next ?? bytes.count))
            let text = block.extracting(text(of: block))
            guard holdsFile(text, isSaid: label < 2 && start < head) else { continue }
            guard use(text) else { return }
        }
    }

    private static func label(in bytes: Span<UInt8>, from: Int) -> Int? {
        var from = from
        while let start = bytes.firstIndex(of: begin, from: from) {
            if start < head || bytes[start - 1] == 0x0A || bytes[start - 1] == 0x0D { return start }
            from = start + begin.utf8CodeUnitCount
        }
        return nil
    }

    /// The lines of base64: behind header fields and a blank line, or behind the last of these where that is missing; up to
    /// a checksum in a line of its own, marks of quoting in front of it or not, or the label at the end. Dashes in a header field
    /// end nothing.
    private static func text(of block: Span<UInt8>) -> Range<Int> {
        var at = block.lineEnd(from: 0)
        while at < block.count {
            let end = block.lineEnd(from: at)
            let line = block.extracting(at..<end)
            if line.firstIndex(of: UInt8(ascii: ":")) == nil {
                if (0..<line.count).allSatisfy({ line[$0] <= 0x20 }) { at = end }
                break
            }
            at = end
        }
        let end = block.firstIndex(of: "-----END", from: at) ?? block.count
        return at..<(checksum(in: block, at..<end) ?? end)
    }

    /// Where the line of a checksum begins.
    private static func checksum(in block: Span<UInt8>, _ range: Range<Int>) -> Int? {
        var from = range.lowerBound
        while let sign = block.firstIndex(of: UInt8(ascii: "="), from: from), sign < range.upperBound {
            var start = sign
            while start > from, quoting.contains(block[start - 1]) { start -= 1 }
            if start > range.lowerBound, block[start - 1] == 0x0A { return start }
            from = sign + 1
        }
        return nil
    }

    /// What stands in front of a line that is quoted.
    private static let quoting = Array(" \t>|".utf8)

    /// The first packet that matters is no key, and what it has to be. A text may show a label, a signature or a piece of a message.
    /// - Parameter isSaid: the label says that it is a message: then whatever is compressed in a way that nobody knows is one.
    private static func holdsFile(_ text: Span<UInt8>, isSaid: Bool) -> Bool {
        let packets = EncodedText.decodeBase64(text, limit: text.count)
        let start = OpenPGPPacket.start(packets.span)
        guard start < packets.count, OpenPGPPacket.Tag.files.contains(OpenPGPPackets.tag(packets[start])) else {
            return false
        }
        let message = packets.span.extracting(start..<packets.count)
        if OpenPGPMessage.begins(message) { return true }
        return isSaid && OpenPGPPackets.tag(message[0]) == OpenPGPPacket.Tag.compressed
            && OpenPGPPacket(message, at: 0) != nil
    }
}

extension Span<UInt8> {
    /// Behind the end of the line.
    fileprivate func lineEnd(from start: Int) -> Int { firstIndex(of: 0x0A, from: start).map { $0 + 1 } ?? count }
}
