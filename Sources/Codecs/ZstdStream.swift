internal import Bytes
internal import CCodecs

/// libzstd; its limit for windows is 128 MiB, half of `Codec.memory`.
final class ZstdStream: CodecStream {
    private let context = ZSTD_createDCtx()

    deinit {
        ZSTD_freeDCtx(context)
    }

    func begin(_ input: Span<UInt8>, at start: Int) -> Bool {
        context != nil && ZSTD_isError(ZSTD_DCtx_reset(context, ZSTD_reset_session_only)) == 0
    }

    func step(_ input: Span<UInt8>, from start: Int, into output: UnsafeMutableBufferPointer<UInt8>) -> CodecStep {
        var step = CodecStep()
        input.withUnsafeBufferPointer { source in
            var given = ZSTD_inBuffer(src: source.baseAddress, size: source.count, pos: start)
            var taken = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
            let code = ZSTD_decompressStream(context, &taken, &given)
            step.consumed = given.pos - start
            step.produced = taken.pos
            if code == 0 {
                step.end = .complete
            } else if ZSTD_isError(code) != 0 {
                step.end = Self.end(ZSTD_getErrorCode(code))
            }
        }
        return step
    }

    private static func end(_ code: ZSTD_ErrorCode) -> CodecResult.End {
        switch code {
        case ZSTD_error_frameParameter_windowTooLarge, ZSTD_error_memory_allocation: .memory
        case ZSTD_error_dictionary_wrong: .unsupported
        default: .corrupt
        }
    }
}
