internal import Bytes
internal import Members

/// Reads ZOO archives (zoo 1.x and 2.x): stored members, LZW, and LHA's lh5, which libarchive decodes.
enum ZooReader {
    static let mark: [UInt8] = [0xDC, 0xA7, 0xC4, 0xFD]
    /// Octets of an entry of the first kind, and of the fixed ones of the second, which has long names.
    private static let entrySize = 51
    private static let longEntrySize = 58
    private static let nameSize = 13

    static func read(_ content: Span<UInt8>, into sink: any MemberSink) {
        guard let first = content.littleEndian32(at: 24), content.hasBytes(mark, at: 20) else {
            return sink.report(.corrupt, "damaged zoo archive")
        }
        var position = Int(first)
        var end = 0
        // Members that share octets would make much work of a small archive.
        var octetsLeft = content.count
        while sink.mayGoOn() {
            guard let entry = Entry(content, at: position) else {
                return sink.report(
                    .corrupt, position >= content.count - entrySize ? "zoo archive is cut off" : "damaged zoo archive")
            }
            end = max(end, entry.end)
            if entry.next == 0 { return ArchiveEnd.addRest(of: content, from: end, "zoo archive", into: sink) }
            let data = content.clamped(entry.offset, entry.packedSize)
            if data.count < entry.packedSize { sink.report(.corrupt, "zoo archive is cut off") }
            guard data.count <= octetsLeft else {
                return sink.report(.corrupt, "zoo archive whose members share octets")
            }
            octetsLeft -= data.count
            guard read(entry, content, data, sink) else { return }
            end = max(end, data.upperBound)
            // Programs add at the end; one that leads back could be a circle.
            guard entry.next > position else { return sink.report(.corrupt, "zoo archive that leads in a circle") }
            position = entry.next
        }
    }

    /// One entry of the directory, a list through the archive.
    private struct Entry {
        var method: UInt8
        var next: Int
        var offset: Int
        var checksum: UInt16
        var size: Int
        var packedSize: Int
        var isDeleted: Bool
        /// The short name, and the long one with its directory.
        var names: [[UInt8]]
        /// Where the entry ends.
        var end: Int

        init?(_ content: Span<UInt8>, at start: Int) {
            guard content.hasBytes(mark, at: start), start <= content.count - entrySize,
                let next = content.littleEndian32(at: start + 6), let offset = content.littleEndian32(at: start + 10),
                let sum = content.littleEndian16(at: start + 18), let size = content.littleEndian32(at: start + 20),
                let packed = content.littleEndian32(at: start + 24)
            else { return nil }
            method = content[start + 5]
            self.next = Int(next)
            self.offset = Int(offset)
            checksum = sum
            self.size = Int(size)
            packedSize = Int(packed)
            isDeleted = content[start + 30] == 1
            names = [Entry.text(content, start + 38..<start + 38 + nameSize)]
            end = start + entrySize
            guard content[start + 4] == 2, start <= content.count - longEntrySize,
                let variable = content.littleEndian16(at: start + entrySize)
            else { return }
            end = content.clamped(start + 56, Int(variable)).upperBound
            let nameEnd = start + longEntrySize + Int(content[start + 56])
            let directoryEnd = nameEnd + Int(content[start + 57])
            guard variable >= 2, directoryEnd <= end else { return }
            let name = Entry.text(content, start + longEntrySize..<nameEnd)
            let directory = Entry.text(content, nameEnd..<directoryEnd)
            if !name.isEmpty { names.append(directory.isEmpty ? name : directory + [0x2F] + name) }
        }

        private static func text(_ content: Span<UInt8>, _ range: Range<Int>) -> [UInt8] {
            let field = content.extracting(range)
            return field.extracting(0..<(field.firstIndex(of: 0) ?? field.count)).array
        }
    }

    private static func read(
        _ entry: Entry, _ content: Span<UInt8>, _ range: Range<Int>, _ sink: any MemberSink
    ) -> Bool {
        let member = Member(names: entry.names, role: entry.isDeleted ? "deleted in its archive" : "")
        let data = content.extracting(range)
        func check(_ sum: UInt16) {
            if sum != entry.checksum { sink.report(.corrupt, "zoo member with a wrong checksum") }
        }
        switch entry.method {
        case 0:
            check(CyclicChecksum.crc16Reflected(data))
            return sink.add(member, range: range)
        case 1, 2:
            guard sink.begin(member) else { return false }
            var sum: UInt16 = 0
            var wantsMore = true
            func use(_ piece: Span<UInt8>) -> Bool {
                sum = CyclicChecksum.crc16Reflected(piece, seed: sum)
                wantsMore = sink.append(piece)
                return wantsMore
            }
            let isWhole =
                entry.method == 1
                ? ZooLZW.decode(data, use) : LHAData.decode(data, method: "lh5", size: entry.size, use) == .complete
            sink.end()
            guard wantsMore else { return false }
            if isWhole { check(sum) } else { sink.report(.corrupt, "damaged zoo member") }
            return true
        default:
            sink.report(.unsupported, "zoo method \(entry.method)")
            return sink.add(member, range: range)
        }
    }
}

/// ZOO's method 1: LZW in codes of 9 to 13 bits, from the low bit on, in one stream without gaps.
enum ZooLZW {
    private static let clear = 256
    private static let end = 257
    private static let first = 258
    private static let mostBits = 13
    private static let pieceSize = 65_536

    /// Returns false when it is damaged, or `use` wants no more.
    static func decode(_ data: Span<UInt8>, _ use: (Span<UInt8>) -> Bool) -> Bool {
        var prefixes = [UInt16](repeating: 0, count: 1 << mostBits)
        var suffixes = [UInt8](repeating: 0, count: 1 << mostBits)
        var free = first
        var width = 9
        var previous = -1
        var firstOfPrevious: UInt8 = 0
        var position = 0
        var piece: [UInt8] = []
        var word: [UInt8] = []
        while position + width <= data.count * 8 {
            var code = 0
            for bit in 0..<width {
                code |= Int(data[(position + bit) / 8] >> UInt8((position + bit) % 8) & 1) << bit
            }
            position += width
            if code == end { return use(piece.span) }
            if code == clear {
                free = first
                width = 9
                previous = -1
                continue
            }
            guard code < free || code == free && previous >= 0, code < clear || previous >= 0 else { break }
            word.removeAll(keepingCapacity: true)
            var place = code
            if code == free {
                word.append(firstOfPrevious)
                place = previous
            }
            // Each code is made of an earlier one.
            while place >= first {
                word.append(suffixes[place])
                place = Int(prefixes[place])
            }
            firstOfPrevious = UInt8(truncatingIfNeeded: place)
            word.append(firstOfPrevious)
            piece.append(contentsOf: word.reversed())
            if previous >= 0, free < 1 << mostBits {
                prefixes[free] = UInt16(previous)
                suffixes[free] = firstOfPrevious
                free += 1
                if free >= 1 << width, width < mostBits { width += 1 }
            }
            previous = code
            if piece.count >= pieceSize {
                guard use(piece.span) else { return false }
                piece.removeAll(keepingCapacity: true)
            }
        }
        _ = use(piece.span)
        return false
    }
}
