internal import Bytes
internal import CCodecs

/// liblzma: xz, lzip and LZMA's own files with the properties that it takes.
final class LZMAStream: CodecStream {
    private let codec: Codec
    private let memory: UInt64
    /// liblzma keeps the address of its state, which therefore must not move.
    private let state: UnsafeMutablePointer<lzma_stream>

    init(_ codec: Codec, memory: Int) {
        self.memory = UInt64(max(1, memory))
        self.codec = codec
        state = .allocate(capacity: 1)
        state.initialize(to: lzma_stream())
    }

    deinit {
        lzma_end(state)
        state.deallocate()
    }

    func begin(_ input: Span<UInt8>, at start: Int) -> Bool {
        switch codec {
        case .lzip: return lzma_lzip_decoder(state, memory, 0) == LZMA_OK
        case .lzma: return lzma_alone_decoder(state, memory) == LZMA_OK
        default: return lzma_stream_decoder(state, memory, 0) == LZMA_OK
        }
    }

    func step(_ input: Span<UInt8>, from start: Int, into output: UnsafeMutableBufferPointer<UInt8>) -> CodecStep {
        var step = CodecStep()
        input.withUnsafeBufferPointer { source in
            let given = source.count - start
            state.pointee.next_in = source.baseAddress.map { $0 + start }
            state.pointee.avail_in = given
            state.pointee.next_out = output.baseAddress
            state.pointee.avail_out = output.count
            let code = lzma_code(state, LZMA_FINISH)
            step.consumed = given - state.pointee.avail_in
            step.produced = output.count - state.pointee.avail_out
            step.end = Self.end(code)
        }
        return step
    }

    private static func end(_ code: lzma_ret) -> CodecResult.End? {
        switch code {
        case LZMA_OK: nil
        case LZMA_STREAM_END: .complete
        case LZMA_BUF_ERROR: .truncated
        // Told behind the checksum of a header only, so the stream means it.
        case LZMA_OPTIONS_ERROR: .unsupported
        case LZMA_MEM_ERROR, LZMA_MEMLIMIT_ERROR: .memory
        default: .corrupt
        }
    }
}

extension Codec {
    /// LZMA allows more literal context and position bits than liblzma takes (`LZMA_LCLP_MAX`).
    /// - Parameter properties: the first octet of its header.
    package static func hasRareProperties(_ properties: UInt8) -> Bool {
        LZMAProperties(properties)?.areRare ?? false
    }
}
