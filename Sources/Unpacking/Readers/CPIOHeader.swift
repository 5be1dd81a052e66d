internal import Bytes

/// The headers of cpio archives (`cpio(5)`). In letters all of one are digits, octal in the old form.
enum CPIOHeader {
    private static let old = 76
    private static let new = 110
    /// Octets of a header in numbers.
    private static let binary = 26
    /// Octets of a name, with its NUL.
    private static let names = 2...4096

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

    /// The marks of the form in numbers of 16 bits, in either order.
    static let little: [UInt8] = [0xC7, 0x71]
    static let big: [UInt8] = [0x71, 0xC7]

    /// One of words in either order, which has a mark of two octets: a name that ends where it says, content that does, and behind
    /// it a header with the same mark, as programs want it that look for them.
    static func isBinary(_ content: Span<UInt8>) -> Bool {
        let isSwapped = content.hasBytes(big, at: 0)
        guard isSwapped || content.hasBytes(little, at: 0), content.count > binary else { return false }
        func word(_ place: Int) -> Int {
            let (first, second) = (Int(content[place]), Int(content[place + 1]))
            return isSwapped ? first << 8 | second : second << 8 | first
        }
        let (length, size) = (word(20), word(22) << 16 | word(24))
        guard names ~= length else { return false }
        // Both begin at an even place.
        let end = binary + length
        let next = (end + 1) & ~1 + (size + 1) & ~1
        guard next <= content.count - binary, content.hasBytes(content.extracting(0..<2), at: next) else {
            return false
        }
        return content[end - 1] == 0 && (binary..<end - 1).allSatisfy { content[$0] != 0 }
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
