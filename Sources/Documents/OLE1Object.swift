internal import Bytes
internal import Members

/// Objects in the format of OLE 1 ([MS-OLEDS] 2.2), as RTF holds them.
enum OLE1Object {
    /// Hands on what the object holds. When its head cannot be read, everything is handed on, and compound files in it are
    /// searched, also at an odd digit.
    static func read(_ content: [UInt8], _ extraction: Extraction) {
        let bytes = content.span
        guard bytes.count > 0 else { return }
        extraction.charge(bytes.count)
        guard let format = bytes.little32(4), format == 1 || format == 2, let texts = texts(bytes) else {
            unreadable(content, extraction)
            return
        }
        let kind = Names.ansi(bytes.extracting(texts.className))
        extraction.fact(kind.span.hasPrefix(ignoringCase: "Equation") ? .equation : .embeddedObject, kind)
        if format == 1 { extraction.fact(.externalObject, Names.ansi(bytes.extracting(texts.topic))) }
        // The size of the data is what Word believes; when there is less, what there is.
        guard let size = bytes.little32(texts.end) else { return }
        let data = bytes.range(texts.end + 4, size)
        if data.count < size { extraction.problem(.corrupt, "object is cut off") }
        if kind.span.hasPrefix(ignoringCase: "Package"), let package = OLEPackage(bytes.extracting(data), at: 0) {
            package.hand(bytes.extracting(data), extraction)
        } else {
            extraction.member(.file, bytes.extracting(data))
        }
        // A presentation follows; anything larger than one could hide there.
        let rest = bytes.extracting(min(bytes.count, texts.end + 4 + data.count)..<bytes.count)
        if CompoundFile.position(in: rest) != nil { unreadable(rest.array, extraction) }
    }

    /// Class, topic and item, each with its length before it.
    private static func texts(_ bytes: Span<UInt8>) -> (className: Range<Int>, topic: Range<Int>, end: Int)? {
        var at = 8
        var ranges: [Range<Int>] = []
        for _ in 0..<3 {
            guard let length = bytes.little32(at), length <= bytes.count - at - 4 else { return nil }
            ranges.append(at + 4..<at + 4 + length)
            at += 4 + length
        }
        return (ranges[0], ranges[1], at)
    }

    private static func unreadable(_ content: [UInt8], _ extraction: Extraction) {
        let bytes = content.span
        if let start = CompoundFile.position(in: bytes) {
            extraction.member(.file, bytes.extracting(start..<bytes.count))
            return
        }
        // One digit too many before the object shifts all others.
        var shifted: [UInt8] = []
        shifted.reserveCapacity(bytes.count)
        for index in 1..<max(1, bytes.count) { shifted.append(bytes[index - 1] << 4 | bytes[index] >> 4) }
        if let start = CompoundFile.position(in: shifted.span) {
            extraction.member(.file, shifted.span.extracting(start..<shifted.count))
        } else {
            extraction.member(.stream, bytes)
        }
    }
}
