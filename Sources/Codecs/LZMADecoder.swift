/// Decodes one stream of LZMA with any properties ("LZMA specification", draft of 2015), where liblzma takes only some. All of
/// the input is there; output comes as far as there is room for it.
struct LZMADecoder {
    /// The smallest dictionary, whatever the header says.
    private static let leastDictionary = 4096

    private var symbols: LZMASymbols
    private var probabilities: [UInt16]
    /// The last octets of output, in a circle once there are as many as it holds.
    private var window: [UInt8] = []

    private static func window(_ dictionary: Int, _ size: Int?) -> Int {
        min(max(leastDictionary, dictionary), max(1, size ?? .max))
    }

    /// Nil when the stream begins as none does.
    /// - Parameters:
    ///   - start: of the stream, behind every header.
    ///   - size: octets that it decodes to; nil when an end mark tells.
    init?(_ input: Span<UInt8>, at start: Int, _ properties: LZMAProperties, dictionary: Int, size: Int?) {
        guard let range = LZMARangeDecoder(input, at: start) else { return nil }
        let dictionary = Self.window(dictionary, size)
        symbols = LZMASymbols(range, properties, dictionary: dictionary, size: size)
        window.reserveCapacity(dictionary)
        probabilities = Array(repeating: LZMARangeDecoder.even, count: properties.probabilities)
    }

    /// The next octet of the input.
    var position: Int { symbols.position }

    /// Decodes until `output` is full or the stream ends.
    mutating func decode(
        _ input: Span<UInt8>, into output: UnsafeMutableBufferPointer<UInt8>
    ) -> (produced: Int, end: CodecResult.End?) {
        // Spans of what stands beside each other in `self` exclude each other.
        var (window, probabilities): ([UInt8], [UInt16]) = ([], [])
        swap(&window, &self.window)
        swap(&probabilities, &self.probabilities)
        defer {
            swap(&window, &self.window)
            swap(&probabilities, &self.probabilities)
        }
        // Memory is touched as far as there is something to keep.
        let needed = symbols.window(after: output.count)
        if window.count < needed { window.append(contentsOf: repeatElement(0, count: needed - window.count)) }
        var out = output.mutableSpan
        var kept = window.mutableSpan
        var chances = probabilities.mutableSpan
        return symbols.decode(input, &chances, &kept, &out)
    }
}

/// The first octet of LZMA's header: how many bits choose the probabilities of a literal and of a match.
struct LZMAProperties {
    /// Bits of the octet in front of a literal, 0 to 8.
    let context: Int
    /// Bits of the position of a literal, 0 to 4.
    let literalPosition: Int
    /// Bits of the position of a match, 0 to 4.
    let position: Int

    /// Nil when it is no such octet.
    init?(_ octet: UInt8) {
        guard octet < 9 * 5 * 5 else { return nil }
        context = Int(octet) % 9
        literalPosition = Int(octet) / 9 % 5
        position = Int(octet) / 45
    }

    /// More bits of literals than liblzma takes (`LZMA_LCLP_MAX`).
    var areRare: Bool { context + literalPosition > 4 }

    /// How many probabilities there are.
    var probabilities: Int { LZMASymbols.probabilities(ofLiterals: context + literalPosition) }
}
