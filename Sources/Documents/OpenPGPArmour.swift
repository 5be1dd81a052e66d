internal import Bytes

/// Packets of OpenPGP as text (RFC 9580 section 6), read as programs do: behind any text, under any label.
enum OpenPGPArmour {
    private static let begin: StaticString = "-----BEGIN PGP "
    /// Labels that are taken at their word at the start of a file.
    private static let files: [StaticString] = ["MESSAGE", "ARMORED FILE"]
    /// Those under which GnuPG decrypts as well what is none of these.
    private static let others: [StaticString] = [
        "SIGNATURE", "PUBLIC KEY BLOCK", "PRIVATE KEY BLOCK", "SECRET KEY BLOCK",
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
            let isFile = files.contains { bytes.hasBytes($0, at: behind) }
            guard isFile || others.contains(where: { bytes.hasBytes($0, at: behind) }) else { continue }
            let block = bytes.extracting(behind..<(next ?? bytes.count))
            let text = block.extracting(text(of: block))
            if isFile && start < head || holdsFile(text) {
                guard use(text) else { return }
            }
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
    /// a checksum in a line of its own, or the label at the end. Dashes in a header field end nothing.
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
        let end = [block.firstIndex(of: "\n=", from: at), block.firstIndex(of: "-----END", from: at)]
        return at..<(end.compactMap(\.self).min() ?? block.count)
    }

    /// The first packet that matters is no key.
    private static func holdsFile(_ text: Span<UInt8>) -> Bool {
        let packets = EncodedText.decodeBase64(text, limit: text.count)
        let start = OpenPGPPacket.start(packets.span)
        return start < packets.count && OpenPGPPacket.Tag.files.contains(OpenPGPPacket.tag(packets[start]))
    }
}

extension Span<UInt8> {
    /// Behind the end of the line.
    fileprivate func lineEnd(from start: Int) -> Int { firstIndex(of: 0x0A, from: start).map { $0 + 1 } ?? count }
}
