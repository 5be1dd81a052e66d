internal import Bytes

/// Quoted-printable (RFC 2045 section 6.7). Blanks at the end of a line are kept, as mail readers do.
enum QuotedPrintable {
    private enum Escape {
        case octet(UInt8)
        /// Soft line break; `next` is the offset behind it.
        case softBreak(next: Int)
        case literal
    }

    /// Escaped letters and digits that are nothing special: gateways escape the `F` of a line that begins with `From`.
    private static let mostNeedless = 8

    static func decode(_ body: Span<UInt8>, into output: inout [UInt8], limit: Int) -> DecodeResult {
        var result = DecodeResult()
        var left = limit
        output.reserveCapacity(output.count + min(body.count, limit))
        var index = 0
        var escapes = 0
        var needless = 0
        while index < body.count {
            let equals = body.firstIndex(of: 0x3D, from: index) ?? body.count
            let run = min(equals - index, left)
            if holdsControls(body.extracting(index..<index + run)) { result.notes.insert(.foreignOctets) }
            body.extracting(index..<index + run).withUnsafeBufferPointer { output.append(contentsOf: $0) }
            left -= run
            guard run == equals - index else {
                result.limitReached = true
                return result
            }
            index = equals
            guard index < body.count else { break }
            let byte: UInt8
            switch escape(body, at: index) {
            case .softBreak(let next):
                index = next
                continue
            case .octet(let octet):
                byte = octet
                index += 3
                escapes += 1
                if isLetterOrDigit(octet) { needless += 1 }
            case .literal:
                result.notes.formUnion(oddity(body, at: index))
                byte = 0x3D
                index += 1
            }
            guard left > 0 else {
                result.limitReached = true
                return result
            }
            output.append(byte)
            left -= 1
        }
        if needless >= mostNeedless, needless * 8 >= escapes { result.notes.insert(.needlessEscapes) }
        return result
    }

    /// Controls but for tabs and line ends. Without an early end, so that it runs at the speed of vectors.
    private static func holdsControls(_ run: Span<UInt8>) -> Bool {
        var controls: UInt8 = 0
        for index in 0..<run.count {
            let byte = run[index]
            let isControl = byte < 0x20 && byte != 0x09 && byte != 0x0A && byte != 0x0D || byte == 0x7F
            controls |= isControl ? 1 : 0
        }
        return controls != 0
    }

    /// What is wrong with the `=` at `start`, which begins no escape.
    private static func oddity(_ body: Span<UInt8>, at start: Int) -> DecodeResult.Notes {
        guard start + 1 < body.count else { return .badEscape }
        var notes: DecodeResult.Notes = .badEscape
        if hexPrefix(body, at: start + 1) != nil { notes.insert(.hexPrefix) }
        let next = body[start + 1]
        if hexadecimalValue(next) != nil || next == 0x3D { notes.formUnion([.halfEscape, .splitEscape]) }
        if next == 0x20 || next == 0x09 || next == 0x0D || next == 0x0A { notes.insert(.splitEscape) }
        return notes
    }

    /// Where the two digits begin that stand behind `0x` or `x` at `start`; nil when there is nothing such.
    static func hexPrefix(_ body: Span<UInt8>, at start: Int) -> Int? {
        var index = start
        if index < body.count, body[index] == 0x30 { index += 1 }
        guard index + 2 < body.count, body[index] | 0x20 == 0x78, hexadecimalValue(body[index + 1]) != nil,
            hexadecimalValue(body[index + 2]) != nil
        else { return nil }
        return index + 1
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        let lower = byte | 0x20
        return lower >= 0x61 && lower <= 0x7A || byte >= 0x30 && byte <= 0x39
    }

    /// What the `=` at `start` means.
    private static func escape(_ body: Span<UInt8>, at start: Int) -> Escape {
        if start + 2 < body.count, let high = hexadecimalValue(body[start + 1]),
            let low = hexadecimalValue(body[start + 2])
        {
            return .octet(high << 4 | low)
        }
        // Gateways append blanks to lines, so a soft break may have some before its line end.
        var index = start + 1
        while index < body.count, body[index] == 0x20 || body[index] == 0x09 { index += 1 }
        if index < body.count, body[index] == 0x0D { index += 1 }
        guard index < body.count else { return .softBreak(next: index) }
        return body[index] == 0x0A ? .softBreak(next: index + 1) : .literal
    }
}
