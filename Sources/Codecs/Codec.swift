internal import Bytes

/// What decoding gave. What was decoded until the end was lent in every case.
package struct CodecResult: Hashable, Sendable {
    /// Why decoding ended.
    package enum End: Hashable, Sendable {
        /// Behind the last stream, its checksums right.
        case complete
        /// The input ended within a stream.
        case truncated
        /// The input is no stream of this form, or a checksum is wrong.
        case corrupt
        /// A form that the library does not decode, or one that needs a dictionary from elsewhere.
        case unsupported
        /// Decoding takes more memory than it may.
        case memory
        /// The receiver wanted no more.
        case stopped
    }

    /// Octets of the input that were used.
    package var consumed = 0
    /// Octets of output.
    package var produced = 0
    package var end = End.complete
    /// Streams that came to their end.
    package var whole = 0
    /// All of the content came, and its checksum is another. Told of Zstandard alone.
    package var hasWrongChecksum = false

    package init() {}
}

/// Compressions of one file, each by its own library: liblzma, libbz2, libzstd, liblz4, libbrotlidec; LZMA
/// with properties that liblzma does not take by a decoder of our own. Output comes piece by piece, so
/// that damage costs no more than what stands behind it.
package enum Codec: Hashable, Sendable, CaseIterable {
    case bzip2
    case xz
    /// LZMA with the header of 13 octets of its own files (`.lzma`).
    case lzma
    case lzip
    case zstd
    case lz4
    /// It has no mark of its own: one stream, whose start the caller knows.
    case brotli

    private static let pieceSize = 65_536

    /// Lends what `input` decodes to, piece by piece: all streams that follow each other, as the programs of these formats
    /// take them. `consumed` is the end of the last.
    /// - Parameters:
    ///   - memory: octets that a dictionary or window may take.
    ///   - mayGoOn: asked where nothing comes out; false ends decoding.
    ///   - use: false ends decoding.
    package func pieces(
        _ input: Span<UInt8>, memory: Int, while mayGoOn: () -> Bool, _ use: (Span<UInt8>) -> Bool
    ) -> CodecResult {
        switch self {
        case .bzip2: Self.run(BZip2Stream(), self, input, mayGoOn, use)
        case .lzma where input.count > 0 && Self.hasRareProperties(input[0]):
            Self.run(RareLZMAStream(memory: memory), self, input, mayGoOn, use)
        case .xz, .lzma, .lzip: Self.run(LZMAStream(self, memory: memory), self, input, mayGoOn, use)
        case .zstd: Self.run(ZstdStream(memory: memory), self, input, mayGoOn, use)
        case .lz4: Self.run(LZ4Stream(), self, input, mayGoOn, use)
        case .brotli: Self.run(BrotliStream(), self, input, mayGoOn, use)
        }
    }

    private static func run(
        _ stream: some CodecStream, _ codec: Codec, _ input: Span<UInt8>, _ mayGoOn: () -> Bool,
        _ use: (Span<UInt8>) -> Bool
    ) -> CodecResult {
        let piece = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: pieceSize)
        defer { piece.deallocate() }
        var result = CodecResult()
        var start: Int? = 0
        while let begin = start {
            guard stream.begin(input, at: begin) else {
                result.end = .memory
                return result
            }
            result.consumed = begin
            result.end = decode(stream, input, piece, &result, mayGoOn, use)
            guard result.end == .complete else { return result }
            result.whole += 1
            start = codec.nextStream(input, from: result.consumed)
        }
        return result
    }

    /// Decodes one stream. Returns how it ended.
    private static func decode(
        _ stream: some CodecStream, _ input: Span<UInt8>, _ piece: UnsafeMutableBufferPointer<UInt8>,
        _ result: inout CodecResult, _ mayGoOn: () -> Bool, _ use: (Span<UInt8>) -> Bool
    ) -> CodecResult.End {
        while true {
            let step = stream.step(input, from: result.consumed, into: piece)
            result.consumed += step.consumed
            result.produced += step.produced
            if step.produced > 0 {
                guard use(UnsafeBufferPointer(rebasing: UnsafeBufferPointer(piece)[..<step.produced]).span) else {
                    return .stopped
                }
            } else if !mayGoOn() {
                return .stopped
            }
            result.hasWrongChecksum = step.hasWrongChecksum
            if let end = step.end { return end }
            if step.consumed == 0, step.produced == 0 { return .truncated }
        }
    }

    /// Where the next stream begins behind one that ended; nil when something else or nothing follows.
    private func nextStream(_ input: Span<UInt8>, from end: Int) -> Int? {
        var start = end
        switch self {
        case .lzma, .brotli: return nil
        case .xz:
            // Stream padding: NULs, four at a time (xz format, section 2.2).
            while input.littleEndian32(at: start) == 0 { start += 4 }
        case .bzip2, .lzip, .zstd, .lz4: break
        }
        return begins(input, at: start) ? start : nil
    }

    /// A stream of this form begins here.
    package func begins(_ input: Span<UInt8>, at start: Int) -> Bool {
        guard start >= 0, start <= input.count - 4, let mark = input.littleEndian32(at: start) else { return false }
        switch self {
        case .bzip2: return mark & 0xFF_FFFF == 0x68_5A42 && 0x31...0x39 ~= input[start + 3]
        case .xz: return mark == 0x587A_37FD
        case .lzma, .brotli: return false
        // Versions 0 and 1.
        case .lzip: return mark == 0x5049_5A4C && start + 4 < input.count && input[start + 4] <= 1
        case .zstd: return mark == 0xFD2F_B528 || Self.isSkippable(mark)
        case .lz4: return mark == LZ4Stream.frame || mark == LZ4Stream.legacyFrame || Self.isSkippable(mark)
        }
    }

    /// Zstandard and LZ4 have the same frames to be skipped over.
    private static func isSkippable(_ mark: UInt32) -> Bool { mark & 0xFFFF_FFF0 == 0x184D_2A50 }
}

/// What one step of a stream did.
struct CodecStep {
    var consumed = 0
    var produced = 0
    /// Set when the stream is at its end, or broken.
    var end: CodecResult.End?
    /// All that is wrong is the checksum at its end.
    var hasWrongChecksum = false
}

/// One library's decoder.
protocol CodecStream: AnyObject {
    /// Prepares for a stream that begins at an offset; false when there is no memory.
    func begin(_ input: Span<UInt8>, at start: Int) -> Bool
    /// Decodes from an offset of `input` until `output` is full or something ends it.
    func step(_ input: Span<UInt8>, from start: Int, into output: UnsafeMutableBufferPointer<UInt8>) -> CodecStep
}
