internal import CCompression

/// Makes one gzip member (RFC 1952) piece by piece. Level 1: what is stored once for weeks is written while a client waits.
package final class GzipWriter {
    /// zlib keeps the address of its state, which therefore must not move.
    private let state: UnsafeMutablePointer<z_stream>
    private static let pieceSize = 65_536
    /// zlib's `memLevel` as `deflateInit(3)` has it.
    private static let memoryLevel: Int32 = 8

    /// nil when there is no memory.
    package init?() {
        state = .allocate(capacity: 1)
        state.initialize(to: z_stream())
        let code = deflateInit2_(
            state, Z_BEST_SPEED, Z_DEFLATED, MAX_WBITS + 16, Self.memoryLevel, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        guard code == Z_OK else {
            // zlib failed before it had anything of its own; deinit does not run for a failed init.
            state.deallocate()
            return nil
        }
    }

    deinit {
        deflateEnd(state)
        state.deallocate()
    }

    /// Compresses further bytes; appends to `output` what is ready.
    package func append(_ bytes: Span<UInt8>, to output: inout [UInt8]) {
        bytes.withUnsafeBufferPointer { source in
            var start = 0
            // zlib counts in 32 bits.
            while start < source.count {
                let count = min(source.count - start, Int(UInt32.max))
                state.pointee.next_in = source.baseAddress.map { UnsafeMutablePointer(mutating: $0 + start) }
                state.pointee.avail_in = UInt32(count)
                drain(Z_NO_FLUSH, to: &output)
                start += count
            }
        }
    }

    /// Appends the end of the member. Nothing may be appended afterwards.
    package func finish(to output: inout [UInt8]) {
        state.pointee.next_in = nil
        state.pointee.avail_in = 0
        drain(Z_FINISH, to: &output)
    }

    /// Runs zlib until it has room left, which says that it holds nothing more for now.
    private func drain(_ flush: Int32, to output: inout [UInt8]) {
        var hasRoom = false
        while !hasRoom {
            output.append(
                addingCapacity: Self.pieceSize,
                initializingWith: { (span: inout OutputSpan<UInt8>) in
                    span.withUnsafeMutableBufferPointer { buffer, filled in
                        state.pointee.next_out = buffer.baseAddress
                        state.pointee.avail_out = UInt32(buffer.count)
                        deflate(state, flush)
                        filled = buffer.count - Int(state.pointee.avail_out)
                        hasRoom = state.pointee.avail_out > 0
                    }
                })
        }
    }
}
