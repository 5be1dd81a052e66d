/// A canonical prefix code of at most 15 bits, packed from the low bit on (RFC 1951 section 3.2.2).
package struct HuffmanCode: Sendable {
    private static let longest = 15

    /// How many codes there are of each length.
    private var counts = [Int](repeating: 0, count: HuffmanCode.longest + 1)
    /// Symbols in the order of their codes.
    private var symbols: [UInt16] = []

    /// The code with a length for each symbol, 0 for none; nil when there are more codes than fit.
    package init?(_ lengths: ArraySlice<UInt8>) {
        for length in lengths where length > 0 { counts[min(Int(length), Self.longest)] += 1 }
        var left = 1
        for length in 1...Self.longest {
            left = left * 2 - counts[length]
            if left < 0 { return nil }
        }
        var next = [Int](repeating: 0, count: Self.longest + 2)
        for length in 1...Self.longest { next[length + 1] = next[length] + counts[length] }
        symbols = [UInt16](repeating: 0, count: next[Self.longest + 1])
        for (symbol, length) in lengths.enumerated() where length > 0 {
            symbols[next[Int(length)]] = UInt16(symbol)
            next[Int(length)] += 1
        }
    }

    private init(empty: Void) {}

    /// A code that is known to be right.
    static func of(_ lengths: ArraySlice<UInt8>) -> HuffmanCode { HuffmanCode(lengths) ?? HuffmanCode(empty: ()) }

    /// The symbol whose code `bits` begins with, and the code's length; nil when there is none.
    package func decode(_ bits: UInt16) -> (symbol: Int, length: Int)? {
        var code = 0
        var first = 0
        var index = 0
        for length in 1...Self.longest {
            code |= Int(bits >> UInt16(length - 1)) & 1
            let count = counts[length]
            if code - count < first { return (Int(symbols[index + code - first]), length) }
            index += count
            first = (first + count) * 2
            code *= 2
        }
        return nil
    }
}
