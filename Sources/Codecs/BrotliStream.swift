internal import Bytes
internal import CCodecs

/// libbrotlidec (RFC 7932): windows of 16 MiB at most, as the library takes larger ones on demand only.
final class BrotliStream: CodecStream {
    private var state: OpaquePointer?

    deinit {
        BrotliDecoderDestroyInstance(state)
    }

    func begin(_ input: Span<UInt8>, at start: Int) -> Bool {
        BrotliDecoderDestroyInstance(state)
        state = BrotliDecoderCreateInstance(nil, nil, nil)
        return state != nil
    }

    func step(_ input: Span<UInt8>, from start: Int, into output: UnsafeMutableBufferPointer<UInt8>) -> CodecStep {
        var step = CodecStep()
        input.withUnsafeBufferPointer { source in
            var next = source.baseAddress.map { $0 + start }
            var given = source.count - start
            var place = output.baseAddress
            var room = output.count
            let code = BrotliDecoderDecompressStream(state, &given, &next, &room, &place, nil)
            step.consumed = source.count - start - given
            step.produced = output.count - room
            switch code {
            case BROTLI_DECODER_RESULT_SUCCESS: step.end = .complete
            case BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT: step.end = .truncated
            case BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT: break
            default: step.end = .corrupt
            }
        }
        return step
    }
}
