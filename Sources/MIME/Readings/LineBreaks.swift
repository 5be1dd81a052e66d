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
        let newline = bytes.firstIndex(of: 0x0A, from: start) ?? bound
        var end = min(newline, bound)
        var next = min(newline + 1, bound)
        if self == .anyReturn, let offset = bytes.extracting(start..<end).firstIndex(of: 0x0D) {
            let mark = start + offset
            end = mark
            next = mark + 1 < bound && bytes[mark + 1] == 0x0A ? mark + 2 : mark + 1
        } else if end > start, bytes[end - 1] == 0x0D {
            end -= 1
        }
        return Line(text: start..<end, next: max(next, min(start + 1, bound)))
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
