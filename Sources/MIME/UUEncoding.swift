internal import Bytes

/// uuencode as a transfer encoding (POSIX `uuencode`, historical alphabet). All blocks of the body are decoded, one behind
/// the other; what stands outside of them is passed over.
enum UUEncoding {
    /// - Parameter hasFrame: false when the data stands without `begin` line.
    static func decode(
        _ body: Span<UInt8>, into output: inout [UInt8], limit: Int, hasFrame: Bool = true
    ) -> DecodeResult {
        var result = DecodeResult()
        var left = limit
        var isInside = !hasFrame
        var sawBegin = !hasFrame
        var line = 0
        while line < body.count {
            let newline = body.firstIndex(of: 0x0A, from: line) ?? body.count
            var end = newline
            if end > line, body[end - 1] == 0x0D { end -= 1 }
            if !isInside {
                if isBegin(body, line, end) {
                    isInside = true
                    sawBegin = true
                }
            } else if isEnd(body, line, end) {
                isInside = false
            } else if end > line {
                decodeLine(body, line, end, into: &output, &left, &result)
                if result.limitReached { return result }
            }
            line = newline + 1
        }
        if !sawBegin { result.notes.insert(.missingBegin) }
        if isInside, hasFrame { result.notes.insert(.missingEnd) }
        return result
    }

    /// `begin` and an octal mode.
    private static func isBegin(_ body: Span<UInt8>, _ line: Int, _ end: Int) -> Bool {
        guard end - line > 6, body.extracting(line..<end).hasPrefix(ignoringCase: "begin ") else { return false }
        return body[line + 6] >= 0x30 && body[line + 6] <= 0x37
    }

    private static func isEnd(_ body: Span<UInt8>, _ line: Int, _ end: Int) -> Bool {
        var last = end
        while last > line, body[last - 1] == 0x20 { last -= 1 }
        return last - line == 3 && body.hasPrefix(ignoringCase: "end", from: line)
    }

    /// One line: a character for its length in octets, then groups of four.
    private static func decodeLine(
        _ body: Span<UInt8>, _ line: Int, _ end: Int, into output: inout [UInt8], _ left: inout Int,
        _ result: inout DecodeResult
    ) {
        guard let length = value(body[line]) else {
            result.notes.insert(.junk)
            return
        }
        var wanted = Int(length)
        var index = line + 1
        while wanted > 0 {
            if index >= end, wanted > 0 { result.notes.insert(.truncated) }
            guard index < end else { return }
            var bits: UInt32 = 0
            var isJunk = false
            // Blanks at the end of a line get lost on the way: characters that are missing stand for zero.
            for place in 0..<4 {
                var six: UInt8 = 0
                if index + place < end {
                    if let found = value(body[index + place]) { six = found } else { isJunk = true }
                }
                bits = bits << 6 | UInt32(six)
            }
            if isJunk { result.notes.insert(.junk) }
            index += 4
            for place in 0..<min(3, wanted) {
                guard left > 0 else {
                    result.limitReached = true
                    return
                }
                output.append(UInt8(truncatingIfNeeded: bits >> UInt32(16 - 8 * place)))
                left -= 1
            }
            wanted -= 3
        }
    }

    /// Blank and grave accent both stand for zero.
    private static func value(_ byte: UInt8) -> UInt8? {
        byte >= 0x20 && byte <= 0x60 ? (byte - 0x20) & 0x3F : nil
    }
}
