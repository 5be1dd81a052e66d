internal import Bytes
internal import Compression
internal import Members

/// Reads ARJ archives. Methods 1 to 3 are the coding of LHA's lh7, which libarchive decodes; methods 0 and 4 are read here.
enum ArjReader {
    private static let mark: [UInt8] = [0x60, 0xEA]
    /// Octets of the largest header.
    private static let headerSize = 2600

    static func read(_ content: Span<UInt8>, into sink: any MemberSink) {
        var position = 0
        while sink.mayGoOn() {
            guard content.hasBytes(mark, at: position) else { return sink.report(.corrupt, "arj archive is cut off") }
            if content.littleEndian16(at: position + 2) == 0 {
                return ArchiveEnd.addRest(of: content, from: position + 4, "arj archive", into: sink)
            }
            guard let header = Header(content, at: position) else {
                return sink.report(.corrupt, "damaged arj archive")
            }
            if !header.isMain {
                // Other programs go by the headers of members.
                if position == 0 { sink.report(.corrupt, "arj archive without its own header") }
                guard read(header, content, sink) else { return }
            }
            position = header.next(content)
        }
    }

    /// The fields of a header make sense, which costs less than its checksum: sizes, versions, host system, type and method. Of an
    /// archive, or of a member where that is missing.
    static func mayBeHeader(_ content: Span<UInt8>, at start: Int) -> Bool {
        guard start >= 0, start <= content.count - 34, let length = content.littleEndian16(at: start + 2) else {
            return false
        }
        return 30...headerSize ~= Int(length) && 30...Int(length) ~= Int(content[start + 4])
            && content[start + 6] <= content[start + 5] && content[start + 7] < 16
            && (isMain(content, at: start) || content[start + 10] <= 4 && content[start + 9] <= 4)
    }

    /// The header there is that of an archive.
    static func isMain(_ content: Span<UInt8>, at start: Int) -> Bool { content[start + 10] == mainType }

    /// The type of an archive's header; others are those of members.
    private static let mainType: UInt8 = 2

    /// Where an archive ends by its headers; nil when the mark of its end is not where it should be.
    static func end(_ content: Span<UInt8>, while mayGoOn: () -> Bool) -> Int? {
        var position: Int? = 0
        while let start = position, mayGoOn(), content.hasBytes(mark, at: start) {
            if content.littleEndian16(at: start + 2) == 0 { return start + 4 }
            position = Header(content, at: start)?.next(content)
        }
        return nil
    }

    /// A header is here: its CRC is right.
    static func isHeader(_ content: Span<UInt8>, at offset: Int) -> Bool { Header(content, at: offset) != nil }

    /// One header, of the archive or of a member (`technote.txt` of ARJ).
    private struct Header {
        var flags: UInt8
        var method: UInt8
        var type: UInt8
        var compressedSize: Int
        var size: Int
        var checksum: UInt32
        var name: [UInt8]
        /// Where the data begins.
        var end: Int

        init?(_ content: Span<UInt8>, at start: Int) {
            guard content.hasBytes(mark, at: start), let length = content.littleEndian16(at: start + 2),
                30...headerSize ~= Int(length), let stated = content.littleEndian32(at: start + 4 + Int(length))
            else { return nil }
            let basic = content.extracting(start + 4..<start + 4 + Int(length))
            guard crc32(basic) == stated, Int(basic[0]) <= basic.count, let packed = basic.littleEndian32(at: 12),
                let size = basic.littleEndian32(at: 16), let checksum = basic.littleEndian32(at: 20)
            else { return nil }
            flags = basic[4]
            method = basic[5]
            type = basic[6]
            compressedSize = Int(packed)
            self.size = Int(size)
            self.checksum = checksum
            let nameStart = Int(basic[0])
            let nameEnd = basic.firstIndex(of: 0, from: nameStart) ?? basic.count
            name = basic.extracting(nameStart..<max(nameStart, nameEnd)).array
            end = start + 8 + Int(length)
            // Extended headers, each with a checksum behind it, until one of size 0.
            while let extended = content.littleEndian16(at: end) {
                end += 2
                if extended == 0 { break }
                end += Int(extended) + 4
            }
            end = min(end, content.count)
        }

        var isMain: Bool { type == mainType }

        /// Where the next header stands: behind the data of a member.
        func next(_ content: Span<UInt8>) -> Int {
            isMain ? end : content.clamped(end, compressedSize).upperBound
        }
    }

    private static func read(_ header: Header, _ content: Span<UInt8>, _ sink: any MemberSink) -> Bool {
        var member = Member(names: [header.name])
        if header.flags & 0x0C != 0 { sink.report(.unsupported, "volume of a split arj archive") }
        if header.type == 3 { member.flags.insert(.directory) }
        if header.type > 1 { return sink.add(member) }
        let data = content.clamped(header.end, header.compressedSize)
        if data.count < header.compressedSize { sink.report(.corrupt, "arj archive is cut off") }
        if header.flags & 1 != 0 {
            member.flags.insert(.encrypted)
            sink.report(.encrypted, "member of arj archive")
            return sink.add(member)
        }
        switch header.method {
        case 0:
            check(crc32(content.extracting(data)), header, sink)
            return sink.add(member, range: data)
        case 1...3:
            return decodeLHA(content.extracting(data), header, member, sink)
        case 4:
            var decoder = ArjFastest(size: min(header.size, sink.room))
            let decoded = decoder.decode(content.extracting(data))
            check(crc32(decoded.span), header, sink)
            return sink.add(member, content: decoded)
        default:
            sink.report(.unsupported, "arj method \(header.method)")
            return sink.add(member)
        }
    }

    private static func check(_ sum: UInt32, _ header: Header, _ sink: any MemberSink) {
        if sum != header.checksum { sink.report(.corrupt, "arj member with a wrong checksum") }
    }

    private static func decodeLHA(
        _ data: Span<UInt8>, _ header: Header, _ member: Member, _ sink: any MemberSink
    ) -> Bool {
        guard sink.begin(member) else { return false }
        var sum: UInt32 = 0
        let end = LHAData.decode(data, method: "lh7", size: header.size) { piece in
            sum = crc32(piece, seed: sum)
            return sink.append(piece)
        }
        sink.end()
        if end == .stopped { return false }
        check(sum, header, sink)
        return true
    }
}

/// ARJ's method 4: lengths and distances in unary-prefixed codes.
private struct ArjFastest {
    private let size: Int
    private var position = 0

    init(size: Int) {
        self.size = size
    }

    /// What the data decodes to, at most the size that was given.
    mutating func decode(_ data: Span<UInt8>) -> [UInt8] {
        var out: [UInt8] = []
        while out.count < size, position < data.count * 8 {
            let length = code(data, from: 0, to: 7)
            if length == 0 {
                out.append(UInt8(truncatingIfNeeded: bits(8, data)))
                continue
            }
            let distance = code(data, from: 9, to: 13) + 1
            guard distance <= out.count else { return out }
            for _ in 0..<min(length + 2, size - out.count) { out.append(out[out.count - distance]) }
        }
        return out
    }

    private mutating func code(_ data: Span<UInt8>, from first: Int, to last: Int) -> Int {
        var base = 0
        var width = first
        while width < last, bits(1, data) == 1 {
            base += 1 << width
            width += 1
        }
        return base + bits(width, data)
    }

    private mutating func bits(_ count: Int, _ data: Span<UInt8>) -> Int {
        var value = 0
        for _ in 0..<count {
            let byte = position / 8
            value = value << 1 | (byte < data.count ? Int(data[byte] >> UInt8(7 - position % 8)) & 1 : 0)
            position += 1
        }
        return value
    }
}
