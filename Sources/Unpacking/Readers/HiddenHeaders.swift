internal import Bytes
internal import Documents

/// A header of an LHA archive (`header.doc.md` of LHa for UNIX).
enum LHAHeader {
    /// Octets of a header of level 2 in front of its extensions, and of level 3.
    private static let fixed = 24
    private static let fixedOfLevel3 = 28
    private static let mostExtensions = 64

    /// A method stands in its place, and the checksum of the header is right where it has one.
    static func isHere(_ content: Span<UInt8>) -> Bool {
        guard FileSignature.isLHA(content) else { return false }
        switch content[20] {
        case 0, 1:
            let size = Int(content[0])
            guard size >= 22, size + 2 <= content.count else { return false }
            var sum: UInt8 = 0
            for index in 2..<size + 2 { sum &+= content[index] }
            return sum == content[1]
        case 2:
            return hasExtensions(content)
        default:
            // Octets of a length, and the size of the header.
            guard content.littleEndian16(at: 0) == 4, let size = content.littleEndian32(at: fixed) else { return false }
            return fixedOfLevel3...content.count ~= Int(size)
        }
    }

    /// Where the next header stands, or the mark of the end; nil where a header or what it tells of does not end with the content.
    private static func end(_ content: Span<UInt8>) -> Int? {
        guard isHere(content), let packed = content.littleEndian32(at: 7) else { return nil }
        let size: Int? =
            switch content[20] {
            // Of level 1 the octets that follow count the extensions.
            case 0, 1: Int(content[0]) + 2
            case 2: content.littleEndian16(at: 0).map { Int($0) }
            default: content.littleEndian32(at: fixed).map { Int($0) }
            }
        guard let end = size.map({ $0 + Int(packed) }), end <= content.count else { return nil }
        return end
    }

    /// Where an archive ends: behind the octet 0 that ends it, or with the content, which programs take for the end as well. nil when
    /// something else stands behind a member.
    static func endOfArchive(_ content: Span<UInt8>, while mayGoOn: () -> Bool) -> Int? {
        var position = 0
        while position < content.count, content[position] != 0 {
            guard mayGoOn(), let next = end(content.extracting(position..<content.count)) else { return nil }
            position += next
        }
        return min(position + 1, content.count)
    }

    /// Level 2: the extensions end within the header. One of them may hold its CRC-16, taken with zeros in its place.
    private static func hasExtensions(_ content: Span<UInt8>) -> Bool {
        guard let size = content.littleEndian16(at: 0).map({ Int($0) }), size > fixed, size <= content.count else {
            return false
        }
        var position = fixed
        for _ in 0..<mostExtensions {
            guard let length = content.littleEndian16(at: position), position + 2 <= size else { return false }
            // Programs do not ask for a checksum.
            if length == 0 { return true }
            guard length >= 3, position + 5 <= size else { return false }
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

/// The first header of a cpio archive in letters (`cpio(5)`): all of it are digits, octal in the old form.
enum CPIOHeader {
    private static let old = 76
    private static let new = 110
    /// Octets of a name; that of the last member is the shortest, with its NUL.
    private static let names = 2...1024

    /// The sum of the octets of a file that the header at `start` states: in the third form in letters alone.
    static func sum(_ content: Span<UInt8>, at start: Int) -> UInt32? {
        guard content.hasBytes("070702", at: start), start <= content.count - new else { return nil }
        var sum: UInt32 = 0
        for place in start + 102..<start + new {
            guard let digit = hexadecimalValue(content[place]) else { return nil }
            sum = sum << 4 | UInt32(digit)
        }
        return sum
    }

    static func isHere(_ content: Span<UInt8>) -> Bool {
        let isOld = content.hasBytes("070707", at: 0)
        guard isOld || content.hasBytes("070701", at: 0) || content.hasBytes("070702", at: 0) else { return false }
        let header = content.extracting(content.clamped(0, isOld ? old : new))
        guard header.count == (isOld ? old : new) else { return false }
        var name = 0
        // The size of the name: six octal digits at 59, or eight hexadecimal ones at 94.
        let field = isOld ? 59..<65 : 94..<102
        for index in header.indices {
            guard let digit = hexadecimalValue(header[index]), !isOld || digit < 8 else { return false }
            if field.contains(index) { name = name << (isOld ? 3 : 4) | Int(digit) }
        }
        return names.contains(name)
    }
}
