internal import Bytes

/// Reads a source as a flat row of entities: whatever stands between two lines that some reader may take for delimiters.
/// Nesting does not matter here, only which bytes can be somebody's body. One pass, linear.
struct SegmentReader {
    /// One entity.
    struct Segment {
        var start: Int
        var end: Int
        var header: LooseHeader
    }

    let breaks: LineBreaks
    /// Also lines that begin with a known boundary, and lines of two dashes before a field, are delimiters.
    let guesses: Bool
    let limits: MIMELimits

    /// Octets of field values that were looked at.
    private(set) var valueOctets = 0
    /// A header block had more fields that matter than are looked at.
    private(set) var isOverLimit = false
    private var known: Set<[UInt8]> = []
    private var afterNewline = Finder(needle: [0x0A, 0x2D, 0x2D])
    private var afterReturn = Finder(needle: [0x0D, 0x2D, 0x2D])
    /// Most boundaries that are known at a time.
    private static let mostBoundaries = 64

    /// - Parameter boundaries: those that are known before anything is read.
    init(breaks: LineBreaks, guesses: Bool, limits: MIMELimits, boundaries: Set<[UInt8]>) {
        self.breaks = breaks
        self.guesses = guesses
        self.limits = limits
        known = boundaries.count <= Self.mostBoundaries ? boundaries : []
    }

    /// Searches forward and remembers the last hit, so that two of them side by side stay linear.
    private struct Finder {
        let needle: [UInt8]
        private var hit = -1

        init(needle: [UInt8]) { self.needle = needle }

        /// First hit at or after `start`; `bytes.count` without.
        mutating func next(_ bytes: Span<UInt8>, from start: Int) -> Int {
            if hit < start { hit = bytes.firstIndex(of: needle.span, from: start) ?? bytes.count }
            return hit
        }
    }

    /// The entities of the source, at most `most`. Ends early when field values come to more than `mostValueOctets`:
    /// the same line can be part of many values.
    mutating func segments(_ bytes: Span<UInt8>, most: Int, mostValueOctets: Int) -> [Segment] {
        var segments: [Segment] = []
        var start = 0
        var messages = 0
        while start < bytes.count, segments.count < most, valueOctets <= mostValueOctets {
            var header = LooseHeader(bytes, start..<bytes.count, breaks: breaks, limits: limits)
            learn(header)
            valueOctets += header.valueOctets
            if header.isOverLimit { isOverLimit = true }
            let delimiter = nextDelimiter(bytes, from: start)
            let line = delimiter?.lowerBound ?? bytes.count
            let end = breaks.beforeLineEnd(bytes, line, from: start)
            if let last = header.bodyStarts.last, last > line {
                header = LooseHeader(bytes, start..<line, breaks: breaks, limits: limits)
            }
            segments.append(Segment(start: start, end: max(start, end), header: header))
            // The body of a message begins with another header block.
            if header.isMessage, messages < limits.depth, let body = header.bodyStarts.last, body > start, body < line {
                messages += 1
                start = body
                continue
            }
            messages = 0
            start = delimiter?.upperBound ?? bytes.count
        }
        return segments
    }

    private mutating func learn(_ header: LooseHeader) {
        for boundary in header.boundaries where known.count < Self.mostBoundaries { known.insert(boundary) }
    }

    /// The next line that is a delimiter, with its end.
    private mutating func nextDelimiter(_ bytes: Span<UInt8>, from start: Int) -> Range<Int>? {
        if bytes.hasBytes(afterNewline.needle.span.extracting(1..<3), at: start) {
            let line = breaks.line(bytes, at: start, bound: bytes.count)
            if isDelimiter(bytes, line) { return start..<line.next }
        }
        var from = start
        while true {
            var hit = afterNewline.next(bytes, from: from)
            if breaks == .anyReturn { hit = min(hit, afterReturn.next(bytes, from: from)) }
            guard hit < bytes.count else { return nil }
            let line = breaks.line(bytes, at: hit + 1, bound: bytes.count)
            if isDelimiter(bytes, line) { return hit + 1..<line.next }
            from = hit + 1
        }
    }

    private mutating func isDelimiter(_ bytes: Span<UInt8>, _ line: LineBreaks.Line) -> Bool {
        var low = line.text.lowerBound + 2
        var high = line.text.upperBound
        while high > low, bytes[high - 1] == 0x20 || bytes[high - 1] == 0x09 { high -= 1 }
        if high - low <= limits.boundaryLength + 2 {
            if isKnown(bytes, low..<high) { return true }
            while low < high, bytes[low] == 0x20 || bytes[low] == 0x09 { low += 1 }
            if guesses, isKnown(bytes, low..<high) { return true }
        }
        guard guesses else { return false }
        for boundary in known where bytes.hasBytes(boundary.span, at: low) { return true }
        guard fieldFollows(bytes, line.next) else { return false }
        // The line that closes it has no field behind it.
        if low < high, high - low <= limits.boundaryLength, known.count < Self.mostBoundaries {
            known.insert(bytes.extracting(low..<high).array)
        }
        return true
    }

    private func isKnown(_ bytes: Span<UInt8>, _ text: Range<Int>) -> Bool {
        let word = bytes.extracting(text).array
        if known.contains(word) { return true }
        return word.count > 2 && word.suffix(2) == [0x2D, 0x2D] && known.contains(Array(word.dropLast(2)))
    }

    /// Lines behind two dashes in which a field that matters makes them a delimiter.
    private static let linesBeforeField = 4

    /// A field on the next line, or one that matters on one of a few.
    private func fieldFollows(_ bytes: Span<UInt8>, _ start: Int) -> Bool {
        var position = start
        for number in 0..<Self.linesBeforeField where position < bytes.count {
            let line = breaks.line(bytes, at: position, bound: bytes.count)
            if number == 0, LooseFieldName.isField(bytes, line.text) { return true }
            if LooseFieldName.match(bytes, line.text) != nil { return true }
            position = line.next
        }
        return false
    }
}
