/// Collects UTF-8 up to a limit; never cuts within a character.
struct TextSink {
    var bytes: [UInt8]
    /// No more than so many octets in `bytes`.
    let end: Int
    /// Sequences that stood for no character; each became U+FFFD.
    var replacements = 0
    /// Something did not fit.
    var isFull = false

    init(_ bytes: [UInt8], end: Int) {
        self.bytes = bytes
        self.end = end
    }

    /// Appends a code point; surrogates and numbers past the end of Unicode become U+FFFD.
    mutating func put(_ code: UInt32) {
        guard !isFull else { return }
        switch code {
        case 0..<0x80:
            guard bytes.count < end else { return isFull = true }
            bytes.append(UInt8(truncatingIfNeeded: code))
        case 0x80..<0x800:
            guard bytes.count + 2 <= end else { return isFull = true }
            bytes.append(UInt8(truncatingIfNeeded: 0xC0 | code >> 6))
            bytes.append(UInt8(truncatingIfNeeded: 0x80 | code & 0x3F))
        case 0xD800..<0xE000:
            replace()
        case 0x800..<0x10000:
            guard bytes.count + 3 <= end else { return isFull = true }
            bytes.append(UInt8(truncatingIfNeeded: 0xE0 | code >> 12))
            bytes.append(UInt8(truncatingIfNeeded: 0x80 | code >> 6 & 0x3F))
            bytes.append(UInt8(truncatingIfNeeded: 0x80 | code & 0x3F))
        case 0x10000..<0x110000:
            guard bytes.count + 4 <= end else { return isFull = true }
            bytes.append(UInt8(truncatingIfNeeded: 0xF0 | code >> 18))
            bytes.append(UInt8(truncatingIfNeeded: 0x80 | code >> 12 & 0x3F))
            bytes.append(UInt8(truncatingIfNeeded: 0x80 | code >> 6 & 0x3F))
            bytes.append(UInt8(truncatingIfNeeded: 0x80 | code & 0x3F))
        default:
            replace()
        }
    }

    /// Appends U+FFFD for a sequence that stands for no character.
    mutating func replace() {
        guard !isFull else { return }
        replacements += 1
        guard bytes.count + 3 <= end else { return isFull = true }
        bytes.append(contentsOf: [0xEF, 0xBF, 0xBD])
    }

    /// Appends a table's answer.
    mutating func put(_ code: UInt32?) {
        if let code { put(code) } else { replace() }
    }

    /// Appends the run of ASCII that begins at `start`; gives the offset behind it.
    mutating func putASCII(_ source: Span<UInt8>, from start: Int) -> Int {
        let stop = source.endOfASCII(from: start)
        guard stop > start, !isFull else { return stop }
        append(source, start..<stop)
        return stop
    }

    /// Appends octets that are UTF-8 already, at the limit only whole characters.
    mutating func append(_ source: Span<UInt8>, _ range: Range<Int>) {
        var stop = range.upperBound
        if bytes.count + range.count > end {
            isFull = true
            stop = range.lowerBound + max(0, end - bytes.count)
            while stop > range.lowerBound, source[stop] & 0xC0 == 0x80 { stop -= 1 }
        }
        source.extracting(range.lowerBound..<stop).withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
    }
}

extension Span<UInt8> {
    /// Offset of the first octet above 7F at or after `start`, or the end: eight octets at a time.
    func endOfASCII(from start: Int) -> Int {
        withUnsafeBufferPointer { buffer in
            var index = start
            let raw = UnsafeRawBufferPointer(buffer)
            while index + 8 <= raw.count {
                let word = raw.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                if word & 0x8080_8080_8080_8080 != 0 { break }
                index += 8
            }
            while index < raw.count, raw[index] < 0x80 { index += 1 }
            return index
        }
    }
}
