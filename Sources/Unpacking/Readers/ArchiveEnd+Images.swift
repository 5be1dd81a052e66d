internal import Bytes
internal import Documents
internal import Members

/// Ends of formats whose readers do not say how far they came: by their own headers. nil where those do not tell.
extension ArchiveEnd {
    private static let lastChunk: StaticString = "IEND"
    private static let endOfImage: [UInt8] = [0xFF, 0xD9]

    /// Where a picture in PNG or JPEG ends that begins the content, at the earliest; 0 in all else, and where no end is.
    static func ofPicture(_ content: Span<UInt8>, _ types: [FileType]) -> Int {
        guard types.count == 1 else { return 0 }
        switch types[0] {
        case .png: return content.firstIndex(of: lastChunk).map { $0 + 8 } ?? 0
        case .jpeg: return content.firstIndex(of: endOfImage).map { $0 + 2 } ?? 0
        default: return 0
        }
    }

    static func of(_ content: Span<UInt8>, _ format: FileType.ArchiveFormat, consumed: Int?) -> Int? {
        switch format {
        case .tar, .cpio, .lha, .rpm: consumed
        case .sevenZip: ofSevenZip(content)
        case .iso9660: ofISO9660(content)
        case .ar: ofAr(content)
        case .warc: ofWARC(content)
        case .xar: ofXAR(content)
        // Their listing says it.
        case .rar, .rar5: nil
        }
    }

    /// UDF on the same disk may go further: its reader says where both end.
    private static func ofISO9660(_ content: Span<UInt8>) -> Int? {
        StructureChecks.isUDF(content) ? nil : ofISO9660Volume(content)
    }

    /// The largest volume that a descriptor states (ECMA-119 section 8.4.8).
    static func ofISO9660Volume(_ content: Span<UInt8>) -> Int? {
        var end: Int?
        for sector in 16..<32 {
            let start = sector * 2048
            guard content.hasBytes([0x43, 0x44, 0x30, 0x30, 0x31], at: start + 1), [1, 2].contains(content[start]),
                let blocks = content.littleEndian32(at: start + 80), let size = content.littleEndian16(at: start + 128)
            else { continue }
            end = max(end ?? 0, Int(blocks) * Int(size))
        }
        return end
    }

    /// Behind the last header (`ar(5)`).
    private static func ofAr(_ content: Span<UInt8>) -> Int? {
        var position = 8
        while content.hasBytes([0x60, 0x0A], at: position + 58) {
            guard let size = decimal(content, position + 48..<position + 58) else { return nil }
            position += 60 + size + size % 2
        }
        return min(position, content.count)
    }

    /// Behind the last record (ISO 28500).
    private static func ofWARC(_ content: Span<UInt8>) -> Int? {
        var position = 0
        while content.hasBytes("WARC/", at: position) {
            guard let end = content.firstIndex(of: "\r\n\r\n", from: position) else { return nil }
            var line = position
            var size: Int?
            while line < end {
                let next = content.firstIndex(of: 0x0A, from: line) ?? end
                if content.hasPrefix(ignoringCase: "content-length:", from: line) {
                    size = decimal(content, line + 15..<min(next, end))
                }
                line = next + 1
            }
            guard let size else { return nil }
            position = end + 4 + size
            while position < content.count, content[position] == 0x0D || content[position] == 0x0A { position += 1 }
        }
        return position <= content.count ? position : nil
    }

    /// Elements of XAR's table of contents that tell of octets of the heap.
    private static let elements: [StaticString] = ["data>", "ea>", "ea ", "checksum", "signature", "x-signature"]

    /// Behind the heap: what ends last, by the table of contents.
    private static func ofXAR(_ content: Span<UInt8>) -> Int? {
        guard let (contents, heap) = XARContents.read(content) else { return nil }
        let text = contents.span
        var last = 0
        var (offset, length, size): (Int?, Int?, Int?) = (nil, nil, nil)
        var from = 0
        func number(_ start: Int) -> Int? {
            text.firstIndex(of: 0x3C, from: start).flatMap { decimal(text, start..<$0) }
        }
        while let tag = text.firstIndex(of: 0x3C, from: from) {
            from = tag + 1
            if text.hasBytes("<offset>", at: tag) {
                offset = number(tag + 8)
            } else if text.hasBytes("<length>", at: tag) {
                length = number(tag + 8)
            } else if text.hasBytes("<size>", at: tag) {
                size = number(tag + 6)
            } else if elements.contains(where: { text.hasBytes($0, at: from) }) {
                (offset, length, size) = (nil, nil, nil)
            } else if text.hasBytes("</", at: tag), elements.contains(where: { text.hasBytes($0, at: from + 1) }),
                let start = offset, let count = length ?? size
            {
                let (end, overflow) = start.addingReportingOverflow(count)
                if !overflow { last = max(last, end) }
            }
        }
        let (end, overflow) = heap.addingReportingOverflow(last)
        return overflow || end > content.count ? nil : end
    }

    /// Behind the last attribute of a TNEF stream ([MS-OXTNEF] section 2.1.3): level, identifier, length, data, checksum.
    static func ofTNEF(_ content: Span<UInt8>) -> Int? {
        var position = 6
        while position < content.count, content[position] == 1 || content[position] == 2,
            let size = content.littleEndian32(at: position + 5)
        {
            position += 9 + Int(size) + 2
        }
        return position <= content.count ? position : nil
    }

    /// The length that the header states ([MS-ONESTORE] section 2.3.1, `cbExpectedFileLength`), or where its package ends.
    static func ofOneNote(_ content: Span<UInt8>) -> Int? {
        if OneNotePackage.isHere(content) { return OneNotePackage.read(content) { _ in true } }
        return content.littleEndian64(at: 196).flatMap { $0 > 1024 && $0 <= UInt64(content.count) ? Int($0) : nil }
    }

    private static func decimal(_ content: Span<UInt8>, _ range: Range<Int>) -> Int? {
        var value: Int?
        for index in range where index < content.count {
            let byte = content[index]
            if byte == 0x20 || byte == 0x0D { if value == nil { continue } else { break } }
            guard 0x30...0x39 ~= byte, value ?? 0 < 1 << 40 else { return nil }
            value = (value ?? 0) * 10 + Int(byte - 0x30)
        }
        return value
    }
}
