internal import Members
internal import Bytes

/// Compressed RTF of messages ([MS-OXRTFCP]): LZ77 with a dictionary of 4,096 octets.
enum CompressedRTF {
    private static let dictionary = Array(
        ("{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript "
            + "\\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par "
            + "\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx").utf8)

    /// Hands on the text of a property.
    static func read(_ value: Span<UInt8>, _ extraction: Extraction) {
        guard let text = decompress(value, limit: extraction.bufferRoom) else {
            extraction.problem(.corrupt, "compressed RTF")
            return
        }
        extraction.charge(text.count)
        extraction.member(.body, text.span)
    }

    /// Sections 2.1.3 and 2.2; nil when it is neither compressed nor marked as plain. Ends where it is damaged.
    static func decompress(_ bytes: Span<UInt8>, limit: Int) -> [UInt8]? {
        guard let size = bytes.little32(4), let kind = bytes.little32(8) else { return nil }
        let most = min(size, limit)
        if kind == 0x414C_454D { return bytes.extracting(bytes.range(16, most)).array }
        guard kind == 0x7546_5A4C else { return nil }
        var ring = dictionary + [UInt8](repeating: 0x20, count: 4_096 - dictionary.count)
        var write = dictionary.count
        var output: [UInt8] = []
        func put(_ byte: UInt8) {
            output.append(byte)
            ring[write] = byte
            write = (write + 1) & 0xFFF
        }
        var at = 16
        while at < bytes.count, output.count < most {
            let control = bytes[at]
            at += 1
            for bit in 0..<8 where output.count < most {
                guard at < bytes.count else { return output }
                if control >> UInt8(bit) & 1 == 0 {
                    put(bytes[at])
                    at += 1
                    continue
                }
                guard at + 1 < bytes.count else { return output }
                let reference = Int(bytes[at]) << 8 | Int(bytes[at + 1])
                at += 2
                let offset = reference >> 4
                // A reference to the place that is written next ends the text.
                if offset == write { return output }
                for place in 0..<(reference & 0xF) + 2 where output.count < most { put(ring[(offset + place) & 0xFFF]) }
            }
        }
        return output
    }
}
