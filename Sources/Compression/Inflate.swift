internal import CCompression

/// What stands around deflated data (RFC 1951).
package enum DeflateForm: Hashable, Sendable {
    /// Nothing.
    case raw
    /// RFC 1950.
    case zlib
    /// One member of RFC 1952.
    case gzip
}

/// How decoding ended.
package struct InflateResult: Hashable, Sendable {
    /// Why decoding ended. What was decoded until then stands in the output in every case.
    package enum End: Hashable, Sendable {
        /// At the end of the compressed stream, its checksum right.
        case complete
        /// The input ended first.
        case truncated
        /// The input is no deflated data, or the checksum is wrong.
        case corrupt
        /// There was more than the limit.
        case limit
        /// The receiver wanted no more.
        case stopped
    }

    /// Octets of the input that were used.
    package var consumed: Int
    /// Octets of output.
    package var produced: Int
    package var end: End

    package init(consumed: Int, produced: Int, end: End) {
        self.consumed = consumed
        self.produced = produced
        self.end = end
    }
}

/// Inflates deflated data: as a whole by libdeflate, which is two to three times as fast, and in pieces or where the data
/// is damaged by zlib, which keeps what came before the damage.
package enum Inflate {
    /// Guesses of the size are not taken beyond this: further memory is taken as data comes.
    private static let largestGuess = 16_777_216
    private static let pieceSize = 65_536

    /// Appends what `input` inflates to.
    /// - Parameters:
    ///   - expected: octets that the container claims; a hint for speed, never believed.
    ///   - limit: octets that may be appended at most.
    package static func append(
        _ input: Span<UInt8>, form: DeflateForm, to output: inout [UInt8], expected: Int? = nil, limit: Int
    ) -> InflateResult {
        let start = output.count
        if let consumed = whole(input, form, to: &output, expected: expected, limit: max(0, limit)) {
            return InflateResult(consumed: consumed, produced: output.count - start, end: .complete)
        }
        return pieces(input, form: form, limit: limit) { piece in
            piece.withUnsafeBufferPointer { output.append(contentsOf: $0) }
            return true
        }
    }

    /// Lends what `input` inflates to, piece by piece, without ever holding more than one.
    /// - Parameters:
    ///   - limit: octets that are lent at most.
    ///   - use: false ends decoding.
    package static func pieces(
        _ input: Span<UInt8>, form: DeflateForm, limit: Int, _ use: (Span<UInt8>) -> Bool
    ) -> InflateResult {
        guard let stream = InflateStream(form) else { return InflateResult(consumed: 0, produced: 0, end: .corrupt) }
        let piece = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: pieceSize)
        defer { piece.deallocate() }
        var result = InflateResult(consumed: 0, produced: 0, end: .truncated)
        while true {
            // One octet more than may be lent tells a stream that is too long from one that just fits.
            let left = max(0, limit) - result.produced
            let room = left < piece.count ? left + 1 : piece.count
            let step = stream.step(
                input, from: result.consumed, into: UnsafeMutableBufferPointer(rebasing: piece[..<room]))
            result.consumed += step.consumed
            let fits = min(step.produced, left)
            result.produced += fits
            if fits > 0, !use(UnsafeBufferPointer(rebasing: UnsafeBufferPointer(piece)[..<fits]).span) {
                result.end = .stopped
                return result
            }
            if fits < step.produced {
                result.end = .limit
                return result
            }
            if let end = step.end {
                result.end = end
                return result
            }
        }
    }

    /// One call of libdeflate into memory of the right size. Returns what was consumed; nil when the data must be read in
    /// pieces, with nothing appended.
    private static func whole(
        _ input: Span<UInt8>, _ form: DeflateForm, to output: inout [UInt8], expected: Int?, limit: Int
    ) -> Int? {
        guard let decompressor = libdeflate_alloc_decompressor() else { return nil }
        defer { libdeflate_free_decompressor(decompressor) }
        var size = min(expected ?? max(4096, min(input.count, largestGuess) * 4), largestGuess, limit)
        while true {
            var consumed = 0
            var verdict = LIBDEFLATE_BAD_DATA
            let start = output.count
            let decoded = [UInt8](unsafeUninitializedCapacity: size) { buffer, filled in
                input.withUnsafeBufferPointer { source in
                    verdict = call(decompressor, form, source, buffer, &consumed, &filled)
                }
                if verdict != LIBDEFLATE_SUCCESS { filled = 0 }
            }
            switch verdict {
            case LIBDEFLATE_SUCCESS:
                // What is kept keeps no more memory than it needs: of a thousand small members each would hold a guess.
                let isTight = start == 0 && size - decoded.count <= max(4096, decoded.count / 2)
                if isTight { output = decoded } else { output.append(contentsOf: decoded) }
                return consumed
            case LIBDEFLATE_INSUFFICIENT_SPACE where size < min(limit, largestGuess):
                size = min(size * 4, limit, largestGuess)
                if size == 0 { return nil }
            default:
                return nil
            }
        }
    }

    private static func call(
        _ decompressor: OpaquePointer, _ form: DeflateForm, _ input: UnsafeBufferPointer<UInt8>,
        _ output: UnsafeMutableBufferPointer<UInt8>, _ consumed: inout Int, _ filled: inout Int
    ) -> libdeflate_result {
        switch form {
        case .raw:
            libdeflate_deflate_decompress_ex(
                decompressor, input.baseAddress, input.count, output.baseAddress, output.count, &consumed, &filled)
        case .zlib:
            libdeflate_zlib_decompress_ex(
                decompressor, input.baseAddress, input.count, output.baseAddress, output.count, &consumed, &filled)
        case .gzip:
            libdeflate_gzip_decompress_ex(
                decompressor, input.baseAddress, input.count, output.baseAddress, output.count, &consumed, &filled)
        }
    }
}
