internal import Bytes

/// A file of LZMA whose properties liblzma does not take: the header of 13 octets and a stream.
final class RareLZMAStream: CodecStream {
    /// Octets in front of the stream: properties, dictionary, size.
    private static let header = 13

    private let memory: Int
    private var decoder: LZMADecoder?

    init(memory: Int) {
        self.memory = max(1, memory)
    }

    func begin(_ input: Span<UInt8>, at start: Int) -> Bool {
        decoder = nil
        guard start < input.count, let properties = LZMAProperties(input[start]),
            let dictionary = input.littleEndian32(at: start + 1), let size = input.littleEndian64(at: start + 5)
        else { return true }
        let stated = size == .max ? nil : Int(clamping: size)
        guard Int(dictionary) <= memory else { return false }
        decoder = LZMADecoder(
            input, at: start + Self.header, properties, dictionary: Int(dictionary), size: stated)
        return true
    }

    func step(_ input: Span<UInt8>, from start: Int, into output: UnsafeMutableBufferPointer<UInt8>) -> CodecStep {
        var step = CodecStep()
        // The first step counts the header as well.
        guard let (produced, end) = decoder?.decode(input, into: output), let position = decoder?.position else {
            step.end = input.count - start < Self.header ? .truncated : .corrupt
            return step
        }
        step.consumed = position - start
        step.produced = produced
        step.end = end
        return step
    }
}
