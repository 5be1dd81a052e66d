internal import Bytes

/// The headers of cpio archives (`cpio(5)`). In letters all of one are digits, octal in the old form.
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

    /// The first header of an archive in letters, with a name that is not too long.
    static func isHere(_ content: Span<UInt8>) -> Bool { sizeOfName(content, at: 0).map(names.contains) ?? false }

    /// What the header at `start`, in letters, says of its name; nil when it is none.
    private static func sizeOfName(_ content: Span<UInt8>, at start: Int) -> Int? {
        let isOld = content.hasBytes("070707", at: start)
        guard isOld || content.hasBytes("070701", at: start) || content.hasBytes("070702", at: start) else {
            return nil
        }
        let header = content.extracting(content.clamped(start, isOld ? old : new))
        guard header.count == (isOld ? old : new) else { return nil }
        var name = 0
        // The size of the name: six octal digits at 59, or eight hexadecimal ones at 94.
        let field = isOld ? 59..<65 : 94..<102
        for index in header.indices {
            guard let digit = hexadecimalValue(header[index]), !isOld || digit < 8 else { return nil }
            if field.contains(index) { name = name << (isOld ? 3 : 4) | Int(digit) }
        }
        return name
    }

    /// The marks of the forms that are not in letters or, of afio, not in digits alone, and where the name stands in them.
    private static let others: [(mark: [UInt8], name: Int)] = [
        (little, binary), (big, binary), (Array("070727".utf8), 116),
    ]

    /// The marks of the form in numbers of 16 bits, in either order, and octets of its header.
    static let little: [UInt8] = [0xC7, 0x71]
    static let big: [UInt8] = [0x71, 0xC7]
    private static let binary = 26
    /// Kinds of files that a mode may state (`inode(7)`), by their four bits.
    private static let kinds: [UInt16] = [1, 2, 4, 6, 8, 10, 12]

    /// A header in numbers of 16 bits of what has a name of text, is of a kind that there is, and is not longer than what there is.
    static func isBinary(_ content: Span<UInt8>) -> Bool {
        let isBig = content.hasBytes(big, at: 0)
        func number(_ place: Int) -> UInt16? {
            content.littleEndian16(at: place).map { isBig ? $0.byteSwapped : $0 }
        }
        guard let mode = number(6), let links = number(12), let name = number(20).map({ Int($0) }),
            let high = number(22), let low = number(24)
        else { return false }
        let end = binary + name
        guard kinds.contains(mode >> 12), links > 0, names.contains(name), end <= content.count,
            Int(high) << 16 | Int(low) <= content.count - end, content[end - 1] == 0
        else { return false }
        return (binary..<end - 1).allSatisfy { content[$0] >= 0x20 }
    }

    /// A header that programs take stands at `start`.
    static func isWhole(_ content: Span<UInt8>, at start: Int) -> Bool {
        sizeOfName(content, at: start) != nil || others.contains { content.hasBytes($0.mark, at: start) }
    }

    /// The header with which an archive ends stands at `start`.
    static func isLast(_ content: Span<UInt8>, at start: Int) -> Bool {
        if let other = others.first(where: { content.hasBytes($0.mark, at: start) }) {
            return content.hasBytes(trailer, at: start + other.name)
        }
        guard sizeOfName(content, at: start) != nil else { return false }
        return content.hasBytes(trailer, at: start + (content.hasBytes("070707", at: start) ? old : new))
    }

    private static let trailer: StaticString = "TRAILER!!!"
}
