internal import Bytes
internal import Members

/// Reads UDF images (ECMA-167, UDF 1.02 to 2.60): plain, sparable and metadata partitions.
struct UDFReader {
    /// Bounds of reading.
    enum Limits {
        /// Descriptors of the volume, directories, and entries of all directories.
        static let descriptors = 256
        static let directories = 10_000
        static let entries = 100_000
        /// Pieces of one file.
        static let extents = 10_000
        /// Octets of one directory.
        static let directory = 16_777_216
        /// Directories within each other, the root included.
        static let depth = 64
        /// Sectors behind the last descriptor in which the anchor at the end of the medium is looked for.
        static let padding = 1024
        /// Octets of one path.
        static let path = 4096
    }

    /// Where logical blocks of a partition reference lie.
    private enum Partition {
        /// From a block of the image on.
        case linear(start: Int)
        /// In the pieces of a file (UDF 2.50 section 2.2.10), with where each ends in it: an image may have thousands of them, and
        /// as many files of as many pieces.
        case metadata([Range<Int>], ends: [Int])
    }

    private let sink: any MemberSink
    private let sector: Int
    private var block: Int
    private var partitions: [Partition] = []
    /// Where what the anchor and the descriptors state ends.
    private var end = 0

    static func read(_ content: Span<UInt8>, into sink: any MemberSink) {
        for sector in [2048, 512, 4096] {
            for anchor in [256, content.count / sector - 257, content.count / sector - 1]
            where tag(content, at: anchor * sector) == 2 {
                var reader = UDFReader(sink, sector)
                reader.read(content, anchor: anchor * sector)
                return
            }
        }
        sink.report(.corrupt, "UDF image without an anchor")
    }

    private init(_ sink: any MemberSink, _ sector: Int) {
        self.sink = sink
        self.sector = sector
        block = sector
    }

    /// The identifier of the descriptor at an offset; nil when its checksum is wrong (ECMA-167 3/7.2).
    private static func tag(_ content: Span<UInt8>, at offset: Int) -> UInt16? {
        guard offset >= 0, offset <= content.count - 16 else { return nil }
        var sum: UInt8 = 0
        for index in 0..<16 where index != 4 { sum &+= content[offset + index] }
        return sum == content[offset + 4] ? content.littleEndian16(at: offset) : nil
    }

    // MARK: The volume

    private mutating func read(_ content: Span<UInt8>, anchor: Int) {
        guard let length = content.littleEndian32(at: anchor + 16), let start = content.littleEndian32(at: anchor + 20)
        else {
            return
        }
        end = (anchor / sector + 1) * sector
        state(content, from: anchor + 20, length: Int(length))
        if let reserve = content.littleEndian32(at: anchor + 24) {
            state(content, from: anchor + 28, length: Int(reserve))
        }
        var starts: [UInt16: Int] = [:]
        var volume: Int?
        for index in 0..<min(Int(length) / sector, Limits.descriptors) {
            let place = (Int(start) + index) * sector
            switch Self.tag(content, at: place) {
            case 5:
                if let number = content.littleEndian16(at: place + 22),
                    let first = content.littleEndian32(at: place + 188)
                {
                    starts[number] = Int(first)
                    if let sectors = content.littleEndian32(at: place + 192) {
                        state(content, from: place + 188, length: Int(sectors) * sector)
                    }
                }
            case 6: volume = place
            case 8: break
            default: continue
            }
        }
        guard let volume, let size = content.littleEndian32(at: volume + 212), 512...65_536 ~= size else {
            return sink.report(.corrupt, "UDF image without a volume")
        }
        block = Int(size)
        readMaps(content, volume, starts)
        guard let sets = extent(content, at: volume + 248), Self.tag(content, at: sets.lowerBound) == 256,
            let root = extent(content, at: sets.lowerBound + 400)
        else { return sink.report(.corrupt, "UDF image without a root directory") }
        readTree(content, root.lowerBound)
        addRest(content)
    }

    /// Notes octets that belong to the image.
    /// - Parameter place: of the number of their first sector.
    private mutating func state(_ content: Span<UInt8>, from place: Int, length: Int) {
        guard length > 0, let start = content.littleEndian32(at: place) else { return }
        end = max(end, Int(start) * sector + length)
    }

    /// Hands out what stands behind the image: it ends with its last extent, with the ISO 9660 volume on the same disk, or
    /// with the anchor at the end of the medium, which knows its own place (ECMA-167 3/7.2.8).
    private func addRest(_ content: Span<UInt8>) {
        var end = max(end, ArchiveEnd.ofISO9660Volume(content) ?? 0)
        let first = end / sector
        for number in first..<max(first, min(content.count / sector, first + Limits.padding))
        where Self.tag(content, at: number * sector) == 2
            && content.littleEndian32(at: number * sector + 12) == UInt32(truncatingIfNeeded: number)
        {
            end = (number + 1) * sector
        }
        ArchiveEnd.addRest(of: content, from: end, "UDF image", into: sink)
    }

    /// The partition maps of the logical volume (ECMA-167 3/10.7, UDF 2.2.8 to 2.2.10).
    private mutating func readMaps(_ content: Span<UInt8>, _ volume: Int, _ starts: [UInt16: Int]) {
        guard let count = content.littleEndian32(at: volume + 268) else { return }
        var place = volume + 440
        for _ in 0..<min(Int(count), 16) {
            guard place <= content.count - 64 else { return }
            let length = Int(content[place + 1])
            if content[place] == 1 {
                partitions.append(.linear(start: starts[content.littleEndian16(at: place + 4) ?? 0] ?? 0))
            } else {
                let start = starts[content.littleEndian16(at: place + 38) ?? 0] ?? 0
                partitions.append(.linear(start: start))
                if content.hasBytes("*UDF Metadata Partition", at: place + 5),
                    let file = content.littleEndian32(at: place + 40),
                    let entry = node(content, (start + Int(file)) * block)
                {
                    var end = 0
                    let ends = entry.extents.map { extent in
                        end += extent.count
                        return end
                    }
                    partitions[partitions.count - 1] = .metadata(entry.extents, ends: ends)
                } else if content.hasBytes("*UDF Virtual Partition", at: place + 5) {
                    sink.report(.unsupported, "virtual partition in UDF image")
                }
            }
            guard length >= 6 else { return }
            place += length
        }
    }

    /// What a long allocation descriptor points to (ECMA-167 4/14.14.2).
    private func extent(_ content: Span<UInt8>, at place: Int) -> Range<Int>? {
        guard let length = content.littleEndian32(at: place), let position = content.littleEndian32(at: place + 4),
            let reference = content.littleEndian16(at: place + 8)
        else { return nil }
        return self.place(Int(position), Int(length & 0x3FFF_FFFF), partition: Int(reference), content)
    }

    private func place(_ position: Int, _ length: Int, partition: Int, _ content: Span<UInt8>) -> Range<Int>? {
        guard partitions.indices.contains(partition) else { return nil }
        switch partitions[partition] {
        case .linear(let start): return content.clamped((start + position) * block, length)
        case .metadata(let extents, let ends):
            let offset = position * block
            var (low, high) = (0, ends.count)
            while low < high {
                let middle = (low + high) / 2
                if ends[middle] <= offset { low = middle + 1 } else { high = middle }
            }
            guard low < ends.count else { return nil }
            let left = ends[low] - offset
            return content.clamped(extents[low].upperBound - left, min(length, left))
        }
    }

    // MARK: Files

    /// A file entry (ECMA-167 4/14.9, 4/14.17).
    private struct Node {
        var isDirectory: Bool
        var isLink: Bool
        /// Pieces of the content, in order.
        var extents: [Range<Int>]
        var size: Int
    }

    private func node(_ content: Span<UInt8>, _ place: Int) -> Node? {
        let kind = Self.tag(content, at: place)
        guard kind == 261 || kind == 266, place <= content.count - 216,
            let flags = content.littleEndian16(at: place + 34),
            let size = content.littleEndian64(at: place + 56)
        else { return nil }
        let base = kind == 261 ? 168 : 208
        guard let attributes = content.littleEndian32(at: place + base),
            let length = content.littleEndian32(at: place + base + 4)
        else { return nil }
        let list = content.clamped(place + base + 8 + Int(attributes), Int(length))
        let type = content[place + 27]
        var node = Node(isDirectory: type == 4, isLink: type == 12, extents: [], size: Int(clamping: size))
        if flags & 7 == 3 {
            node.extents = [list]
        } else {
            node.extents = extents(content, list, isLong: flags & 7 == 1)
        }
        return node
    }

    private func extents(_ content: Span<UInt8>, _ list: Range<Int>, isLong: Bool) -> [Range<Int>] {
        var extents: [Range<Int>] = []
        var list = list
        var place = list.lowerBound
        let step = isLong ? 16 : 8
        for _ in 0..<Limits.extents {
            guard place + step <= list.upperBound, let length = content.littleEndian32(at: place),
                let position = content.littleEndian32(at: place + 4), length & 0x3FFF_FFFF > 0
            else { break }
            let reference = isLong ? Int(content.littleEndian16(at: place + 8) ?? 0) : 0
            place += step
            guard let range = self.place(Int(position), Int(length & 0x3FFF_FFFF), partition: reference, content) else {
                continue
            }
            if length >> 30 == 3 {
                // The list goes on elsewhere (ECMA-167 4/14.5).
                guard Self.tag(content, at: range.lowerBound) == 258,
                    let more = content.littleEndian32(at: range.lowerBound + 20)
                else { break }
                list = content.clamped(range.lowerBound + 24, Int(more))
                place = list.lowerBound
            } else {
                extents.append(range)
            }
        }
        return extents
    }

    // MARK: The tree

    /// Reads directories one after the other. Each has its path: deep trees of long names would take memory by the square.
    private func readTree(_ content: Span<UInt8>, _ root: Int) {
        var pending: [(place: Int, path: [UInt8], depth: Int)] = [(root, [], 1)]
        var seen: Set<Int> = [root]
        var entries = 0
        var pathOctets = 0
        // Directories that share octets would make much of a small image.
        var octetsLeft = content.count
        var next = 0
        while next < pending.count, sink.mayGoOn() {
            let (place, path, depth) = pending[next]
            next += 1
            guard let directory = node(content, place), directory.isDirectory else {
                sink.report(.corrupt, "damaged directory in UDF image")
                continue
            }
            let bytes = gathered(directory, content)
            guard bytes.count <= octetsLeft else { return sink.report(.imageDirectories) }
            octetsLeft -= bytes.count
            var offset = 0
            while let found = nextItem(bytes.span, from: offset) {
                let item = found.item
                offset = item.end
                if found.skipped { sink.report(.corrupt, "damaged directory in UDF image") }
                entries += 1
                guard entries <= Limits.entries, pending.count <= Limits.directories else {
                    return sink.report(.imageEntries)
                }
                if item.isParent || item.isDeleted { continue }
                let name = path + item.name
                pathOctets += name.count
                guard pathOctets <= sink.limits.imageNames else { return sink.report(.imageNames) }
                guard let file = self.place(item.block, block, partition: item.partition, content),
                    let node = node(content, file.lowerBound)
                else {
                    sink.report(.corrupt, "damaged file in UDF image")
                    guard sink.add(Member(names: [name])) else { return }
                    continue
                }
                if node.isDirectory, seen.insert(file.lowerBound).inserted {
                    if depth < Limits.depth, name.count < Limits.path {
                        pending.append((file.lowerBound, name + [0x2F], depth + 1))
                    } else {
                        sink.report(.imageDirectories)
                    }
                }
                guard add(node, name, content) else { return }
            }
            if offset < bytes.count, bytes[offset...].contains(where: { $0 != 0 }) {
                sink.report(.corrupt, "damaged directory in UDF image")
            }
        }
    }

    /// The next entry of a directory; `skipped` when octets that are no entry stand in front of it. Readers that go by the
    /// lengths alone find what follows a damaged entry.
    private func nextItem(_ bytes: Span<UInt8>, from start: Int) -> (item: DirectoryItem, skipped: Bool)? {
        var offset = start
        while offset <= bytes.count - 38 {
            if let item = DirectoryItem(bytes, at: offset) { return (item, offset > start) }
            offset += 4
        }
        return nil
    }

    /// A file identifier descriptor (ECMA-167 4/14.4).
    private struct DirectoryItem {
        var name: [UInt8]
        var isParent: Bool
        var isDeleted: Bool
        var block: Int
        var partition: Int
        var end: Int

        init?(_ bytes: Span<UInt8>, at offset: Int) {
            guard UDFReader.tag(bytes, at: offset) == 257, offset <= bytes.count - 38,
                let position = bytes.littleEndian32(at: offset + 24),
                let reference = bytes.littleEndian16(at: offset + 28),
                let skipped = bytes.littleEndian16(at: offset + 36)
            else { return nil }
            isParent = bytes[offset + 18] & 8 != 0
            isDeleted = bytes[offset + 18] & 4 != 0
            let length = Int(bytes[offset + 19])
            let start = offset + 38 + Int(skipped)
            name = Self.text(bytes.extracting(bytes.clamped(start, length)))
            block = Int(position)
            partition = Int(reference)
            end = (start + length + 3) / 4 * 4
        }

        /// OSTA compressed Unicode (UDF section 2.1.1).
        private static func text(_ bytes: Span<UInt8>) -> [UInt8] {
            guard bytes.count > 1 else { return [] }
            var units: [UInt16] = []
            if bytes[0] == 16 {
                for index in stride(from: 1, to: bytes.count - 1, by: 2) {
                    units.append(UInt16(bytes[index]) << 8 | UInt16(bytes[index + 1]))
                }
            } else {
                for index in 1..<bytes.count { units.append(UInt16(bytes[index])) }
            }
            return Array(String(decoding: units, as: UTF16.self).utf8)
        }
    }

    private func gathered(_ node: Node, _ content: Span<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        for extent in node.extents {
            let size = min(extent.count, min(node.size, Limits.directory) - bytes.count)
            guard size > 0 else { break }
            content.extracting(extent.lowerBound..<extent.lowerBound + size)
                .withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
        }
        return bytes
    }

    private func add(_ node: Node, _ name: [UInt8], _ content: Span<UInt8>) -> Bool {
        var member = Member(names: [name])
        if node.isDirectory { member.flags.insert(.directory) }
        if node.isLink { member.flags.insert(.symbolicLink) }
        if node.isDirectory { return sink.add(member) }
        if node.size == 0 { return node.isLink ? sink.add(member) : sink.add(member, content: []) }
        if node.extents.count == 1, let whole = node.extents.first {
            if whole.count < node.size { sink.report(.corrupt, "UDF image is cut off") }
            return sink.add(member, range: whole.lowerBound..<whole.lowerBound + min(whole.count, node.size))
        }
        guard sink.begin(member) else { return false }
        defer { sink.end() }
        var left = node.size
        for extent in node.extents where left > 0 {
            let size = min(left, extent.count)
            guard sink.append(content.extracting(extent.lowerBound..<extent.lowerBound + size)) else { return false }
            left -= size
        }
        if left > 0 { sink.report(.corrupt, "UDF image is cut off") }
        return true
    }
}
