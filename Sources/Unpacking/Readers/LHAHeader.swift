internal import Bytes
internal import Documents

/// A header of an LHA archive (`header.doc.md` of LHa for UNIX).
struct LHAHeader {
    /// Octets that every header begins with, up to its level.
    static let fixed = 21
    private static let mostExtensions = 64

    let start: Int
    let level: UInt8
    /// Where the data ends that follows: there stands the next header, or the mark of the end.
    let next: Int
    /// Where the length of the first extension stands, and where the last ends at the latest; empty at level 0.
    let extensions: Range<Int>
    /// Octets of an extension's length.
    let width: Int

    /// What the fields say, whether they make sense or not; nil where there is no header, or one of a level that nobody knows.
    init?(_ content: Span<UInt8>, at start: Int) {
        guard start + Self.fixed < content.count, let packed = content.littleEndian32(at: start + 7) else { return nil }
        self.start = start
        level = content[start + 20]
        width = level == 3 ? 4 : 2
        let (end, first): (Int, Int)
        switch level {
        case 0, 1:
            end = start + Int(content[start]) + 2
            first = level == 0 ? end : end - width
        case 2:
            guard let size = content.littleEndian16(at: start) else { return nil }
            (end, first) = (start + Int(size), start + 24)
        case 3:
            guard let size = content.littleEndian32(at: start + 24) else { return nil }
            (end, first) = (start + Int(size), start + 28)
        default: return nil
        }
        next = end + Int(packed)
        // At level 1 the octets that follow count the extensions.
        let last = level == 1 ? next : end
        extensions = first..<max(first, min(last, content.count))
    }

    /// Calls `use` with the place of each extension's kind and the octets up to the length of the next.
    /// - Returns: where the length of the first stands that is none any more, and whether that is the mark of their end.
    @discardableResult
    func forEachExtension(_ content: Span<UInt8>, _ use: (_ kind: Int, _ count: Int) -> Void) -> (
        end: Int, isMarked: Bool
    ) {
        var position = extensions.lowerBound
        for _ in 0..<Self.mostExtensions {
            let kind = position + width
            let stated =
                width == 2
                ? content.littleEndian16(at: position).map { Int($0) }
                : content.littleEndian32(at: position).map { Int($0) }
            guard let length = stated, kind <= extensions.upperBound else { break }
            if length == 0 { return (position, true) }
            guard length > width, kind + length <= extensions.upperBound else { break }
            use(kind, length - width)
            position += length
        }
        return (position, false)
    }

    /// A method stands in its place, and the checksum of the header is right where it has one.
    static func isHere(_ content: Span<UInt8>) -> Bool {
        guard FileSignature.isLHA(content), let header = LHAHeader(content, at: 0) else { return false }
        switch header.level {
        case 0, 1:
            let size = Int(content[0])
            guard size >= 22, size + 2 <= content.count else { return false }
            var sum: UInt8 = 0
            for index in 2..<size + 2 { sum &+= content[index] }
            return sum == content[1]
        case 2:
            return header.hasWholeExtensions(content)
        default:
            // Octets of a length, and the size of the header.
            guard content.littleEndian16(at: 0) == 4, let size = content.littleEndian32(at: 24) else { return false }
            return 28...content.count ~= Int(size)
        }
    }

    /// Level 2: the extensions end within the header. One of them may hold its CRC-16, taken with zeros in its place; programs do
    /// not ask for it.
    private func hasWholeExtensions(_ content: Span<UInt8>) -> Bool {
        guard let size = content.littleEndian16(at: 0).map({ Int($0) }), size > extensions.lowerBound,
            size <= content.count
        else { return false }
        var checksum: Int?
        let isEnded = forEachExtension(content) { kind, count in
            if content[kind] == 0, count >= 3, checksum == nil { checksum = kind + 1 }
        }.isMarked
        guard let checksum else { return isEnded }
        return Self.checksum(of: content.extracting(0..<size), at: checksum) == content.littleEndian16(at: checksum)
    }

    /// The CRC-16 of a header, taken with zeros in its own place.
    static func checksum(of header: Span<UInt8>, at place: Int) -> UInt16 {
        let before = CyclicChecksum.crc16Reflected(header.extracting(0..<place))
        let zeros: [UInt8] = [0, 0]
        return CyclicChecksum.crc16Reflected(
            header.extracting(place + 2..<header.count),
            seed: CyclicChecksum.crc16Reflected(zeros.span, seed: before))
    }

    /// Where an archive ends: behind the octet 0 that ends it, or with the content, which programs take for the end as well. nil when
    /// something else stands behind a member.
    static func endOfArchive(_ content: Span<UInt8>, while mayGoOn: () -> Bool) -> Int? {
        var position = 0
        while position < content.count, content[position] != 0 {
            guard mayGoOn(), isHere(content.extracting(position..<content.count)),
                let header = LHAHeader(content, at: position), header.next <= content.count
            else { return nil }
            position = header.next
        }
        return min(position + 1, content.count)
    }
}
