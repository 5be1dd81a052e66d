/// Decoders of the East Asian charsets with ASCII in one octet and the rest in two to four. An octet of ASCII that
/// cannot end a character is read again by itself, so that no `<` or quote disappears into a broken character.
enum EastAsianDecoders {
    /// Reads characters until the end; `next` is given an offset of an octet above 7F and gives the length it read.
    private static func run(
        _ source: Span<UInt8>, _ sink: inout TextSink, _ next: (Span<UInt8>, Int, inout TextSink) -> Int
    ) {
        var index = 0
        while index < source.count, !sink.isFull {
            let after = sink.putASCII(source, from: index)
            if after > index {
                index = after
            } else {
                index += next(source, index, &sink)
            }
        }
    }

    /// Two octets that a table may know. A second octet of ASCII is left for itself when they mean nothing.
    private static func pair(_ code: UInt32?, _ trail: UInt8, _ sink: inout TextSink) -> Int {
        sink.put(code)
        return code == nil && trail < 0x80 ? 1 : 2
    }

    static func gb18030(_ source: Span<UInt8>, _ sink: inout TextSink) {
        run(source, &sink) { source, index, sink in
            let lead = source[index]
            if lead == 0x80 {
                sink.put(0x20AC)
                return 1
            }
            guard lead < 0xFF, index + 1 < source.count else {
                sink.replace()
                return 1
            }
            let trail = source[index + 1]
            if trail >= 0x30, trail <= 0x39 { return fourOctets(source, index, &sink) }
            return pair(gbk(lead, trail), trail, &sink)
        }
    }

    /// A pair of GBK.
    static func gbk(_ lead: UInt8, _ trail: UInt8) -> UInt32? {
        guard lead >= 0x81, lead <= 0xFE, trail >= 0x40, trail != 0x7F, trail <= 0xFE else { return nil }
        let column = Int(trail) - (trail < 0x7F ? 0x40 : 0x41)
        return CharsetTables.code(CharsetTables.gbk, (Int(lead) - 0x81) * 190 + column)
    }

    private static func fourOctets(_ source: Span<UInt8>, _ index: Int, _ sink: inout TextSink) -> Int {
        guard index + 3 < source.count, source[index + 2] >= 0x81, source[index + 2] <= 0xFE,
            source[index + 3] >= 0x30, source[index + 3] <= 0x39
        else {
            sink.replace()
            return 1
        }
        let row = Int(source[index] - 0x81) * 10 + Int(source[index + 1] - 0x30)
        let number = (row * 126 + Int(source[index + 2] - 0x81)) * 10 + Int(source[index + 3] - 0x30)
        if number >= 189_000 {
            sink.put(UInt32(number - 189_000 + 0x10000))
        } else if number < 39_420 {
            sink.put(plane0(number))
        } else {
            sink.replace()
        }
        return 4
    }

    /// Code point of a number by the runs of the table.
    private static func plane0(_ number: Int) -> UInt32? {
        let ranges = CharsetTables.gb18030Ranges
        var low = 0
        var high = ranges.count / 2
        while low + 1 < high {
            let middle = (low + high) / 2
            if Int(ranges[middle * 2]) <= number { low = middle } else { high = middle }
        }
        guard low * 2 + 1 < ranges.count else { return nil }
        return ranges[low * 2 + 1] + UInt32(number) - ranges[low * 2]
    }

    static func big5(_ source: Span<UInt8>, _ sink: inout TextSink) {
        run(source, &sink) { source, index, sink in
            let lead = source[index]
            guard lead >= 0x81, lead <= 0xFE, index + 1 < source.count else {
                sink.replace()
                return 1
            }
            let trail = source[index + 1]
            var code: UInt32?
            if (trail >= 0x40 && trail <= 0x7E) || (trail >= 0xA1 && trail <= 0xFE) {
                let column = Int(trail) - (trail < 0x7F ? 0x40 : 0x62)
                code = CharsetTables.code(CharsetTables.big5, (Int(lead) - 0x81) * 157 + column)
            }
            let length = pair(code, trail, &sink)
            // Four codes of the Hong Kong set are a letter and a mark.
            if lead == 0x88, trail == 0x62 || trail == 0xA3 { sink.put(0x304) }
            if lead == 0x88, trail == 0x64 || trail == 0xA5 { sink.put(0x30C) }
            return length
        }
    }

    static func eucKR(_ source: Span<UInt8>, _ sink: inout TextSink) {
        run(source, &sink) { source, index, sink in
            let lead = source[index]
            guard lead >= 0x81, lead <= 0xFE, index + 1 < source.count else {
                sink.replace()
                return 1
            }
            return pair(uhc(lead, source[index + 1]), source[index + 1], &sink)
        }
    }

    /// Plane 1 of CNS 11643 in two octets; any plane in four, behind 8E and a number.
    static func eucTW(_ source: Span<UInt8>, _ sink: inout TextSink) {
        run(source, &sink) { source, index, sink in
            let isLong = source[index] == 0x8E
            let place = isLong ? index + 2 : index
            guard place + 1 < source.count, source[place] >= 0xA1, source[place + 1] >= 0xA1 else {
                sink.replace()
                return 1
            }
            let (row, column) = (source[place] & 0x7F, source[place + 1] & 0x7F)
            switch isLong ? source[index + 1] : 0xA1 {
            case 0xA1: sink.put(grid(CharsetTables.cns1, row, column))
            case 0xA2: sink.put(grid(CharsetTables.cns2, row, column))
            default: sink.replace()
            }
            return place + 2 - index
        }
    }

    /// A pair of Unified Hangul Code.
    static func uhc(_ lead: UInt8, _ trail: UInt8) -> UInt32? {
        guard lead >= 0x81, lead <= 0xFE, trail >= 0x41, trail <= 0xFE else { return nil }
        return CharsetTables.code(CharsetTables.uhc, (Int(lead) - 0x81) * 190 + Int(trail) - 0x41)
    }

    static func eucJP(_ source: Span<UInt8>, _ sink: inout TextSink) {
        run(source, &sink) { source, index, sink in
            let lead = source[index]
            let isTriple = lead == 0x8F
            guard lead == 0x8E || isTriple || (lead >= 0xA1 && lead <= 0xFE), index + 1 < source.count else {
                sink.replace()
                return 1
            }
            let trail = source[index + 1]
            if lead == 0x8E {
                return pair(trail >= 0xA1 && trail <= 0xDF ? 0xFF61 + UInt32(trail - 0xA1) : nil, trail, &sink)
            }
            guard isTriple else {
                return pair(grid(CharsetTables.jis0208, lead & 0x7F, trail & (trail < 0x80 ? 0 : 0x7F)), trail, &sink)
            }
            guard trail >= 0xA1, trail <= 0xFE, index + 2 < source.count else {
                sink.replace()
                return trail < 0x80 ? 1 : 2
            }
            let third = source[index + 2]
            let code = grid(CharsetTables.jis0212, trail & 0x7F, third & (third < 0x80 ? 0 : 0x7F))
            return 1 + pair(code, third, &sink)
        }
    }

    /// A pair of a set of 94 rows and columns, in octets 21 to 7E.
    static func grid(_ table: [UInt32], _ row: UInt8, _ column: UInt8) -> UInt32? {
        guard row >= 0x21, row <= 0x7E, column >= 0x21, column <= 0x7E else { return nil }
        return CharsetTables.code(table, (Int(row) - 0x21) * 94 + Int(column) - 0x21)
    }

    static func shiftJIS(_ source: Span<UInt8>, _ sink: inout TextSink) {
        run(source, &sink) { source, index, sink in
            let lead = source[index]
            if lead == 0x80 {
                sink.put(0x80)
                return 1
            }
            if lead >= 0xA1, lead <= 0xDF {
                sink.put(0xFF61 + UInt32(lead - 0xA1))
                return 1
            }
            guard lead != 0xA0, lead <= 0xFC, index + 1 < source.count else {
                sink.replace()
                return 1
            }
            let trail = source[index + 1]
            var code: UInt32?
            if trail >= 0x40, trail != 0x7F, trail <= 0xFC {
                let row = Int(lead) - (lead < 0xA0 ? 0x81 : 0xC1)
                let number = row * 188 + Int(trail) - (trail < 0x7F ? 0x40 : 0x41)
                code = CharsetTables.code(CharsetTables.jis0208, number)
                // Rows 95 to 114: characters of the user's own.
                if code == nil, number >= 8836, number <= 10715 { code = 0xE000 + UInt32(number - 8836) }
            }
            return pair(code, trail, &sink)
        }
    }

    static func singleByte(_ source: Span<UInt8>, table: Int, _ sink: inout TextSink) {
        let codes = CharsetTables.singleByte
        run(source, &sink) { source, index, sink in
            sink.put(CharsetTables.code(codes, table * 128 + Int(source[index]) - 0x80))
            return 1
        }
    }

    static func userDefined(_ source: Span<UInt8>, _ sink: inout TextSink) {
        run(source, &sink) { source, index, sink in
            sink.put(0xF700 + UInt32(source[index]))
            return 1
        }
    }
}
