internal import Bytes
internal import Members

/// Hands out the files of a FAT file system, directory by directory, with their long and short names.
struct FATReader {
    /// Octets of one directory (the specification's limit).
    private static let largestDirectory = 2_097_152
    /// Directories within one another, and octets of a path to one: those that go further are named and not read.
    static let deepest = 64
    static let longestPath = 4096
    /// Octets of the table that are read at one time.
    private static let window = 4096

    private let disk: VirtualDisk
    private let volume: FATVolume
    private let sink: any MemberSink
    private var cached: (start: Int, bytes: [UInt8]) = (-1, [])
    /// First clusters of directories that were read, as a directory may be its own child.
    private var directories: Set<Int> = []
    private var queue: [Entry] = []

    private struct Entry {
        /// With the directories that it is in.
        var names: [[UInt8]]
        /// 1 in the root.
        var depth: Int
        var isDirectory: Bool
        var cluster: Int
        var size: Int
    }

    init(_ disk: VirtualDisk, _ volume: FATVolume, _ sink: any MemberSink) {
        self.disk = disk
        self.volume = volume
        self.sink = sink
    }

    mutating func read(_ content: Span<UInt8>) {
        if volume.width == 32 {
            directories.insert(volume.rootCluster)
            readDirectory(directoryBytes(from: volume.rootCluster, content), nil, content)
        } else {
            readDirectory(disk.bytes(volume.root.lowerBound, volume.root.count, of: content), nil, content)
        }
        // Directories that share clusters would make much of a small disk.
        var octetsLeft = content.count
        var next = 0
        while next < queue.count, sink.mayGoOn() {
            let directory = queue[next]
            next += 1
            guard directories.insert(directory.cluster).inserted else { continue }
            guard directory.depth <= Self.deepest, directory.names.allSatisfy({ $0.count < Self.longestPath }) else {
                sink.report(.imageDirectories)
                continue
            }
            let bytes = directoryBytes(from: directory.cluster, content)
            guard bytes.count <= octetsLeft else { return sink.report(.imageDirectories) }
            octetsLeft -= bytes.count
            readDirectory(bytes, directory, content)
        }
    }

    // MARK: Directories

    private mutating func directoryBytes(from cluster: Int, _ content: Span<UInt8>) -> [UInt8] {
        let disk = disk
        var bytes: [UInt8] = []
        followChain(from: cluster, Self.largestDirectory, content) { run in
            bytes += disk.bytes(run.lowerBound, run.count, of: content)
            return true
        }
        return bytes
    }

    /// - Parameter parent: the entry of the directory; nil for the root.
    private mutating func readDirectory(_ directory: [UInt8], _ parent: Entry?, _ content: Span<UInt8>) {
        let path = parent?.names.first.map { $0 + [0x2F] } ?? []
        var name = LongName()
        for at in stride(from: 0, to: directory.count - 31, by: 32) {
            guard directory[at] != 0 else { return }
            let attributes = directory[at + 11]
            guard directory[at] != 0xE5 else {
                name = LongName()
                continue
            }
            if attributes & 0x3F == 0x0F {
                name.add(directory.span.extracting(at..<at + 32))
                continue
            }
            defer { name = LongName() }
            guard attributes & 0x08 == 0 else { continue }
            let field = directory.span.extracting(at..<at + 11)
            let short = Self.shortName(field, small: 0)
            guard short != [0x2E], short != [0x2E, 0x2E] else { continue }
            // As Windows and mtools show it, and as DOS does.
            var names = [name.text(for: field) ?? Self.shortName(field, small: directory[at + 12])]
            if names != [short] { names.append(short) }
            let entry = Entry(
                names: names.map { path + $0 }, depth: (parent?.depth ?? 0) + 1,
                isDirectory: attributes & 0x10 != 0,
                cluster: Int(directory.span.littleEndian16(at: at + 26) ?? 0)
                    | (volume.width == 32 ? Int(directory.span.littleEndian16(at: at + 20) ?? 0) << 16 : 0),
                size: Int(directory.span.littleEndian32(at: at + 28) ?? 0))
            guard hand(entry, content) else { return }
        }
    }

    /// Returns false when the sink wants no more.
    private mutating func hand(_ entry: Entry, _ content: Span<UInt8>) -> Bool {
        if entry.isDirectory {
            queue.append(entry)
            return sink.add(Member(names: entry.names, flags: .directory))
        }
        guard sink.begin(Member(names: entry.names)) else { return false }
        defer { sink.end() }
        let (disk, sink) = (disk, sink)
        var left = entry.size
        var goesOn = true
        if left > 0 {
            followChain(from: entry.cluster, left, content) { run in
                let range = run.lowerBound..<run.lowerBound + min(run.count, left)
                let isWhole = disk.read(range, of: content) { piece in
                    goesOn = sink.append(piece)
                    left -= piece.count
                    return goesOn
                }
                return isWhole
            }
        }
        if left > 0, goesOn { sink.report(.corrupt, "damaged FAT file system") }
        return goesOn
    }

    /// The name of 8 and 3 characters, in some code page.
    /// - Parameter small: flags of Windows NT for letters that are small ones: 8 in the base, 10h in the ending.
    private static func shortName(_ field: Span<UInt8>, small: UInt8) -> [UInt8] {
        var base = field.extracting(0..<8).array
        var ending = field.extracting(8..<11).array
        while base.last == 0x20 { base.removeLast() }
        while ending.last == 0x20 { ending.removeLast() }
        if base.first == 0x05 { base[0] = 0xE5 }
        if small & 0x08 != 0 { base = base.map(asciiLower) }
        if small & 0x10 != 0 { ending = ending.map(asciiLower) }
        return ending.isEmpty ? base : base + [0x2E] + ending
    }

    // MARK: Clusters

    /// Calls `use` with runs of clusters that lie one behind the other, up to `octets` of them.
    private mutating func followChain(
        from first: Int, _ octets: Int, _ content: Span<UInt8>, _ use: (Range<Int>) -> Bool
    ) {
        var cluster = first
        var run = 0..<0
        var left = octets
        // A cluster that comes again makes a circle (Brent): each mark is kept for twice as many steps as the one before.
        var (mark, steps, patience) = (first, 0, 16)
        while left > 0, sink.mayGoOn(), let start = volume.start(of: cluster) {
            if start != run.upperBound {
                if !run.isEmpty, !use(run) { return }
                run = start..<start
            }
            run = run.lowerBound..<start + volume.clusterSize
            left -= volume.clusterSize
            cluster = entry(cluster, content)
            if cluster == mark {
                sink.report(.corrupt, "FAT file system that leads in a circle")
                break
            }
            steps += 1
            if steps == patience { (mark, steps, patience) = (cluster, 0, patience * 2) }
        }
        if !run.isEmpty { _ = use(run) }
    }

    /// The entry of a cluster: the next one of its chain, or none that exists.
    private mutating func entry(_ cluster: Int, _ content: Span<UInt8>) -> Int {
        switch volume.width {
        case 12:
            let pair = number(at: volume.table + cluster * 3 / 2, 2, content)
            let value = cluster % 2 == 0 ? pair & 0xFFF : pair >> 4
            return value
        case 16: return number(at: volume.table + cluster * 2, 2, content)
        default: return number(at: volume.table + cluster * 4, 4, content) & 0x0FFF_FFFF
        }
    }

    private mutating func number(at position: Int, _ count: Int, _ content: Span<UInt8>) -> Int {
        if cached.start < 0 || position < cached.start || position + count > cached.start + cached.bytes.count {
            cached = (position, disk.bytes(position, Self.window, of: content))
        }
        let at = position - cached.start
        guard at + count <= cached.bytes.count else { return 0 }
        return (0..<count).reduce(0) { $0 | Int(cached.bytes[at + $1]) << ($1 * 8) }
    }
}

/// A long name from the entries in front of a short one: pieces of 13 characters of UTF-16, the last piece first.
private struct LongName {
    private static let most = 20
    private static let places = [1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30]

    private var pieces: [[UInt16]] = []
    private var checksum: UInt8 = 0

    mutating func add(_ entry: Span<UInt8>) {
        if entry[0] & 0x40 != 0 { pieces = [] }
        guard pieces.count < Self.most else { return }
        checksum = entry[13]
        pieces.append(Self.places.map { entry.littleEndian16(at: $0) ?? 0 })
    }

    /// The name in UTF-8; nil when there is none, or one that belongs to another entry.
    func text(for short: Span<UInt8>) -> [UInt8]? {
        guard !pieces.isEmpty else { return nil }
        var sum: UInt8 = 0
        for index in 0..<11 { sum = (sum >> 1 | sum << 7) &+ short[index] }
        guard sum == checksum else { return nil }
        let characters = pieces.reversed().flatMap { $0 }.prefix { $0 != 0 && $0 != 0xFFFF }
        return characters.isEmpty ? nil : Array(String(decoding: characters, as: UTF16.self).utf8)
    }
}
