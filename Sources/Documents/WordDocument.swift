internal import Bytes
internal import Members

/// Facts of a Word document ([MS-DOC]): encryption, DDE fields, a template from elsewhere.
enum WordDocument {
    /// True when the text is encrypted (FibBase, section 2.5.2).
    static func isEncrypted(_ stream: Span<UInt8>) -> Bool {
        guard let flags = stream.little16(10) else { return false }
        return flags & 0x0100 != 0
    }

    /// Which of the two table streams is in use.
    static func tableName(_ stream: Span<UInt8>) -> [UInt8] {
        Array((stream.little16(10) ?? 0) & 0x0200 != 0 ? "1Table".utf8 : "0Table".utf8)
    }

    /// Field codes that begin with DDE stand between the marks 0x13 and 0x14, as 8-bit or as UTF-16 text.
    static func ddeFields(_ stream: Span<UInt8>, _ extraction: Extraction) {
        var from = 0
        while let mark = stream.firstIndex(of: 0x13, from: from) {
            from = mark + 1
            let isWide = from < stream.count && stream[from] == 0
            let step = isWide ? 2 : 1
            var at = mark + step
            while at < stream.count, stream[at] == 0x20, at < mark + longestLead { at += step }
            let isField =
                isWide ? stream.hasBytes("D\0D\0E\0", at: at) : stream.hasPrefix(ignoringCase: "DDE", from: at)
            guard isField else { continue }
            let start = at
            while at < stream.count, at - start < extraction.limits.factOctets * step,
                stream[at] != 0x14, stream[at] != 0x15, stream[at] != 0x0D
            {
                at += step
            }
            let text = stream.extracting(start..<min(at, stream.count))
            extraction.fact(.dde, isWide ? Names.utf16(text) : Names.ansi(text))
            from = at
        }
    }

    private static let longestLead = 64

    /// The second string of SttbfAssoc (section 2.9.273) is the template's path.
    static func template(_ stream: Span<UInt8>, _ table: Span<UInt8>, _ extraction: Extraction) {
        let pair = 154 + 32 * 8
        guard let start = stream.little32(pair), table.little16(start) == 0xFFFF, let count = table.little16(start + 2),
            count > 1, let skipped = table.little16(start + 6)
        else { return }
        let at = start + 8 + skipped * 2
        guard let units = table.little16(at) else { return }
        let name = Names.utf16(table.extracting(table.range(at + 2, units * 2)))
        if isRemote(name) { extraction.fact(.remoteTemplate, name) }
    }

    /// A web address or a path on another computer.
    static func isRemote(_ target: [UInt8]) -> Bool {
        let span = target.span
        return span.firstIndex(of: "://") != nil || span.hasBytes("\\\\", at: 0)
            || span.hasPrefix(ignoringCase: "mhtml:")
    }
}
