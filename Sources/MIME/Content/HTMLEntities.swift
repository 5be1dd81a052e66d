internal import Bytes

/// Character references of HTML (`&amp;`, `&#38;`, `&#x26;`), all names of the standard.
enum HTMLEntities {
    private struct Entity {
        var text: [UInt8]
        var needsSemicolon: Bool
    }

    private static let names: [[UInt8]: Entity] = {
        let text = UnsafeBufferPointer(start: table.utf8Start, count: table.utf8CodeUnitCount)
        var names: [[UInt8]: Entity] = [:]
        for entry in text.split(whereSeparator: { $0 == 0x2C || $0 == 0x0A }) {
            let fields = entry.split(separator: 0x20)
            guard fields.count == 2 else { continue }
            let needsSemicolon = fields[0].first != 0x21
            var sink = TextSink([], end: 64)
            for number in fields[1].split(separator: 0x2B) {
                sink.put(number.reduce(0) { $0 << 4 | UInt32(hexadecimalValue($1) ?? 0) })
            }
            names[Array(needsSemicolon ? fields[0] : fields[0].dropFirst())] = Entity(
                text: sink.bytes, needsSemicolon: needsSemicolon)
        }
        return names
    }()

    /// Characters of the longest name.
    private static let longestName = 31
    /// Characters of the longest name that needs no semicolon.
    private static let longestLegacyName = 6

    /// Appends what the reference at `start`, a `&`, stands for; gives its length, 0 when it is none. In an attribute
    /// names without a semicolon count only where no letter, digit or `=` follows.
    static func decode(
        _ source: Span<UInt8>, _ start: Int, end: Int, isAttribute: Bool, into output: inout [UInt8]
    ) -> Int {
        guard start + 1 < end else { return 0 }
        if source[start + 1] == 0x23 { return number(source, start, end, &output) }
        var stop = start + 1
        while stop < end, stop - start <= longestName + 1, isAlphanumeric(source[stop]) { stop += 1 }
        guard stop > start + 1 else { return 0 }
        if stop < end, source[stop] == 0x3B, let entity = names[source.extracting(start + 1..<stop).array] {
            output.append(contentsOf: entity.text)
            return stop + 1 - start
        }
        var length = min(stop - start - 1, longestLegacyName)
        while length >= 2 {
            let after = start + 1 + length
            if let entity = names[source.extracting(start + 1..<after).array], !entity.needsSemicolon {
                if isAttribute, after < end, source[after] == 0x3D || isAlphanumeric(source[after]) { return 0 }
                output.append(contentsOf: entity.text)
                return length + 1
            }
            length -= 1
        }
        return 0
    }

    private static func number(_ source: Span<UInt8>, _ start: Int, _ end: Int, _ output: inout [UInt8]) -> Int {
        var index = start + 2
        let isHex = index < end && asciiLower(source[index]) == 0x78
        if isHex { index += 1 }
        let digits = index
        var value: UInt32 = 0
        while index < end, let digit = hexadecimalValue(source[index]), isHex || digit < 10 {
            // Any number of digits, but the value stays at the first one past Unicode.
            value = min(value * (isHex ? 16 : 10) + UInt32(digit), 0x110000)
            index += 1
        }
        guard index > digits else { return 0 }
        if index < end, source[index] == 0x3B { index += 1 }
        var sink = TextSink([], end: 8)
        switch value {
        case 0: sink.replace()
        case 0x80..<0xA0:
            // Numbers of Windows-1252.
            if case .singleByte(let table) = CharsetCoding.windows1252 {
                sink.put(CharsetTables.code(CharsetTables.singleByte, table * 128 + Int(value) - 0x80))
            }
        default: sink.put(value)
        }
        output.append(contentsOf: sink.bytes)
        return index - start
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5A) || (byte >= 0x61 && byte <= 0x7A)
    }

    /// The octets of `range` with all references decoded.
    static func decoded(_ source: Span<UInt8>, _ range: Range<Int>, isAttribute: Bool) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(range.count)
        var index = range.lowerBound
        while index < range.upperBound {
            if source[index] == 0x26 {
                let length = decode(source, index, end: range.upperBound, isAttribute: isAttribute, into: &out)
                if length > 0 {
                    index += length
                    continue
                }
            }
            out.append(source[index])
            index += 1
        }
        return out
    }
}
