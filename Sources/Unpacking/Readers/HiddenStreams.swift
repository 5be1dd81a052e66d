internal import Bytes
internal import Codecs
internal import Members

/// Compressed files, tar and LHA archives within a program or script: self-extracting scripts (makeself, shar with a tail)
/// and stubs carry one. Their marks are short, so each is read to its end before it counts.
struct HiddenStreams {
    /// Places with the mark of a compressed file that are tried.
    private static let trials = 4096
    /// Octets of output that tell a damaged stream from what looks like one.
    private static let proof = 1024

    private let sink: any MemberSink
    private var trialsLeft = Self.trials
    /// Octets that all trials may put out; they are kept nowhere.
    private var outputLeft: Int

    init(_ sink: any MemberSink) {
        self.sink = sink
        outputLeft = sink.room
    }

    /// Octets of each kind, and how many stand in front of them.
    static let marks: [(bytes: [UInt8], offset: Int)] = [
        ([0x1F, 0x8B, 0x08], 0), ([0x31, 0x41, 0x59, 0x26, 0x53, 0x59], 4), ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0], 0),
        ([0x28, 0xB5, 0x2F, 0xFD], 0), (Array("ustar".utf8), 257), ([0x2D, 0x6C, 0x68], 2),
    ]

    /// Where what begins at `start` ends; nil when nothing begins there. The end of an archive is found by its reader.
    mutating func end(of content: Span<UInt8>, at start: Int) -> Int? {
        let rest = content.extracting(start..<content.count)
        if rest.hasBytes([0x1F, 0x8B, 0x08], at: 0) { return gzip(content, at: start) }
        if rest.hasBytes([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0], at: 0) { return stream(.xz, rest).map { start + $0 } }
        if rest.hasBytes([0x28, 0xB5, 0x2F, 0xFD], at: 0) { return stream(.zstd, rest).map { start + $0 } }
        // Ten octets that no program has for constants; a block may be longer than what is there.
        if StructureChecks.isBzip2(rest) { return start + (stream(.bzip2, rest) ?? rest.count) }
        return StructureChecks.isTar(rest) || LHAHeader.isHere(rest) ? content.count : nil
    }

    private mutating func mayTry() -> Bool {
        guard trialsLeft > 0 else {
            sink.report(.overLimits, "marks of compressed files")
            return false
        }
        trialsLeft -= 1
        return sink.mayGoOn()
    }

    private mutating func gzip(_ content: Span<UInt8>, at start: Int) -> Int? {
        // Flags, how hard it was compressed, and the system: few values are in use (RFC 1952 section 2.3.1).
        guard content.count - start >= 18, content[start + 3] & 0xE0 == 0, [0, 2, 4].contains(content[start + 8]),
            content[start + 9] <= 13 || content[start + 9] == 255, mayTry()
        else { return nil }
        return GzipReader.end(of: content, at: start, limit: &outputLeft, while: { sink.mayGoOn() })
    }

    /// - Returns: the end by `rest`; all of it for a stream that is damaged further on.
    private mutating func stream(_ codec: Codec, _ rest: Span<UInt8>) -> Int? {
        guard mayTry() else { return nil }
        var left = outputLeft
        let result = codec.pieces(rest, while: { sink.mayGoOn() }) { piece in
            left -= min(left, piece.count)
            return left > 0
        }
        outputLeft = left
        if result.end == .complete { return result.consumed }
        return result.produced >= Self.proof ? rest.count : nil
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
