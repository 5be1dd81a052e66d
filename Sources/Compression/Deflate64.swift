/// Inflates "enhanced deflating" (APPNOTE.TXT section 5.6, method 9): deflate with a window of 64 KiB, two more distance
/// codes, and a longest length of 65,538.
package enum Deflate64 {
    /// Lends what `input` inflates to, piece by piece.
    /// - Parameters:
    ///   - limit: octets that are lent at most.
    ///   - use: false ends decoding.
    package static func pieces(_ input: Span<UInt8>, limit: Int, _ use: (Span<UInt8>) -> Bool) -> InflateResult {
        var decoder = Deflate64Decoder(limit: max(0, limit))
        let end = decoder.run(input, use)
        return InflateResult(consumed: min(input.count, decoder.position), produced: decoder.produced, end: end)
    }
}

/// One stream of deflate64. Every table is bounded by its alphabet, every distance by what was put out.
private struct Deflate64Decoder {
    private static let window = 65_536

    let limit: Int
    private(set) var position = 0
    private(set) var produced = 0
    private var bits: UInt64 = 0
    private var bitCount = 0
    /// The last 64 KiB of output, in a ring; lent whenever it comes round.
    private var ring = [UInt8](repeating: 0, count: Deflate64Decoder.window)
    private var lent = 0
    private var failure: InflateResult.End?

    init(limit: Int) {
        self.limit = limit
    }

    mutating func run(_ input: Span<UInt8>, _ use: (Span<UInt8>) -> Bool) -> InflateResult.End {
        while failure == nil {
            let isLast = take(1, input)
            switch take(2, input) {
            case 0: copyStored(input, use)
            case 1: inflate(input, Self.fixedLengths, Self.fixedDistances, use)
            case 2:
                if let (lengths, distances) = readTables(input) { inflate(input, lengths, distances, use) }
            default: fail(.corrupt)
            }
            if isLast == 1 { break }
        }
        let end = failure ?? .complete
        if end != .stopped, !flush(use) { return .stopped }
        position -= bitCount / 8
        return end
    }

    private mutating func fail(_ end: InflateResult.End) {
        if failure == nil { failure = end }
    }

    // MARK: Bits

    private mutating func fill(_ input: Span<UInt8>, _ wanted: Int) {
        while bitCount < wanted {
            guard position < input.count else { return }
            bits |= UInt64(input[position]) << UInt64(bitCount)
            position += 1
            bitCount += 8
        }
    }

    /// The next `count` bits, at most 32; 0 with a failure at the end of the input.
    private mutating func take(_ count: Int, _ input: Span<UInt8>) -> Int {
        fill(input, count)
        guard bitCount >= count else {
            fail(.truncated)
            return 0
        }
        let value = Int(bits & ((1 << UInt64(count)) - 1))
        bits >>= UInt64(count)
        bitCount -= count
        return value
    }

    private mutating func symbol(_ code: HuffmanCode, _ input: Span<UInt8>) -> Int {
        fill(input, 15)
        guard let (symbol, length) = code.decode(UInt16(truncatingIfNeeded: bits)) else {
            fail(bitCount < 15 ? .truncated : .corrupt)
            return 0
        }
        guard length <= bitCount else {
            fail(.truncated)
            return 0
        }
        bits >>= UInt64(length)
        bitCount -= length
        return symbol
    }

    // MARK: Output

    /// False when nothing more may be put out.
    private mutating func put(_ byte: UInt8, _ use: (Span<UInt8>) -> Bool) -> Bool {
        guard produced < limit else {
            fail(.limit)
            return false
        }
        ring[produced & (Self.window - 1)] = byte
        produced += 1
        if produced & (Self.window - 1) == 0, !flush(use) {
            fail(.stopped)
            return false
        }
        return true
    }

    private mutating func flush(_ use: (Span<UInt8>) -> Bool) -> Bool {
        let start = lent & (Self.window - 1)
        let count = produced - lent
        lent = produced
        return count == 0 || use(ring.span.extracting(start..<start + count))
    }

    // MARK: Blocks

    private mutating func copyStored(_ input: Span<UInt8>, _ use: (Span<UInt8>) -> Bool) {
        _ = take(bitCount & 7, input)
        let count = take(16, input)
        guard take(16, input) == ~count & 0xFFFF else { return fail(.corrupt) }
        for _ in 0..<count {
            let byte = UInt8(truncatingIfNeeded: take(8, input))
            guard failure == nil, put(byte, use) else { return }
        }
    }

    private mutating func inflate(
        _ input: Span<UInt8>, _ lengths: HuffmanCode, _ distances: HuffmanCode, _ use: (Span<UInt8>) -> Bool
    ) {
        while failure == nil {
            let code = symbol(lengths, input)
            if failure != nil || code == 256 { return }
            if code < 256 {
                guard put(UInt8(code), use) else { return }
                continue
            }
            guard code <= 285 else { return fail(.corrupt) }
            let length = Self.lengthBase[code - 257] + take(Self.lengthBits[code - 257], input)
            let distanceCode = symbol(distances, input)
            guard failure == nil, distanceCode < 32 else { return fail(.corrupt) }
            let extra = distanceCode < 4 ? 0 : distanceCode / 2 - 1
            let base = distanceCode < 4 ? distanceCode + 1 : (2 + (distanceCode & 1)) << extra + 1
            let distance = base + take(extra, input)
            guard failure == nil else { return }
            guard distance <= produced else { return fail(.corrupt) }
            for _ in 0..<length where !put(ring[(produced - distance) & (Self.window - 1)], use) { return }
        }
    }

    private mutating func readTables(_ input: Span<UInt8>) -> (HuffmanCode, HuffmanCode)? {
        let literals = take(5, input) + 257
        let distances = take(5, input) + 1
        let order = take(4, input) + 4
        var lengths = [UInt8](repeating: 0, count: 19)
        for index in 0..<order { lengths[Self.order[index]] = UInt8(take(3, input)) }
        guard failure == nil, let code = HuffmanCode(lengths[...]) else {
            fail(.corrupt)
            return nil
        }
        var all: [UInt8] = []
        while failure == nil, all.count < literals + distances {
            let symbol = symbol(code, input)
            switch symbol {
            case 0..<16: all.append(UInt8(symbol))
            case 16:
                guard let last = all.last else {
                    fail(.corrupt)
                    return nil
                }
                all += [UInt8](repeating: last, count: 3 + take(2, input))
            case 17: all += [UInt8](repeating: 0, count: 3 + take(3, input))
            default: all += [UInt8](repeating: 0, count: 11 + take(7, input))
            }
        }
        guard failure == nil, all.count == literals + distances, let first = HuffmanCode(all[..<literals]),
            let second = HuffmanCode(all[literals...])
        else {
            fail(.corrupt)
            return nil
        }
        return (first, second)
    }

    // MARK: Tables

    private static let order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
    private static let lengthBits = [
        0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 16,
    ]
    private static let lengthBase = [
        3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 3,
    ]
    private static let fixedLengths = HuffmanCode.of(
        ([UInt8](repeating: 8, count: 144) + [UInt8](repeating: 9, count: 112) + [UInt8](repeating: 7, count: 24)
            + [UInt8](repeating: 8, count: 8))[...])
    private static let fixedDistances = HuffmanCode.of([UInt8](repeating: 5, count: 32)[...])
}
