internal import Bytes
internal import Members

/// Reads sparse images of Android (`sparse_format.h` of libsparse): the blocks of an image in chunks, which stand in the file,
/// are one word over and over, or are zeros that nobody wrote.
enum SparseImage {
    /// Octets of the header, and of that of a chunk, in version 1; both say how long they are themselves.
    private static let shortestHeader = 28
    private static let shortestChunkHeader = 12
    /// Octets of the word that fills blocks.
    private static let word = 4
    /// Octets that are handed out at one time; whole words.
    private static let piece = 65_536
    /// Octets of a block, and of an image, that are believed.
    private static let largestBlock: UInt32 = 1 << 24
    private static let mostOctets = 1 << 56

    /// Kinds of chunks.
    private enum Kind {
        static let raw: UInt16 = 0xCAC1
        static let fill: UInt16 = 0xCAC2
        static let nothing: UInt16 = 0xCAC3
        static let checksum: UInt16 = 0xCAC4
    }

    /// Returns what became content.
    static func read(_ content: Span<UInt8>, into sink: any MemberSink) -> Coverage {
        var covered: [Range<Int>] = []
        guard let header = content.littleEndian16(at: 8), let chunkHeader = content.littleEndian16(at: 10),
            let blockSize = content.littleEndian32(at: 12), let blocks = content.littleEndian32(at: 16),
            let chunks = content.littleEndian32(at: 20), Int(header) >= shortestHeader,
            Int(chunkHeader) >= shortestChunkHeader, blockSize > 0, blockSize <= largestBlock,
            blockSize % UInt32(word) == 0
        else {
            sink.report(.corrupt, "damaged Android sparse image")
            return Coverage()
        }
        guard sink.begin(Member(role: "image")) else { return Coverage() }
        var place = Int(header)
        var produced = 0
        // Zeros up to the end of the image hold nothing.
        var zeros = 0
        var isDamaged = false
        var goesOn = true
        for _ in 0..<chunks {
            guard goesOn, let kind = content.littleEndian16(at: place),
                let count = content.littleEndian32(at: place + 4), let size = content.littleEndian32(at: place + 8),
                size >= UInt32(chunkHeader)
            else {
                if goesOn { isDamaged = true }
                break
            }
            let data = place + Int(chunkHeader)..<place + Int(size)
            let wanted = Int(count) * Int(blockSize)
            let found = content.clamped(data.lowerBound, data.count)
            switch kind {
            case Kind.raw:
                if data.count != wanted { isDamaged = true }
                covered.append(found)
                goesOn = fill(with: [0, 0, 0, 0], zeros, sink) && append(content.extracting(found), sink)
                zeros = 0
            case Kind.fill where found.count >= word:
                goesOn =
                    fill(with: [0, 0, 0, 0], zeros, sink)
                    && fill(with: content.extracting(found).array.prefix(word), wanted, sink)
                zeros = 0
            case Kind.nothing: zeros = min(zeros + wanted, mostOctets)
            case Kind.checksum: break
            default: isDamaged = true
            }
            if kind != Kind.checksum { produced = min(produced + wanted, mostOctets) }
            place = found.upperBound
            if found.count < data.count {
                isDamaged = true
                break
            }
        }
        sink.end()
        if isDamaged || goesOn && produced != Int(blocks) * Int(blockSize) {
            sink.report(.corrupt, "damaged Android sparse image")
        }
        if goesOn { ArchiveEnd.addRest(of: content, from: place, "Android sparse image", into: sink) }
        return Coverage(covered)
    }

    private static func append(_ octets: Span<UInt8>, _ sink: any MemberSink) -> Bool {
        var start = 0
        while start < octets.count {
            let range = octets.clamped(start, piece)
            guard sink.append(octets.extracting(range)) else { return false }
            start = range.upperBound
        }
        return true
    }

    /// Hands out so many octets of a word over and over.
    private static func fill(with word: some Collection<UInt8>, _ count: Int, _ sink: any MemberSink) -> Bool {
        guard count > 0 else { return true }
        let octets = Array(repeatElement(Array(word), count: min(count, piece) / Self.word).joined())
        var left = count
        while left > 0 {
            let part = min(left, octets.count)
            guard sink.append(octets.span.extracting(0..<part)) else { return false }
            left -= part
        }
        return true
    }
}
