/// LZW as PDF uses it (ISO 32000-2 section 7.4.4): codes of 9 to 12 bits, the highest bit first.
enum PDFLZW {
    private static let clear = 256
    private static let end = 257

    /// - Parameter early: 1 when codes grow one code early.
    static func decode(_ input: Span<UInt8>, early: Int, limit: Int) -> PDFFilters.Result {
        var content: [UInt8] = []
        /// Where each code's text stands in `content`.
        var starts = [Int](repeating: 0, count: 4_097)
        var lengths = [Int](repeating: 0, count: 4_097)
        var next = 258
        var width = 9
        var bits: UInt32 = 0
        var held = 0
        var previous: (start: Int, length: Int)?
        let early = early == 0 ? 0 : 1
        for index in 0..<input.count {
            bits = bits << 8 | UInt32(input[index])
            held += 8
            guard held >= width else { continue }
            held -= width
            let code = Int(bits >> UInt32(held)) & ((1 << width) - 1)
            if code == end { break }
            if code == clear {
                (next, width, previous) = (258, 9, nil)
                continue
            }
            let start = content.count
            if code < 256 {
                content.append(UInt8(code))
            } else if code < next {
                guard start + lengths[code] <= limit else { return over(content) }
                for place in 0..<lengths[code] { content.append(content[starts[code] + place]) }
            } else if code == next, let previous {
                guard start + previous.length + 1 <= limit else { return over(content) }
                for place in 0...previous.length { content.append(content[previous.start + place % previous.length]) }
            } else {
                return PDFFilters.Result(content: content, isDamaged: true)
            }
            guard content.count <= limit else { return over(content) }
            if let previous, next < 4_096 {
                // The text of the code before, and the first octet of this one, which stands right behind it.
                starts[next] = previous.start
                lengths[next] = previous.length + 1
                next += 1
            }
            previous = (start, content.count - start)
            width = next + early > 2_047 ? 12 : next + early > 1_023 ? 11 : next + early > 511 ? 10 : 9
        }
        return PDFFilters.Result(content: content)
    }

    private static func over(_ content: [UInt8]) -> PDFFilters.Result {
        PDFFilters.Result(content: content, limitReached: true)
    }
}
