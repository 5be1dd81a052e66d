internal import Bytes

/// Descriptions of terminals as tic(1) compiles them (term(5)), which begin like a member of an ARC archive: `1A 01`, of which ARC makes
/// method 1, and the octets of a size, of which it makes a name.
enum CompiledTerminal {
    private static let mark: [UInt8] = [0x1A, 0x01]
    /// Its mark and five lengths.
    private static let headerSize = 12
    /// Five lengths of what a description has beyond the known capabilities.
    private static let extensionSize = 10
    /// Capabilities that term.h knows: an archive made to look like a description has little room for data.
    private static let mostFlags = 44
    private static let mostNumbers = 39
    private static let mostStrings = 414
    /// Where ARC has the size of a member.
    private static let arcSize = 15

    /// True when every section is what it must be and the last one ends with the content. The size that ARC would read is one of letters,
    /// past the end of the content: programs that look at it open none of these.
    static func isWhole(_ content: Span<UInt8>) -> Bool {
        guard content.hasBytes(mark.span, at: 0), let names = content.littleEndian16(at: 2),
            let flags = content.littleEndian16(at: 4), let numbers = content.littleEndian16(at: 6),
            let strings = content.littleEndian16(at: 8), let table = content.littleEndian16(at: 10),
            flags <= mostFlags, numbers <= mostNumbers, strings <= mostStrings,
            let size = content.littleEndian32(at: arcSize), Int(size) > content.count
        else { return false }
        var position = headerSize
        guard takeNames(content, &position, Int(names)), takeFlags(content, &position, Int(flags)) else { return false }
        position += Int(numbers) * 2
        guard takePlaces(content, &position, Int(strings), in: table),
            takeTable(content, &position, Int(table))
        else { return false }
        return position == content.count || isExtension(content, at: position + position % 2)
    }

    /// What is beyond the known capabilities, up to the end: with the names of all, which stand in the table as well.
    private static func isExtension(_ content: Span<UInt8>, at start: Int) -> Bool {
        guard let flags = content.littleEndian16(at: start), let numbers = content.littleEndian16(at: start + 2),
            let strings = content.littleEndian16(at: start + 4), let table = content.littleEndian16(at: start + 8)
        else { return false }
        var position = start + extensionSize
        guard takeFlags(content, &position, Int(flags)) else { return false }
        position += Int(numbers) * 2
        return takePlaces(content, &position, Int(flags) + Int(numbers) + Int(strings) * 2, in: table)
            && takeTable(content, &position, Int(table)) && position == content.count
    }

    /// Names of the terminal, in printable ASCII, with a NUL at their end.
    private static func takeNames(_ content: Span<UInt8>, _ position: inout Int, _ count: Int) -> Bool {
        guard count > 1, position <= content.count - count, content[position + count - 1] == 0 else { return false }
        let names = position..<position + count - 1
        position += count
        return names.allSatisfy { 0x20...0x7E ~= content[$0] }
    }

    /// Octets that are 0 or 1, and one more up to an even place.
    private static func takeFlags(_ content: Span<UInt8>, _ position: inout Int, _ count: Int) -> Bool {
        guard position <= content.count - count else { return false }
        let flags = position..<position + count
        position += count
        if position % 2 == 1 {
            guard position < content.count, content[position] == 0 else { return false }
            position += 1
        }
        return flags.allSatisfy { content[$0] <= 1 }
    }

    /// Places of strings in their table, -1 or -2 for those that are not there.
    private static func takePlaces(
        _ content: Span<UInt8>, _ position: inout Int, _ count: Int, in table: UInt16
    ) -> Bool {
        guard position <= content.count - count * 2 else { return false }
        let start = position
        position += count * 2
        return (0..<count).allSatisfy {
            let place = content.littleEndian16(at: start + $0 * 2) ?? 0
            return place < table || place >= UInt16(bitPattern: -2)
        }
    }

    /// Strings, the last with its NUL.
    private static func takeTable(_ content: Span<UInt8>, _ position: inout Int, _ count: Int) -> Bool {
        guard position <= content.count - count, count == 0 || content[position + count - 1] == 0 else { return false }
        position += count
        return true
    }
}
