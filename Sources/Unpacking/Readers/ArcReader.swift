internal import Bytes
internal import Codecs
internal import Compression
internal import Documents
internal import Members

/// Reads ARC archives (SEA's ARC 5 and 6, PKARC, and Spark of RISC OS): stored, packed, squeezed, crunched and squashed members. Crunched and
/// squashed data is that of compress(1) without its head, which libarchive decodes.
enum ArcReader {
    private static let mark: UInt8 = 0x1A
    /// Octets of a member's header; those of method 1 are without the original size.
    private static let headerSize = 29
    private static let oldHeaderSize = 25
    private static let nameSize = 13
    /// Spark marks its methods, and adds three words of RISC OS to a header.
    private static let sparkBit: UInt8 = 0x80
    private static let sparkWords = 12

    /// It begins with a name that DOS takes, or with any, which arc(1) takes, and there is another member or the end where the first
    /// one ends; or its data is what arc(1) writes by default; or name and method make sense. To arc(1) sizes say nothing. A whole description of a
    /// terminal is none.
    static func isArchive(_ content: Span<UInt8>) -> Bool {
        if CompiledTerminal.isWhole(content) { return false }
        if FileSignature.isARC(content) { return true }
        guard content.count > headerSize, content[0] == mark, content[1] & ~sparkBit != 0,
            let header = Header(content, at: 0), !header.name.isEmpty
        else { return false }
        let next = header.end + header.packedSize
        if next < content.count - 1, content[next] == mark, content[next + 1] & ~sparkBit <= 31 { return true }
        if header.method == crunched { return header.end < content.count && content[header.end] == usualBits }
        return usualMethods ~= header.method && header.name.count < nameSize && header.name.allSatisfy { $0 >= 0x20 }
    }

    /// Those of ARC 5.
    private static let usualMethods: ClosedRange<UInt8> = 1...9
    /// The one that is used by default, and the number of bits that its data begins with, of which arc(1) takes no other.
    private static let crunched: UInt8 = 8
    private static let usualBits: UInt8 = 12

    static func read(_ content: Span<UInt8>, into sink: any MemberSink) {
        var position = 0
        while sink.mayGoOn() {
            guard position < content.count - 1 else { return sink.report(.corrupt, "arc archive is cut off") }
            guard content[position] == mark else { return sink.report(.corrupt, "damaged arc archive") }
            // Of ARC 6: the end of a directory within the archive, which nothing begins with.
            if content[position + 1] & ~sparkBit == 0 || content[position + 1] == 31 && position > 0 {
                return ArchiveEnd.addRest(of: content, from: position + 2, "arc archive", into: sink)
            }
            guard let header = Header(content, at: position) else {
                return sink.report(.corrupt, "arc archive is cut off")
            }
            let data = content.clamped(header.end, header.packedSize)
            if data.count < header.packedSize { sink.report(.corrupt, "arc archive is cut off") }
            guard read(header, content, data, sink) else { return }
            position = data.upperBound
        }
    }

    private struct Header {
        var method: UInt8
        var name: [UInt8]
        var packedSize: Int
        var size: Int
        var checksum: UInt16
        /// Where the data begins.
        var end: Int

        init?(_ content: Span<UInt8>, at start: Int) {
            let isSpark = content[start + 1] & sparkBit != 0
            method = content[start + 1] & ~sparkBit
            let fields = method == 1 ? oldHeaderSize : headerSize
            let length = fields + (isSpark ? sparkWords : 0)
            guard start <= content.count - length, let packed = content.littleEndian32(at: start + 15),
                let sum = content.littleEndian16(at: start + 23)
            else { return nil }
            let field = content.extracting(start + 2..<start + 2 + nameSize)
            name = field.extracting(0..<(field.firstIndex(of: 0) ?? nameSize)).array
            packedSize = Int(packed)
            size = fields == oldHeaderSize ? Int(packed) : Int(content.littleEndian32(at: start + 25) ?? 0)
            checksum = sum
            end = start + length
        }
    }

    private static func read(
        _ header: Header, _ content: Span<UInt8>, _ range: Range<Int>, _ sink: any MemberSink
    ) -> Bool {
        let member = Member(names: [header.name], flags: .dosNames)
        if !member.hasReadableName { sink.report(.ambiguous, "arc member without a readable name") }
        let data = content.extracting(range)
        switch header.method {
        case 1, 2:
            checkSum(CyclicChecksum.crc16Reflected(data), header, sink)
            return sink.add(member, range: range)
        case 3:
            return decode(header, member, sink) { out in out.append(data) }
        case 4:
            return decode(header, member, sink) { out in
                Squeezed.decode(data) { out.append($0) }
            }
        case crunched:
            // The number of bits comes first.
            guard data.count > 1, 9...16 ~= data[0] else { break }
            return decode(header, member, sink) { out in
                decodeLZW(data.extracting(1..<data.count), bits: data[0], sink) { out.append($0) }
            }
        case 9:
            // Not packed before.
            return decode(header, member, sink, isPacked: false) { out in
                decodeLZW(data, bits: 13, sink) { out.append($0) }
            }
        case 20...29 where isInformation(data), 30 where data.count > 0 && data[0] == mark:
            // Of ARC 6: comments, and directories, which are archives within.
            return sink.add(member, range: range)
        default:
            // 5 to 7 are of ARC before 5.0, others of other programs. No program takes them for what those of ARC 6 are, either.
            sink.report(.unsupported, "arc method \(header.method)")
            return sink.add(member, range: range)
        }
        sink.report(.corrupt, "damaged arc member")
        return sink.add(member, range: range)
    }

    /// Pieces of information follow each other, each with its length in front, which counts itself and a type.
    private static func isInformation(_ data: Span<UInt8>) -> Bool {
        var position = 0
        while let length = data.littleEndian16(at: position), length > 2 { position += Int(length) }
        return position == data.count
    }

    private static func checkSum(_ sum: UInt16, _ header: Header, _ sink: any MemberSink) {
        // What was encrypted has no other sign.
        if sum != header.checksum { sink.report(.corrupt, "arc member with a wrong checksum, or encrypted") }
    }

    /// Hands out what a decoder gives. Returns false when the sink wants no more.
    private static func decode(
        _ header: Header, _ member: Member, _ sink: any MemberSink, isPacked: Bool = true,
        _ decoder: (inout RunLengthOutput) -> Bool
    ) -> Bool {
        guard sink.begin(member) else { return false }
        var out = RunLengthOutput(sink, isPacked: isPacked)
        // What came before the damage is a part of the member.
        let isDecoded = decoder(&out)
        let isWhole = !out.isStopped && out.finish() && isDecoded
        sink.end()
        guard !out.isStopped else { return false }
        if !isWhole {
            sink.report(.corrupt, "damaged arc member")
        } else {
            checkSum(out.checksum, header, sink)
        }
        return true
    }

    private static func decodeLZW(
        _ data: Span<UInt8>, bits: UInt8, _ sink: any MemberSink, _ use: (Span<UInt8>) -> Bool
    ) -> Bool {
        guard data.count > 0 else { return true }
        // The head of compress(1): its mark, block mode and the number of bits.
        var file: [UInt8] = [0x1F, 0x9D, 0x80 | bits]
        data.withUnsafeBufferPointer { file.append(contentsOf: $0) }
        return CompressedData.decode(file.span, while: { sink.mayGoOn() }, use).end == .complete
    }
}

/// Undoes ARC's packing on the way to a sink: `90 n` stands for the octet before it n - 1 times more, and `90 00` for an octet
/// `90`, which (unlike in BinHex) is never repeated.
private struct RunLengthOutput {
    private static let pieceSize = 65_536

    private let sink: any MemberSink
    private let isPacked: Bool
    private var piece: [UInt8] = []
    private var last: UInt8 = 0
    private var isRun = false
    /// Of what was handed out.
    private(set) var checksum: UInt16 = 0
    /// The sink wants no more.
    private(set) var isStopped = false

    init(_ sink: any MemberSink, isPacked: Bool) {
        self.sink = sink
        self.isPacked = isPacked
        piece.reserveCapacity(Self.pieceSize + 256)
    }

    /// Returns false when there is no going on.
    mutating func append(_ data: Span<UInt8>) -> Bool {
        guard isPacked else {
            checksum = CyclicChecksum.crc16Reflected(data, seed: checksum)
            isStopped = !sink.append(data)
            return !isStopped
        }
        for index in 0..<data.count {
            let byte = data[index]
            if isRun {
                isRun = false
                if byte == 0 {
                    piece.append(0x90)
                } else {
                    piece.append(contentsOf: repeatElement(last, count: Int(byte) - 1))
                }
            } else if byte == 0x90 {
                isRun = true
            } else {
                last = byte
                piece.append(byte)
            }
            if piece.count >= Self.pieceSize, !flush() { return false }
        }
        return true
    }

    /// Returns false when the data ended in the middle of a run.
    mutating func finish() -> Bool { flush() && !isRun }

    private mutating func flush() -> Bool {
        let isWanted = sink.append(piece.span)
        checksum = CyclicChecksum.crc16Reflected(piece.span, seed: checksum)
        piece.removeAll(keepingCapacity: true)
        isStopped = !isWanted
        return isWanted
    }
}

/// The Huffman coding of SQ and of ARC's method 4: a tree of pairs, then bits from the low one on.
enum Squeezed {
    private static let mostNodes = 257
    private static let end = 256
    private static let pieceSize = 4096

    /// Returns false when it is damaged, or `use` wants no more.
    static func decode(_ data: Span<UInt8>, _ use: (Span<UInt8>) -> Bool) -> Bool {
        guard let count = data.littleEndian16(at: 0), Int(count) <= mostNodes, data.count >= 2 + Int(count) * 4 else {
            return false
        }
        // A child from 0 on is a node, -1 - n the octet n or the end.
        var children: [Int] = []
        for index in 0..<Int(count) * 2 {
            let child = Int(Int16(bitPattern: data.littleEndian16(at: 2 + index * 2) ?? 0))
            guard -(Self.end + 1)..<Int(count) ~= child else { return false }
            children.append(child)
        }
        // Nothing at all.
        guard count > 0 else { return true }
        var piece: [UInt8] = []
        var node = 0
        for place in (2 + Int(count) * 4)..<max(2 + Int(count) * 4, data.count) {
            for bit in 0..<8 {
                node = children[node * 2 + Int(data[place] >> UInt8(bit)) & 1]
                guard node < 0 else { continue }
                if node == -(Self.end + 1) { return use(piece.span) }
                piece.append(UInt8(-1 - node))
                node = 0
            }
            if piece.count >= pieceSize {
                guard use(piece.span) else { return false }
                piece.removeAll(keepingCapacity: true)
            }
        }
        // arc(1) leaves the mark of the end out; the checksum tells whether all is there.
        return use(piece.span)
    }
}
