internal import CCompression

/// One stream of zlib that inflates memory piece by piece.
final class InflateStream {
    /// zlib keeps the address of its state, which therefore must not move.
    private let state: UnsafeMutablePointer<z_stream>

    /// nil when there is no memory.
    init?(_ form: DeflateForm) {
        state = .allocate(capacity: 1)
        state.initialize(to: z_stream())
        let windowBits: Int32 =
            switch form {
            case .raw: -MAX_WBITS
            case .zlib: MAX_WBITS
            case .gzip: MAX_WBITS + 16
            }
        guard inflateInit2_(state, windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            // zlib failed before it had anything of its own; deinit does not run for a failed init.
            state.deallocate()
            return nil
        }
    }

    deinit {
        inflateEnd(state)
        state.deallocate()
    }

    /// What one step did.
    struct Step {
        var consumed = 0
        var produced = 0
        /// Set when there is nothing more.
        var end: InflateResult.End?
    }

    /// Inflates from an offset of `input` until `output` is full or something ends it.
    func step(_ input: Span<UInt8>, from start: Int, into output: UnsafeMutableBufferPointer<UInt8>) -> Step {
        input.withUnsafeBufferPointer { source in
            // zlib counts in 32 bits; what does not fit comes with the next step.
            let given = min(source.count - start, Int(UInt32.max))
            state.pointee.next_in = source.baseAddress.map { UnsafeMutablePointer(mutating: $0 + start) }
            state.pointee.avail_in = UInt32(given)
            state.pointee.next_out = output.baseAddress
            state.pointee.avail_out = UInt32(output.count)
            let code = inflate(state, Z_NO_FLUSH)
            var step = Step()
            step.consumed = given - Int(state.pointee.avail_in)
            step.produced = output.count - Int(state.pointee.avail_out)
            switch code {
            case Z_STREAM_END:
                step.end = .complete
            case Z_OK, Z_BUF_ERROR:
                // No progress with room for output left: the input is at its end.
                if state.pointee.avail_out > 0, start + step.consumed == source.count { step.end = .truncated }
            default:
                step.end = .corrupt
            }
            return step
        }
    }
}
