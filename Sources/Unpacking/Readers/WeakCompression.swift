internal import Bytes

/// Compressions that leave parts of what they pack as they were: blocks of literals, which are octets of the content in its order,
/// and between them lengths and distances (LZ4 Block Format; RFC 8878 section 3.1.1.3; lzop's source). What stands in the blocks of
/// a file that was decoded to its end is in its content, and is searched there.
enum WeakCompression {
    /// Zstandard and LZ4 have frames around their blocks, and others that programs pass over.
    case frames
    /// lzop has one header with a name, and blocks.
    case lzop

    /// - Parameter types: of the content.
    init?(_ types: [FileType]) {
        let openings = types.map(\.opening).filter(\.isArchive)
        switch openings {
        case [.filter(.zstd)], [.filter(.lz4)]: self = .frames
        case [.filter(.lzop)]: self = .lzop
        default: return nil
        }
    }

    /// Octets of the head of a frame that is passed over: its mark, and the size of what follows.
    private static let head = 8

    /// A part of a compressed file lies in its blocks alone: in none of the frames that are passed over, no header, and none of what
    /// stands in front of one, by marks that may be there by chance.
    func hasInBlocks(_ part: Range<Int>, _ content: Span<UInt8>) -> Bool {
        switch self {
        case .frames:
            // The first octet of the mark may be any of 16 (RFC 8878 section 3.1.2).
            var from = 1
            while let place = content.firstIndex(of: [0x2A, 0x4D, 0x18], from: from, to: part.upperBound) {
                from = place + 1
                guard content[place - 1] & 0xF0 == 0x50, let size = content.littleEndian32(at: place + 3) else {
                    continue
                }
                if place - 1 + Self.head + Int(size) > part.lowerBound { return false }
            }
            return true
        case .lzop:
            guard let first = LZOPData.firstBlock(content) else { return false }
            return part.lowerBound >= first && content.firstIndex(of: LZOPData.mark, from: 1) == nil
        }
    }
}
