internal import Bytes
internal import Codecs
internal import Documents
internal import Members

/// Compressed files, tar, cpio, xar and LHA archives and images of CDs within other content: self-extracting scripts
/// (makeself, shar with a tail) and stubs carry one. Their marks are short, so each is read to its end, or its header whole,
/// before it counts.
struct HiddenStreams {
    /// Octets of output that tell a damaged stream from what looks like one.
    private static let proof = 1024
    /// The same of Zstandard, which takes nearly anything for a block of few octets.
    private static let proofOfZstd = 65_536

    /// Octets of a file of LZMA that decode before it is damaged.
    private static let inputOfLZMA = 1024
    /// Octets of what comes that may tell its type.
    private static let headOfLZMA = 1024

    private let sink: any MemberSink
    private var trialsLeft: Int
    /// Octets that all trials may put out; they are kept nowhere.
    private var outputLeft: Int

    init(_ sink: any MemberSink) {
        self.sink = sink
        trialsLeft = sink.limits.marks
        outputLeft = sink.room
    }

    private static let xar = Array("xar!".utf8)
    /// The first five of six digits.
    private static let cpio = Array("07070".utf8)

    /// Octets of each kind, how many stand in front of them, and whether it is sure what they begin: by a checksum at its end,
    /// or by all of a header.
    static let marks: [(bytes: [UInt8], offset: Int, isChecked: Bool)] = [
        ([0x1F, 0x8B, 0x08], 0, true), ([0x31, 0x41, 0x59, 0x26, 0x53, 0x59], 4, true),
        ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0], 0, true), ([0x28, 0xB5, 0x2F, 0xFD], 0, true),
        (Array("ustar".utf8), 257, true), ([0x04, 0x22, 0x4D, 0x18], 0, true),
        ([0x02, 0x21, 0x4C, 0x18], 0, false), ([0x4C, 0x5A, 0x49, 0x50, 1], 0, true), (LZOPData.mark, 0, true),
        ([0x5D, 0, 0], 0, false), ([0x1F, 0x9D], 0, false), (xar, 0, true), (cpio, 0, true),
        (Array("-lh".utf8), 2, true), (Array("-lz".utf8), 2, true), (Array("-pm".utf8), 2, true),
        (CPIOHeader.little, 0, true), (CPIOHeader.big, 0, true),
        (Array("CD001".utf8), StructureChecks.firstDescriptor + 1, true),
    ]

    /// A stream that was found.
    struct Found {
        var end: Int
        /// It was decoded to its end, or its reader has to find that.
        var isWhole = true
        /// No other data looks so by chance, damaged as it is.
        var isSure = false
        /// Between what it holds there is room for others.
        var hasGaps = false
    }

    /// What begins at `start`; nil when nothing does. The end of an archive is found by its reader.
    mutating func find(in content: Span<UInt8>, at start: Int) -> Found? {
        let rest = content.extracting(start..<content.count)
        // What stands in front of a mark may look like another one.
        if StructureChecks.beginsISO9660(rest) { return Found(end: content.count, hasGaps: true) }
        if rest.hasBytes(Self.tar, at: 257) || FileSignature.isLHA(rest) {
            guard mayTry() else { return nil }
            if StructureChecks.isTar(rest) || LHAHeader.isHere(rest) { return Found(end: content.count) }
        }
        if rest.hasBytes([0x1F, 0x8B, 0x08], at: 0) { return gzip(content, at: start) }
        if rest.hasBytes([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0], at: 0) { return stream(.xz, rest, at: start, proof: 1) }
        if rest.hasBytes([0x28, 0xB5, 0x2F, 0xFD], at: 0) {
            let found = stream(.zstd, rest, at: start, proof: Self.proofOfZstd)
            return found ?? (ZstdFrame.isCutOff(rest) ? Self.cutOff(content) : nil)
        }
        if rest.hasBytes([0x04, 0x22, 0x4D, 0x18], at: 0) || rest.hasBytes([0x02, 0x21, 0x4C, 0x18], at: 0) {
            return rest[0] == 0x04
                ? stream(.lz4, rest, at: start, proof: 1) : stream(.lz4, rest, at: start, isSure: false)
        }
        if rest.hasBytes([0x4C, 0x5A, 0x49, 0x50, 1], at: 0) { return stream(.lzip, rest, at: start, proof: 1) }
        if LZOPData.begins(rest, at: 0) {
            let found = trial(rest, at: start, proof: 1) {
                LZOPData.decode($0, memory: $1, while: $2, begin: { _ in }, $3)
            }
            // Of a block that is not there as a whole nothing comes.
            return found ?? (LZOPData.hasHeader(rest) ? Self.cutOff(content) : nil)
        }
        if rest.hasBytes([0x5D, 0, 0], at: 0) {
            return StructureChecks.isLZMA(rest) ? lzma(rest, at: start) : nil
        }
        if rest.hasBytes([0x1F, 0x9D], at: 0) {
            guard FileSignature.isCompress(rest) else { return nil }
            return trial(rest, at: start, isSure: false) { input, _, mayGoOn, use in
                CompressedData.decode(input, while: mayGoOn, use)
            }
        }
        if rest.hasBytes(Self.xar.span, at: 0) { return Self.isXAR(rest) ? Found(end: content.count) : nil }
        if rest.hasBytes("07070", at: 0) { return CPIOHeader.isHere(rest) ? Found(end: content.count) : nil }
        if CPIOHeader.isBinary(rest) { return Found(end: content.count) }
        // Ten octets that no program has for constants; a block may be longer than what is there.
        if FileSignature.isBzip2(rest) {
            return stream(.bzip2, rest, at: start, proof: 1)
                ?? Self.cutOff(content)
        }
        return nil
    }

    /// A damaged file of LZMA has neither a mark nor a checksum: tables of programs decode for some hundred octets to some thousand.
    /// So more has to decode, or what comes has to be of a known type.
    private mutating func lzma(_ rest: Span<UInt8>, at start: Int) -> Found? {
        var head: [UInt8] = []
        let found = trial(rest, at: start, isSure: false) { input, memory, mayGoOn, use in
            Codec.lzma.pieces(input, memory: memory, while: mayGoOn) { piece in
                head += piece.extracting(piece.clamped(0, Self.headOfLZMA - head.count)).array
                return use(piece)
            }
        }
        guard let found, !found.isWhole, found.end - start < Self.inputOfLZMA else { return found }
        // An octet that is repeated is no text.
        return Recognition.types(of: head.span, isText: false).contains { $0 != .text } ? found : nil
    }

    /// What no chance is, and goes on to the end without being whole.
    private static func cutOff(_ content: Span<UInt8>) -> Found {
        Found(end: content.count, isWhole: false, isSure: true)
    }

    private static let tar: StaticString = "ustar"

    /// A header of at least 28 octets and a version that there is; behind it, by zlib, the list of members.
    private static func isXAR(_ rest: Span<UInt8>) -> Bool {
        guard rest.count > 8 else { return false }
        let (size, version) = (Int(rest[4]) << 8 | Int(rest[5]), Int(rest[6]) << 8 | Int(rest[7]))
        return size >= 28 && size < rest.count && version <= 1 && rest[size] == 0x78
    }

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
            Found(end: $0.end, isWhole: $0.isWhole, isSure: $0.isSure)
        }
    }

    private mutating func stream(
        _ codec: Codec, _ rest: Span<UInt8>, at start: Int, proof: Int = proof, isSure: Bool = true
    ) -> Found? {
        trial(rest, at: start, proof: proof, isSure: isSure) { codec.pieces($0, memory: $1, while: $2, $3) }
    }

    /// Decodes what may be a compressed file.
    /// - Parameters:
    ///   - proof: octets of output that tell a damaged one from what looks so; one is enough where all of it came.
    ///   - isSure: its mark is long enough not to be met by chance, so that it counts in media, damaged as it is.
    ///   - decode: with so much memory, while the one says yes, handing out to the other.
    private mutating func trial(
        _ rest: Span<UInt8>, at start: Int, proof: Int = proof, isSure: Bool = true,
        _ decode: (Span<UInt8>, Int, () -> Bool, (Span<UInt8>) -> Bool) -> CodecResult
    ) -> Found? {
        guard mayTry() else { return nil }
        var left = outputLeft
        let result = decode(rest, sink.limits.dictionary, { sink.mayGoOn() }) { piece in
            left -= min(left, piece.count)
            return left > 0
        }
        outputLeft = left
        if result.end == .complete, result.produced > 0 { return Found(end: start + result.consumed) }
        // Behind a whole one may stand what only begins as another.
        guard result.produced >= (result.hasWrongChecksum || result.whole > 0 ? 1 : proof) else { return nil }
        return Found(end: start + max(1, result.consumed), isWhole: false, isSure: isSure)
    }
}
