internal import Bytes

/// A frame of Zstandard by its headers alone (RFC 8878 section 3.1.1): the library gives nothing of a compressed block that is not there
/// as a whole.
enum ZstdFrame {
    /// Octets of the largest block (section 3.1.1.2.4).
    private static let mostBlock = 131_072
    /// Behind the mark: bits that mean nothing, and a dictionary from elsewhere.
    private static let unusual: UInt8 = 0b0001_1011
    private static let isOneSegment: UInt8 = 0b0010_0000
    private static let hasChecksum: UInt8 = 0b0000_0100

    private enum Block {
        static let stored = 0
        static let run = 1
        static let reserved = 3
        static let header = 3
    }

    /// The content ends within the frame that it begins with: in its last block, in one behind others, in the first where that is stored
    /// and of full size, or in the checksum. What follows the mark in a program, as one of its constants, does not look so.
    static func isCutOff(_ content: Span<UInt8>) -> Bool {
        guard content.count > 4, case let descriptor = content[4], descriptor & unusual == 0,
            let (size, window, start) = fields(content, descriptor)
        else { return false }
        let most = min(mostBlock, window)
        var position = start
        var blocks = 0
        // Octets that its blocks give at least: all of them where none is compressed.
        var (given, isExact) = (0, true)
        while position <= content.count - Block.header {
            let header = (0..<Block.header).reduce(0) { $0 | Int(content[position + $1]) << ($1 * 8) }
            let (isLast, type, count) = (header & 1 == 1, header >> 1 & 3, header >> 3)
            guard type != Block.reserved, count <= most, count > 0 || isLast && type == Block.stored else {
                return false
            }
            if type == Block.stored || type == Block.run { given += count } else { isExact = false }
            if let size, given > size || isLast && isExact && given != size { return false }
            let end = position + Block.header + (type == Block.run ? 1 : count)
            if end > content.count { return isLast || blocks > 0 || type == Block.stored && count == most }
            if isLast { return descriptor & hasChecksum != 0 && end + 4 > content.count }
            position = end
            blocks += 1
        }
        return blocks > 0
    }

    /// Octets of the content, where the header says it, those of the window, and where the first block begins.
    private static func fields(_ content: Span<UInt8>, _ descriptor: UInt8) -> (size: Int?, window: Int, end: Int)? {
        let isOneSegment = descriptor & isOneSegment != 0
        var position = isOneSegment ? 5 : 6
        let octets = [isOneSegment ? 1 : 0, 2, 4, 8][Int(descriptor >> 6)]
        guard position + octets <= content.count else { return nil }
        var size: Int?
        if octets > 0 {
            var value: UInt64 = 0
            for index in 0..<octets { value |= UInt64(content[position + index]) << UInt64(index * 8) }
            // That of two octets begins where one octet ends.
            size = Int(clamping: octets == 2 ? value + 256 : value)
        }
        position += octets
        guard !isOneSegment else { return (size, size ?? 0, position) }
        let window = 1 << (10 + Int(content[5] >> 3))
        return (size, window + window / 8 * Int(content[5] & 7), position)
    }
}
