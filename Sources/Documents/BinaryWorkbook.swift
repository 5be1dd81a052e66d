internal import Bytes

/// Links of binary workbooks (`.xlsb`) to elsewhere: parts `xl/externalLinks/*.bin`, each of which begins with a
/// BrtBeginSupBook ([MS-XLSB] section 2.4.215).
enum BinaryWorkbook {
    /// The record's number, 360, in seven bits an octet.
    private static let record: [UInt8] = [0xE8, 0x02]
    /// Characters of a name.
    private static let longestName = 2_048

    static func matches(_ bytes: Span<UInt8>) -> Bool { link(bytes) != nil }

    static func read(_ bytes: Span<UInt8>, _ extraction: Extraction) {
        guard let link = link(bytes), extraction.countItem() else { return }
        let text = link.first + Array("|".utf8) + link.second
        switch link.kind {
        case 1: extraction.fact(.dde, text)
        case 2: extraction.fact(.externalObject, text)
        // A workbook: the package's relationships say where it is.
        default: break
        }
    }

    private static func link(_ bytes: Span<UInt8>) -> (kind: Int, first: [UInt8], second: [UInt8])? {
        guard bytes.hasBytes(record.span, at: 0) else { return nil }
        // The size, in as many octets as have their highest bit set and one more.
        var at = 2
        while at < min(bytes.count, 5), bytes[at] & 0x80 != 0 { at += 1 }
        guard let kind = bytes.little16(at + 1), kind <= 2, let first = text(bytes, at + 3),
            let second = text(bytes, first.end)
        else { return nil }
        return (kind, first.text, second.text)
    }

    /// A text with the number of its characters before it; -1 for none.
    private static func text(_ bytes: Span<UInt8>, _ at: Int) -> (text: [UInt8], end: Int)? {
        guard let count = bytes.little32(at) else { return nil }
        if count == 0xFFFF_FFFF { return ([], at + 4) }
        let octets = bytes.range(at + 4, count * 2)
        guard count <= longestName, octets.count == count * 2 else { return nil }
        return (Names.utf16(bytes.extracting(octets)), at + 4 + count * 2)
    }
}
