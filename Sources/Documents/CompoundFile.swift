internal import Bytes

/// A compound file ([MS-CFB]): the file system within Office documents, Outlook messages and Windows installers. Reads
/// damaged ones as far as they go: directory entries that no tree reaches are listed too, sizes are believed only up to
/// the size of the file, chains end where they repeat.
struct CompoundFile {
    enum Kind: UInt8 {
        case storage = 1
        case stream = 2
        case root = 5
    }

    /// A directory entry (section 2.6.1).
    struct Entry {
        /// UTF-8.
        var name: [UInt8]
        var kind: Kind
        var classID: [UInt8]
        /// First sector.
        var start: Int
        /// Octets, as stated.
        var size: Int
        /// Index of the storage; nil for the root and for entries that no tree reaches.
        var parent: Int?
    }

    private static let signature: [UInt8] = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]

    /// True when `bytes` begin with the signature (section 2.2).
    static func matches(_ bytes: Span<UInt8>) -> Bool { bytes.hasBytes(signature.span, at: 0) }

    /// Where the signature stands in `bytes`.
    static func position(in bytes: Span<UInt8>) -> Int? { bytes.firstIndex(of: signature.span) }

    /// Entries that are used, in directory order.
    private(set) var entries: [Entry] = []
    /// A chain, the directory or a size is not what it has to be.
    private(set) var isDamaged = false
    /// The directory has more entries than the limit.
    private(set) var limitReached = false

    private let shift: Int
    private let miniShift: Int
    private let cutoff: Int
    private let sectorCount: Int
    /// Sectors of the FAT, in order.
    private var fat: [Int] = []
    private var miniFAT: [UInt8] = []
    private var miniStream: [UInt8] = []

    private var sectorSize: Int { 1 << shift }
    /// Sector numbers from here on are marks (section 2.1).
    private static let firstMark = 0xFFFF_FFFA
    private static let endOfChain = 0xFFFF_FFFE

    /// Reads the tables; nil when the header does not say how.
    /// - Parameter entryLimit: directory entries that are read.
    init?(_ bytes: Span<UInt8>, entryLimit: Int) {
        guard Self.matches(bytes), let shift = bytes.little16(30), let miniShift = bytes.little16(32),
            (7...16).contains(shift), (4..<shift).contains(miniShift), let cutoff = bytes.little32(56),
            bytes.count > 76
        else { return nil }
        self.shift = shift
        self.miniShift = miniShift
        self.cutoff = cutoff
        // The last sector may be cut.
        sectorCount = (bytes.count - 1) >> shift
        readFAT(bytes)
        let directory = contents(bytes, bytes.little32(48) ?? Self.endOfChain, limit: bytes.count, stated: nil)
        readDirectory(directory, entryLimit)
        // Where there is no mini FAT, its start is not always the mark that it has to be.
        if let count = bytes.little32(64), count > 0 {
            miniFAT = contents(bytes, bytes.little32(60) ?? Self.endOfChain, limit: bytes.count, stated: nil)
        }
        if let root = entries.first(where: { $0.kind == .root }) {
            miniStream = contents(bytes, root.start, limit: min(root.size, bytes.count), stated: root.size)
        }
    }

    /// The content of a stream, and whether all of it is there.
    func stream(_ entry: Entry, of bytes: Span<UInt8>, limit: Int) -> (content: [UInt8], isWhole: Bool) {
        let size = min(entry.size, limit, bytes.count)
        let content: [UInt8]
        if entry.size < cutoff {
            content = miniContents(entry.start, size)
        } else {
            content = chained(bytes, entry.start, limit: size).content
        }
        return (content, content.count == entry.size)
    }

    /// Names from the root down to the entry, joined by `/`.
    func path(_ entry: Entry, depth: Int = 16) -> [UInt8] {
        var names: [[UInt8]] = [entry.name]
        var at = entry.parent
        while let index = at, names.count < depth, entries[index].kind != .root {
            names.append(entries[index].name)
            at = entries[index].parent
        }
        return Array(names.reversed().joined(separator: [UInt8(ascii: "/")]))
    }

    // MARK: Tables

    /// The FAT's sectors stand in the header and in the chain of DIFAT sectors (section 2.5).
    private mutating func readFAT(_ bytes: Span<UInt8>) {
        for place in 0..<109 {
            guard let sector = bytes.little32(76 + place * 4), sector < Self.firstMark else { break }
            fat.append(sector)
        }
        var next = bytes.little32(68) ?? Self.endOfChain
        var steps = 0
        while next < sectorCount, steps < sectorCount {
            let base = (next + 1) << shift
            let places = sectorSize / 4 - 1
            for place in 0..<places {
                guard let sector = bytes.little32(base + place * 4), sector < Self.firstMark else { break }
                fat.append(sector)
            }
            // More FAT than the file can hold is a loop.
            if fat.count > sectorCount { break }
            next = bytes.little32(base + places * 4) ?? Self.endOfChain
            steps += 1
        }
        if fat.count > sectorCount {
            isDamaged = true
            fat.removeLast(fat.count - sectorCount)
        }
    }

    private func next(_ bytes: Span<UInt8>, _ sector: Int) -> Int? {
        let perSector = shift - 2
        let index = sector >> perSector
        guard index < fat.count, fat[index] < sectorCount else { return nil }
        return bytes.little32(((fat[index] + 1) << shift) + (sector & ((1 << perSector) - 1)) * 4)
    }

    /// Follows a chain up to `limit` octets; notes damage when it breaks off or is shorter than stated.
    private mutating func contents(_ bytes: Span<UInt8>, _ start: Int, limit: Int, stated: Int?) -> [UInt8] {
        let (content, isBroken) = chained(bytes, start, limit: limit)
        if isBroken || stated.map({ $0 > content.count }) == true { isDamaged = true }
        return content
    }

    private func chained(_ bytes: Span<UInt8>, _ start: Int, limit: Int) -> (content: [UInt8], isBroken: Bool) {
        var content: [UInt8] = []
        content.reserveCapacity(limit)
        var sector = start
        var steps = 0
        while content.count < limit {
            guard sector < sectorCount else { return (content, sector != Self.endOfChain) }
            // A chain that has more sectors than the file goes round.
            guard steps < sectorCount else { return (content, true) }
            let from = (sector + 1) << shift
            let part = bytes.range(from, min(sectorSize, limit - content.count))
            bytes.extracting(part).withUnsafeBufferPointer { content.append(contentsOf: $0) }
            guard let following = next(bytes, sector) else { return (content, content.count < limit) }
            sector = following
            steps += 1
        }
        return (content, false)
    }

    private func miniContents(_ start: Int, _ size: Int) -> [UInt8] {
        var content: [UInt8] = []
        content.reserveCapacity(size)
        var sector = start
        let table = miniFAT.span
        let stream = miniStream.span
        while content.count < size, sector < Self.firstMark, sector << miniShift < stream.count {
            let part = stream.range(sector << miniShift, min(1 << miniShift, size - content.count))
            stream.extracting(part).withUnsafeBufferPointer { content.append(contentsOf: $0) }
            guard let following = table.little32(sector * 4) else { break }
            sector = following
        }
        return content
    }

    // MARK: Directory

    private mutating func readDirectory(_ directory: [UInt8], _ entryLimit: Int) {
        let bytes = directory.span
        var left: [Int] = []
        var right: [Int] = []
        var child: [Int] = []
        /// Index among all slots of the directory to index in `entries`.
        var used: [Int: Int] = [:]
        var slot = 0
        while (slot + 1) * 128 <= bytes.count {
            let base = slot * 128
            defer { slot += 1 }
            guard let kind = Kind(rawValue: bytes[base + 66]), let nameLength = bytes.little16(base + 64) else {
                continue
            }
            guard entries.count < entryLimit else {
                limitReached = true
                break
            }
            let low = bytes.little32(base + 120) ?? 0
            // The upper half is rubbish in version 3 (section 2.6.3).
            let size = shift >= 12 ? bytes.little64(base + 120) ?? low : low
            used[slot] = entries.count
            entries.append(
                Entry(
                    name: Names.utf16(bytes.extracting(bytes.range(base, max(0, min(64, nameLength) - 2)))),
                    kind: kind, classID: bytes.extracting(bytes.range(base + 80, 16)).array,
                    start: bytes.little32(base + 116) ?? Self.endOfChain, size: size, parent: nil))
            left.append(bytes.little32(base + 68) ?? Self.endOfChain)
            right.append(bytes.little32(base + 72) ?? Self.endOfChain)
            child.append(bytes.little32(base + 76) ?? Self.endOfChain)
        }
        if slot * 128 < bytes.count { isDamaged = true }
        // Each entry is visited once, so loops end.
        var visited = [Bool](repeating: false, count: entries.count)
        guard let root = entries.firstIndex(where: { $0.kind == .root }) else {
            isDamaged = true
            return
        }
        visited[root] = true
        var waiting = [(slot: child[root], parent: root)]
        while let (slot, parent) = waiting.popLast() {
            // The directory is cut off in front of what it points to.
            if slot * 128 >= bytes.count, slot < Self.firstMark, !limitReached { isDamaged = true }
            guard let index = used[slot], !visited[index] else { continue }
            visited[index] = true
            entries[index].parent = parent
            waiting.append((left[index], parent))
            waiting.append((right[index], parent))
            if entries[index].kind == .storage { waiting.append((child[index], index)) }
        }
    }
}
