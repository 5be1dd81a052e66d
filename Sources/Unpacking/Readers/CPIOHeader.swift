internal import Bytes

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
