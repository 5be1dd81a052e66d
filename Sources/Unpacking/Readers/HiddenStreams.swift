internal import Bytes
internal import Codecs
internal import Members

/// Compressed files, tar and LHA archives within a program or script: self-extracting scripts (makeself, shar with a tail)
/// and stubs carry one. Their marks are short, so each is read to its end before it counts.
struct HiddenStreams {
    /// Octets of output that tell a damaged stream from what looks like one.
    private static let proof = 1024

    private let sink: any MemberSink
    private var trialsLeft: Int
    /// Octets that all trials may put out; they are kept nowhere.
    private var outputLeft: Int

    init(_ sink: any MemberSink) {
        self.sink = sink
        trialsLeft = sink.limits.marks
        outputLeft = sink.room
    }

    /// Octets of each kind, and how many stand in front of them.
    static let marks: [(bytes: [UInt8], offset: Int)] = [
        ([0x1F, 0x8B, 0x08], 0), ([0x31, 0x41, 0x59, 0x26, 0x53, 0x59], 4), ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0], 0),
        ([0x28, 0xB5, 0x2F, 0xFD], 0), (Array("ustar".utf8), 257), ([0x2D, 0x6C, 0x68], 2),
        ([0x04, 0x22, 0x4D, 0x18], 0), ([0x02, 0x21, 0x4C, 0x18], 0), ([0x4C, 0x5A, 0x49, 0x50, 1], 0),
    ]

    /// A stream that was found.
    struct Found {
        var end: Int
        /// It was decoded to its end, or its reader has to find that.
        var isWhole = true
    }

    /// What begins at `start`; nil when nothing does. The end of an archive is found by its reader.
    mutating func find(in content: Span<UInt8>, at start: Int) -> Found? {
        let rest = content.extracting(start..<content.count)
        if rest.hasBytes([0x1F, 0x8B, 0x08], at: 0) { return gzip(content, at: start) }
        if rest.hasBytes([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0], at: 0) { return stream(.xz, rest, at: start) }
        if rest.hasBytes([0x28, 0xB5, 0x2F, 0xFD], at: 0) { return stream(.zstd, rest, at: start) }
        if rest.hasBytes([0x04, 0x22, 0x4D, 0x18], at: 0) || rest.hasBytes([0x02, 0x21, 0x4C, 0x18], at: 0) {
            return stream(.lz4, rest, at: start)
        }
        if rest.hasBytes([0x4C, 0x5A, 0x49, 0x50, 1], at: 0) { return stream(.lzip, rest, at: start) }
        // Ten octets that no program has for constants; a block may be longer than what is there.
        if StructureChecks.isBzip2(rest) {
            return stream(.bzip2, rest, at: start) ?? Found(end: content.count, isWhole: false)
        }
        guard rest.hasBytes(Self.tar, at: 257) || StructureChecks.isLHA(rest), mayTry() else { return nil }
        return StructureChecks.isTar(rest) || LHAHeader.isHere(rest) ? Found(end: content.count) : nil
    }

    private static let tar: StaticString = "ustar"

    private mutating func mayTry() -> Bool {
        guard trialsLeft > 0 else {
            sink.report(.streamMarks)
            return false
        }
        trialsLeft -= 1
        return sink.mayGoOn()
    }

    private mutating func gzip(_ content: Span<UInt8>, at start: Int) -> Found? {
        // Of the header reserved flags only keep a program from reading on (RFC 1952 section 2.3.1.2).
        guard content.count - start >= 18, content[start + 3] & 0xE0 == 0, mayTry() else { return nil }
        return GzipReader.end(of: content, at: start, limit: &outputLeft, while: { sink.mayGoOn() }).map {
            Found(end: $0.end, isWhole: $0.isWhole)
        }
    }

    private mutating func stream(_ codec: Codec, _ rest: Span<UInt8>, at start: Int) -> Found? {
        guard mayTry() else { return nil }
        var left = outputLeft
        let result = codec.pieces(rest, memory: sink.limits.dictionary, while: { sink.mayGoOn() }) { piece in
            left -= min(left, piece.count)
            return left > 0
        }
        outputLeft = left
        if result.end == .complete { return Found(end: start + result.consumed) }
        return result.produced >= Self.proof ? Found(end: start + max(1, result.consumed), isWhole: false) : nil
    }
}

/// The first header of an LHA archive.
enum LHAHeader {
    /// Octets of a header of level 2 in front of its extensions.
    private static let fixed = 24
    private static let mostExtensions = 64

    /// A method stands in its place, and the checksum of the header is right.
    static func isHere(_ content: Span<UInt8>) -> Bool {
        guard StructureChecks.isLHA(content) else { return false }
        switch content[20] {
        case 0, 1:
            let size = Int(content[0])
            guard size >= 22, size + 2 <= content.count else { return false }
            var sum: UInt8 = 0
            for index in 2..<size + 2 { sum &+= content[index] }
            return sum == content[1]
        case 2:
            return hasChecksum(content)
        default:
            return false
        }
    }

    /// Level 2: the first kind of extension holds the CRC-16 of the header, taken with zeros in its place.
    private static func hasChecksum(_ content: Span<UInt8>) -> Bool {
        guard let size = content.littleEndian16(at: 0).map({ Int($0) }), size > fixed, size <= content.count else {
            return false
        }
        var position = fixed
        for _ in 0..<mostExtensions {
            guard let length = content.littleEndian16(at: position), length >= 3, position + 5 <= size else {
                return false
            }
            if content[position + 2] == 0, let sum = content.littleEndian16(at: position + 3) {
                var header = content.extracting(0..<size).array
                header[position + 3] = 0
                header[position + 4] = 0
                return CyclicChecksum.crc16Reflected(header.span) == sum
            }
            position += Int(length)
        }
        return false
    }
}
