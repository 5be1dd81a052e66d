internal import Bytes
internal import CCodecs

/// libbz2.
final class BZip2Stream: CodecStream {
    /// libbz2 keeps the address of its state, which therefore must not move.
    private let state: UnsafeMutablePointer<bz_stream>
    private var isOpen = false

    init() {
        state = .allocate(capacity: 1)
        state.initialize(to: bz_stream())
    }

    deinit {
        if isOpen { BZ2_bzDecompressEnd(state) }
        state.deallocate()
    }

    func begin(_ input: Span<UInt8>, at start: Int) -> Bool {
        if isOpen { BZ2_bzDecompressEnd(state) }
        state.pointee = bz_stream()
        isOpen = BZ2_bzDecompressInit(state, 0, 0) == BZ_OK
        return isOpen
    }

    func step(_ input: Span<UInt8>, from start: Int, into output: UnsafeMutableBufferPointer<UInt8>) -> CodecStep {
        var step = CodecStep()
        input.withUnsafeBufferPointer { source in
            // libbz2 counts in 32 bits; what does not fit comes with the next step.
            let given = min(source.count - start, Int(UInt32.max))
            state.pointee.next_in = source.baseAddress.map {
                UnsafeMutableRawPointer(mutating: $0 + start).assumingMemoryBound(to: CChar.self)
            }
            state.pointee.avail_in = UInt32(given)
            state.pointee.next_out = output.baseAddress.map {
                UnsafeMutableRawPointer($0).assumingMemoryBound(to: CChar.self)
            }
            state.pointee.avail_out = UInt32(output.count)
            let code = BZ2_bzDecompress(state)
            step.consumed = given - Int(state.pointee.avail_in)
            step.produced = output.count - Int(state.pointee.avail_out)
            switch code {
            case BZ_OK: break
            case BZ_STREAM_END: step.end = .complete
            case BZ_MEM_ERROR: step.end = .memory
            default: step.end = .corrupt
            }
        }
        return step
    }
}
