internal import Bytes
internal import CCodecs

/// libzstd; its windows are powers of two.
final class ZstdStream: CodecStream {
    private let context = ZSTD_createDCtx()
    /// Powers of two of a window, by the format (RFC 8878 section 3.1.1.1.2), as far as the library goes.
    private static let windows = 10...31
    /// Octets of the magic number and the first field of a frame's header.
    private static let smallestHeader = 5

    /// Octets that the library wants for its next step: a block, most often. Where it is given more and meets damage, it loses what
    /// came before in the same call, and of a frame with its size all of it.
    private var wanted = 0

    /// - Parameter memory: octets that a window may take.
    init(memory: Int) {
        let power = Int.bitWidth - 1 - max(1, memory).leadingZeroBitCount
        ZSTD_DCtx_setParameter(
            context, ZSTD_d_windowLogMax, Int32(min(max(power, Self.windows.lowerBound), Self.windows.upperBound)))
    }

    deinit {
        ZSTD_freeDCtx(context)
    }

    func begin(_ input: Span<UInt8>, at start: Int) -> Bool {
        wanted = Self.smallestHeader
        return context != nil && ZSTD_isError(ZSTD_DCtx_reset(context, ZSTD_reset_session_only)) == 0
    }

    func step(_ input: Span<UInt8>, from start: Int, into output: UnsafeMutableBufferPointer<UInt8>) -> CodecStep {
        var step = CodecStep()
        input.withUnsafeBufferPointer { source in
            var given = ZSTD_inBuffer(
                src: source.baseAddress, size: min(source.count, start + wanted), pos: start)
            var taken = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
            let code = ZSTD_decompressStream(context, &taken, &given)
            step.consumed = given.pos - start
            step.produced = taken.pos
            if code == 0 {
                step.end = .complete
            } else if ZSTD_isError(code) != 0 {
                let error = ZSTD_getErrorCode(code)
                step.end = Self.end(error)
                step.hasWrongChecksum = error == ZSTD_error_checksum_wrong
            } else {
                wanted = code
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
