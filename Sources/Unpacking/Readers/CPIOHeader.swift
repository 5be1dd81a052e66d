internal import Bytes

/// The first header of a cpio archive (`cpio(5)`): in letters all of it are digits, octal in the old form.
enum CPIOHeader {
    private static let old = 76
    private static let new = 110
    private static let binary = 26
    private static let longestBinaryName = 4096
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

    /// One of words in either order, which has a mark of two octets: a name that ends where it says, content that does, and behind
    /// it a header with the same mark, as programs want it that look for them.
    static func isBinary(_ content: Span<UInt8>) -> Bool {
        let isSwapped = content.hasBytes([0x71, 0xC7], at: 0)
        guard isSwapped || content.hasBytes([0xC7, 0x71], at: 0), content.count > binary else { return false }
        func word(_ place: Int) -> Int {
            let (first, second) = (Int(content[place]), Int(content[place + 1]))
            return isSwapped ? first << 8 | second : second << 8 | first
        }
        let (length, size) = (word(20), word(22) << 16 | word(24))
        guard 1...longestBinaryName ~= length else { return false }
        // Both begin at an even place.
        let end = binary + length
        let next = (end + 1) & ~1 + (size + 1) & ~1
        guard next <= content.count - binary, content.hasBytes(content.extracting(0..<2), at: next) else {
            return false
        }
        return content.firstIndex(of: 0, from: binary) == end - 1
    }
}
