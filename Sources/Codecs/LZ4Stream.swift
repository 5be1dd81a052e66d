internal import Bytes
internal import CCodecs

/// liblz4: frames (LZ4 Frame Format), and the legacy frames of its first program, which the library leaves to its callers.
final class LZ4Stream: CodecStream {
    static let frame: UInt32 = 0x184D_2204
    static let legacyFrame: UInt32 = 0x184C_2102
    /// Octets that each block of a legacy frame decodes to, but for the last.
    private static let legacyBlock = 8_388_608

    private var context: OpaquePointer?
    /// Decoded block of a legacy frame, and how much of it was put out; nil within other frames.
    private var block: [UInt8]?
    private var blockStart = 0
    private var needsDictionary = false
    /// Octets that the library wants for its next step: a block, most often. Where it is given more and meets damage, it loses what
    /// came before in the same call.
    private var wanted = 0
    /// Octets of the smallest header of a frame.
    private static let smallestHeader = 7

    init() {
        if LZ4F_isError(LZ4F_createDecompressionContext(&context, UInt32(LZ4F_VERSION))) != 0 { context = nil }
    }

    deinit {
        LZ4F_freeDecompressionContext(context)
    }

    func begin(_ input: Span<UInt8>, at start: Int) -> Bool {
        guard let context else { return false }
        let mark = input.littleEndian32(at: start)
        block = mark == Self.legacyFrame ? [] : nil
        blockStart = 0
        // "Dictionary ID flag" of the frame descriptor.
        needsDictionary = mark == Self.frame && start + 4 < input.count && input[start + 4] & 1 != 0
        LZ4F_resetDecompressionContext(context)
        wanted = Self.smallestHeader
        return true
    }

    func step(_ input: Span<UInt8>, from start: Int, into output: UnsafeMutableBufferPointer<UInt8>) -> CodecStep {
        var step = CodecStep()
        if needsDictionary {
            step.end = .unsupported
            return step
        }
        if let decoded = block { return legacyStep(decoded, input, from: start, into: output) }
        input.withUnsafeBufferPointer { source in
            var taken = output.count
            var given = min(source.count - start, wanted)
            let code = LZ4F_decompress(
                context, output.baseAddress, &taken, source.baseAddress.map { $0 + start }, &given, nil)
            step.consumed = given
            step.produced = taken
            if LZ4F_isError(code) != 0 {
                step.end = .corrupt
            } else if code == 0 {
                step.end = .complete
            } else {
                wanted = code
            }
        }
        return step
    }

    /// Blocks of a legacy frame, each behind its size, until something else follows.
    private func legacyStep(
        _ decoded: [UInt8], _ input: Span<UInt8>, from start: Int, into output: UnsafeMutableBufferPointer<UInt8>
    ) -> CodecStep {
        var step = CodecStep()
        if blockStart < decoded.count {
            step.produced = min(output.count, decoded.count - blockStart)
            for index in 0..<step.produced { output[index] = decoded[blockStart + index] }
            blockStart += step.produced
            return step
        }
        // The frame's own mark comes first.
        let isFirst = decoded.isEmpty && input.littleEndian32(at: start) == Self.legacyFrame
        let place = isFirst ? start + 4 : start
        guard let size = input.littleEndian32(at: place), size > 0, size <= LZ4_compressBound(Int32(Self.legacyBlock))
        else {
            step.consumed = place - start
            step.end = .complete
            return step
        }
        let data = input.clamped(place + 4, Int(size))
        guard data.count == Int(size) else {
            step.end = .truncated
            return step
        }
        let next = [UInt8](unsafeUninitializedCapacity: Self.legacyBlock) { buffer, filled in
            input.extracting(data).withUnsafeBytes { source in
                let count = LZ4_decompress_safe(
                    source.baseAddress?.assumingMemoryBound(to: CChar.self),
                    UnsafeMutableRawPointer(buffer.baseAddress)?.assumingMemoryBound(to: CChar.self), Int32(size),
                    Int32(buffer.count))
                filled = max(0, Int(count))
            }
        }
        guard !next.isEmpty else {
            step.end = .corrupt
            return step
        }
        block = next
        blockStart = 0
        step.consumed = data.upperBound - start
        return step
    }
}
