internal import Bytes

/// Octets written as pairs of hexadecimal digits with blanks between them, line by line: by themselves, or as dumps have it,
/// with the offset in front and the characters behind (`xxd`, `hexdump -C`, `od -t x1`, `certutil -encodehex`).
enum HexadecimalDump {
    /// Octets from which on a dump is looked at.
    private static let fewest = 32
    /// Digits of an offset, and of a group of octets.
    private static let offsetDigits = 4...16
    private static let groupDigits = 2...8
    /// Octets behind which dumps have a wider gap.
    private static let half = 8

    /// - Parameters:
    ///   - limit: octets that may be decoded.
    ///   - use: takes what the lines of one dump say; false ends the search.
    static func read(_ bytes: Span<UInt8>, limit: () -> Int, _ use: ([UInt8]) -> Bool) {
        var octets: [UInt8] = []
        // Digits of the offsets, 0 for none.
        var offsets = 0
        var line = 0
        while line <= bytes.count {
            let end = bytes.firstIndex(of: 0x0A, from: line) ?? bytes.count
            let count = octets.count
            if octets.count < limit() { addLine(bytes.extracting(line..<end), &octets, &offsets) }
            if octets.count == count || end == bytes.count {
                if octets.count >= fewest, !use(octets) { return }
                octets = []
                offsets = 0
            }
            line = end + 1
        }
    }

    /// Adds the octets of one line; none when it is no line of a dump.
    private static func addLine(_ line: Span<UInt8>, _ octets: inout [UInt8], _ offsets: inout Int) {
        var at = 0
        passBlanks(line, &at)
        var width = 0
        var isFirst = true
        let before = octets.count
        while at < line.count {
            let start = at
            while at < line.count, hexadecimalValue(line[at]) != nil { at += 1 }
            let digits = at - start
            let isOffset = isFirst && offsetDigits.contains(digits) && beginsWithOffset(line, at, digits)
            // Dumps end with the offset of what would come next.
            if isFirst, digits == offsets, offsets > 0, !isOffset { return }
            isFirst = false
            if isOffset {
                offsets = digits
                if at < line.count, line[at] == UInt8(ascii: ":") { at += 1 }
                passBlanks(line, &at)
                continue
            }
            let endsHere = at == line.count || isBlank(line[at])
            guard endsHere, digits % 2 == 0, groupDigits.contains(digits), width == 0 || digits <= width else { break }
            if width == 0 { width = digits }
            for place in stride(from: start, to: at, by: 2) {
                guard let high = hexadecimalValue(line[place]), let low = hexadecimalValue(line[place + 1]) else {
                    break
                }
                octets.append(high << 4 | low)
            }
            let blanks = at
            passBlanks(line, &at)
            // The characters stand behind a gap, wider than that in the middle where the line is short.
            let gap = at - blanks
            if gap > 1, octets.count - before != half || gap > 2 || width > 2 { break }
        }
    }

    /// Digits that a colon follows, or a group of another width.
    private static func beginsWithOffset(_ line: Span<UInt8>, _ end: Int, _ digits: Int) -> Bool {
        guard end < line.count else { return false }
        if line[end] == UInt8(ascii: ":") { return true }
        var at = end
        passBlanks(line, &at)
        let start = at
        while at < line.count, hexadecimalValue(line[at]) != nil { at += 1 }
        return at - start == 2 || at - start > 0 && at - start != digits
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }

    private static func passBlanks(_ line: Span<UInt8>, _ at: inout Int) {
        while at < line.count, isBlank(line[at]) { at += 1 }
    }
}
