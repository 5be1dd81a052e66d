internal import Codecs
internal import Compression

/// Decoders: the first octet names one, the second how much of the output is taken, the rest is the input.
enum CodecFuzzing {
    private static let outputLimit = 1_048_576
    private static let memory = 8_388_608
    private static let forms: [DeflateForm] = [.raw, .zlib, .gzip]

    static func violations(_ input: [UInt8]) -> [String] {
        guard input.count > 2 else { return [] }
        let limit = Int(input[1])
        let data = Array(input.dropFirst(2))
        let codecs = Codec.allCases
        let number = Int(input[0]) % (codecs.count + forms.count + 2)
        if number < codecs.count { return violations(codecs[number], data, limit) }
        switch number - codecs.count {
        case forms.indices:
            let form = forms[number - codecs.count]
            return inflating("\(form)", data, limit) { Inflate.pieces(data.span, form: form, limit: $0, $1) }
                + wholly(form, data)
        case forms.count: return inflating("deflate64", data, limit) { Deflate64.pieces(data.span, limit: $0, $1) }
        default:
            let output = LZO1X.decode(data.span, size: limit)
            return output == nil || output?.count == limit ? [] : ["lzo: a block of another size"]
        }
    }

    /// Octets that are taken, until there are too many.
    private struct Output {
        let limit: Int
        var octets: [UInt8] = []
        var wrong: [String] = []
        private var isFull = false

        init(_ limit: Int) {
            self.limit = limit
        }

        mutating func take(_ piece: Span<UInt8>) -> Bool {
            if isFull { wrong.append("a piece behind the last") }
            if piece.count == 0 { wrong.append("a piece of nothing") }
            piece.withUnsafeBufferPointer { octets.append(contentsOf: $0) }
            isFull = octets.count >= limit
            return !isFull
        }
    }

    private static func violations(_ codec: Codec, _ data: [UInt8], _ limit: Int) -> [String] {
        var output = Output(outputLimit)
        let result = codec.pieces(data.span, memory: memory, while: { true }, { output.take($0) })
        var wrong = output.wrong
        if result.consumed > data.count { wrong.append("\(result.consumed) octets read") }
        if result.produced != output.octets.count { wrong.append("\(result.produced) octets told") }
        if result.end == .complete, result.whole == 0 { wrong.append("complete without a stream") }
        // Of less memory, and of fewer pieces, nothing else comes.
        var short = Output(limit)
        let cut = codec.pieces(data.span, memory: 65_536, while: { true }, { short.take($0) })
        if !output.octets.starts(with: short.octets) { wrong.append("not the start of the whole") }
        if cut.end == .complete, cut != result { wrong.append("complete in another way") }
        return wrong.map { "\(codec): \($0)" }
    }

    private static func inflating(
        _ name: String, _ data: [UInt8], _ limit: Int, _ decode: (Int, (Span<UInt8>) -> Bool) -> InflateResult
    ) -> [String] {
        var output = Output(.max)
        let result = decode(outputLimit) { output.take($0) }
        var wrong = output.wrong
        if result.consumed > data.count { wrong.append("\(result.consumed) octets read") }
        if result.produced != output.octets.count { wrong.append("\(result.produced) octets told") }
        if output.octets.count > outputLimit { wrong.append("limit passed") }
        var short = Output(.max)
        let cut = decode(limit) { short.take($0) }
        if short.octets != Array(output.octets.prefix(limit)) { wrong.append("not the start of the whole") }
        if (cut.end == .limit) != (output.octets.count > limit) { wrong.append("limit \(limit) told wrongly") }
        return wrong.map { "\(name): \($0)" }
    }

    /// The decoder of whole streams gives what the one of pieces gives, and more of such streams as only libdeflate takes.
    private static func wholly(_ form: DeflateForm, _ data: [UInt8]) -> [String] {
        var pieces: [UInt8] = []
        let first = Inflate.pieces(data.span, form: form, limit: outputLimit) { piece in
            piece.withUnsafeBufferPointer { pieces.append(contentsOf: $0) }
            return true
        }
        var output: [UInt8] = []
        let second = Inflate.append(data.span, form: form, to: &output, limit: outputLimit)
        let isSame = first.end == .complete || second.end != .complete
        return output.starts(with: pieces) && (!isSame || output.count == pieces.count && second == first)
            ? [] : ["\(form): \(second) as a whole, \(first) in pieces"]
    }
}
