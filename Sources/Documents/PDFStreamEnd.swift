internal import Bytes

/// Where the data of streams end (ISO 32000-2 section 7.3.8): where their length says if `endstream` stands there, else at
/// the next `endstream`. Looked for in the order of the file, so that no part is searched twice.
struct PDFStreamEnd {
    /// The last `endstream` that was found; the end of the file when there is none any more.
    private var next = 0

    mutating func data(_ bytes: Span<UInt8>, _ keyword: Int, _ length: Int?) -> Range<Int> {
        var start = keyword
        if bytes.hasBytes("\r\n", at: start) {
            start += 2
        } else if bytes.hasBytes("\n", at: start) || bytes.hasBytes("\r", at: start) {
            start += 1
        }
        if let length, let data = Self.data(bytes, from: start, length: length) { return data }
        if next < start { next = bytes.firstIndex(of: "endstream", from: start) ?? bytes.count }
        return start..<max(start, next)
    }

    /// Data of a stated length; nil where no `endstream` stands behind it, as then nobody knows what the length leaves out.
    static func data(_ bytes: Span<UInt8>, from start: Int, length: Int) -> Range<Int>? {
        guard length >= 0, length <= bytes.count - start else { return nil }
        var end = start + length
        while end < bytes.count, end < start + length + 4, bytes[end] <= 0x20 { end += 1 }
        return bytes.hasBytes("endstream", at: end) ? start..<start + length : nil
    }

    /// Data up to `endstream` of which no length is known: the line end before that word is none of it.
    static func withoutLineEnd(_ bytes: Span<UInt8>, _ data: Range<Int>) -> Range<Int> {
        guard bytes.hasBytes("endstream", at: data.upperBound) else { return data }
        var end = data.upperBound
        if end > data.lowerBound, bytes[end - 1] == 0x0A { end -= 1 }
        if end > data.lowerBound, bytes[end - 1] == 0x0D, end == data.upperBound || bytes[end] == 0x0A { end -= 1 }
        return data.lowerBound..<end
    }
}
