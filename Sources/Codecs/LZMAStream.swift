internal import Bytes
internal import CCodecs

/// liblzma: xz, lzip and LZMA's own files with the properties that it takes.
final class LZMAStream: CodecStream {
    private let codec: Codec
    /// Octets that a dictionary may have.
    private let dictionary: Int
    private let memory: UInt64
    /// Octets that liblzma takes beside a dictionary, and more: its own state, and that of the filters of xz.
    private static let state = 262_144
    /// liblzma keeps the address of its state, which therefore must not move.
    private let state: UnsafeMutablePointer<lzma_stream>

    /// - Parameter memory: octets that a dictionary may have.
    init(_ codec: Codec, memory: Int) {
        dictionary = max(1, memory)
        self.memory = UInt64((codec == .xz ? Self.largest(dictionary) : dictionary) + Self.state)
        self.codec = codec
        state = .allocate(capacity: 1)
        state.initialize(to: lzma_stream())
    }

    deinit {
        lzma_end(state)
        state.deallocate()
    }

    /// Octets of the largest dictionary of xz that is no larger: 2^n or 2^n + 2^(n-1) (xz format, section 5.3.1).
    private static func largest(_ dictionary: Int) -> Int {
        let power = 1 << (Int.bitWidth - 1 - dictionary.leadingZeroBitCount)
        return power + power / 2 <= dictionary ? power + power / 2 : power
    }

    /// Octets of the dictionary that stands in the header at a place; nil where that is cut off, and of xz, whose blocks have one each.
    private func statedDictionary(_ input: Span<UInt8>, at start: Int) -> Int? {
        switch codec {
        case .lzma: return input.littleEndian32(at: start + 1).map { Int($0) }
        case .lzip:
            // Five bits for a power of two, three for sixteenths of it that are taken away (lzip's manual, "File format").
            guard start + 5 < input.count else { return nil }
            let size = 1 << Int(input[start + 5] & 31)
            return size - size / 16 * Int(input[start + 5] >> 5)
        default: return nil
        }
    }

    func begin(_ input: Span<UInt8>, at start: Int) -> Bool {
        guard statedDictionary(input, at: start) ?? 0 <= dictionary else { return false }
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
