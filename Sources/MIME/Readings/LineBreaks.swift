internal import Bytes

/// Which bytes end a line. Some readers take a CR alone for a line end, in headers and before delimiters.
enum LineBreaks: Sendable {
    /// LF, with or without a CR before it.
    case lineFeed
    /// Also CR alone.
    case anyReturn

    /// One line: `text` without its end, `next` where the following line begins.
    struct Line {
        var text: Range<Int>
        var next: Int
    }

    /// The line at `start`, which reaches to `bound` at most.
    func line(_ bytes: Span<UInt8>, at start: Int, bound: Int) -> Line {
        var end = bound
        var next = bound
        if self == .anyReturn, let mark = Self.firstEnd(bytes, from: start, bound: bound) {
            end = mark
            let isPair = bytes[mark] == 0x0D && mark + 1 < bound && bytes[mark + 1] == 0x0A
            next = mark + (isPair ? 2 : 1)
        } else if self == .lineFeed, start < bound, let offset = bytes.extracting(start..<bound).firstIndex(of: 0x0A) {
            end = start + offset
            next = end + 1
            if end > start, bytes[end - 1] == 0x0D { end -= 1 }
        }
        return Line(text: start..<end, next: max(next, min(start + 1, bound)))
    }

    /// The first CR or LF. In windows that grow: the search for the one must not run far beyond the other each time.
    private static func firstEnd(_ bytes: Span<UInt8>, from start: Int, bound: Int) -> Int? {
        var position = start
        var window = 128
        while position < bound {
            let part = bytes.extracting(position..<min(bound, position + window))
            let newline = part.firstIndex(of: 0x0A)
            let before = part.extracting(0..<(newline ?? part.count))
            if let hit = before.firstIndex(of: 0x0D) ?? newline { return position + hit }
            position += part.count
            window *= 2
        }
        return nil
    }

    /// The line end before `offset` belongs to the delimiter there (RFC 2046 section 5.1.1).
    func beforeLineEnd(_ bytes: Span<UInt8>, _ offset: Int, from start: Int) -> Int {
        var end = offset
        if end > start, bytes[end - 1] == 0x0A {
            end -= 1
            if end > start, bytes[end - 1] == 0x0D { end -= 1 }
        } else if self == .anyReturn, end > start, bytes[end - 1] == 0x0D {
            end -= 1
        }
        return end
    }
}
