/// Decoders of the Unicode encoding forms. Each reads all of `source` or until the sink is full.
enum UnicodeDecoders {
    /// A maximal piece of an ill-formed sequence becomes one U+FFFD, as the WHATWG Encoding Standard demands: overlong
    /// forms and surrogates never become the character they imitate.
    static func utf8(_ source: Span<UInt8>, _ sink: inout TextSink) {
        var index = 0
        while index < source.count, !sink.isFull {
            let start = index
            var length = 1
            while index < source.count, length > 0 {
                length = source[index] < 0x80 ? source.endOfASCII(from: index) - index : wellFormed(source, index)
                if length > 0 { index += length }
            }
            sink.append(source, start..<index)
            if index < source.count, length < 0 {
                sink.replace()
                index -= length
            }
        }
    }

    /// Length of the well-formed character at `start`, or the length of an ill-formed piece as a negative number.
    static func wellFormed(_ source: Span<UInt8>, _ start: Int) -> Int {
        let first = source[start]
        var low: UInt8 = 0x80
        var high: UInt8 = 0xBF
        let length: Int
        switch first {
        case 0..<0x80: return 1
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, low) = (3, 0xA0)
        case 0xED: (length, high) = (3, 0x9F)
        case 0xE1...0xEF: length = 3
        case 0xF0: (length, low) = (4, 0x90)
        case 0xF4: (length, high) = (4, 0x8F)
        case 0xF1...0xF3: length = 4
        default: return -1
        }
        for place in 1..<length {
            guard start + place < source.count, source[start + place] >= low, source[start + place] <= high else {
                return -place
            }
            (low, high) = (0x80, 0xBF)
        }
        return length
    }

    static func utf16(_ source: Span<UInt8>, isBigEndian: Bool, _ sink: inout TextSink) {
        let (upper, lower) = isBigEndian ? (0, 1) : (1, 0)
        var pending: UInt32?
        var index = 0
        while index + 1 < source.count, !sink.isFull {
            let unit = UInt32(source[index + upper]) << 8 | UInt32(source[index + lower])
            index += 2
            put(unit, &pending, &sink)
        }
        if pending != nil { sink.replace() }
        if index < source.count { sink.replace() }
    }

    /// Joins surrogates.
    private static func put(_ unit: UInt32, _ pending: inout UInt32?, _ sink: inout TextSink) {
        if let high = pending {
            pending = nil
            if unit & 0xFC00 == 0xDC00 {
                sink.put(0x10000 + ((high & 0x3FF) << 10 | unit & 0x3FF))
                return
            }
            sink.replace()
        }
        if unit & 0xFC00 == 0xD800 { pending = unit } else { sink.put(unit) }
    }

    static func utf32(_ source: Span<UInt8>, isBigEndian: Bool, _ sink: inout TextSink) {
        var index = 0
        while index + 3 < source.count, !sink.isFull {
            var code: UInt32 = 0
            for place in 0..<4 { code = code << 8 | UInt32(source[index + (isBigEndian ? place : 3 - place)]) }
            sink.put(code)
            index += 4
        }
        if index < source.count { sink.replace() }
    }

    /// RFC 2152. Octets above 7F cannot stand there; they are replaced.
    static func utf7(_ source: Span<UInt8>, _ sink: inout TextSink) {
        var index = 0
        while index < source.count, !sink.isFull {
            let byte = source[index]
            index += 1
            guard byte == 0x2B else {
                if byte < 0x80 { sink.put(UInt32(byte)) } else { sink.replace() }
                continue
            }
            if index < source.count, source[index] == 0x2D {
                sink.put(0x2B)
                index += 1
                continue
            }
            index = shifted(source, index, &sink)
        }
    }

    /// The run of base64 behind `+`; gives the offset behind it and behind the `-` that may end it.
    private static func shifted(_ source: Span<UInt8>, _ start: Int, _ sink: inout TextSink) -> Int {
        var index = start
        var bits: UInt32 = 0
        var count = 0
        var pending: UInt32?
        while index < source.count, let six = sixBits(source[index]), !sink.isFull {
            bits = (bits << 6 | six) & 0xFF_FFFF
            count += 6
            index += 1
            if count >= 16 {
                count -= 16
                put(bits >> UInt32(count) & 0xFFFF, &pending, &sink)
            }
        }
        if pending != nil || count >= 6 || index == start { sink.replace() }
        if index < source.count, source[index] == 0x2D { index += 1 }
        return index
    }

    private static func sixBits(_ byte: UInt8) -> UInt32? {
        switch byte {
        case 0x41...0x5A: UInt32(byte - 0x41)
        case 0x61...0x7A: UInt32(byte - 0x61 + 26)
        case 0x30...0x39: UInt32(byte - 0x30 + 52)
        case 0x2B: 62
        case 0x2F: 63
        default: nil
        }
    }
}
