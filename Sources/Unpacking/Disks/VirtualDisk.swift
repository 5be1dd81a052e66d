internal import Bytes

/// Where the octets of a disk lie in the file that holds it. Parts that the file does not have are zeros.
struct VirtualDisk {
    /// Octets of the disk.
    let size: Int
    /// Octets of a sector, by which partitions are counted.
    var sectorSize = 512
    private let layout: Layout

    private enum Layout {
        case flat(start: Int)
        /// Blocks of equal size; where each begins, -1 for one that is not there.
        case blocks(size: Int, starts: [Int])
        /// The same, as the file itself says it.
        case grains(size: Int, Tables)
    }

    /// Where a VMDK file says where the grains of its disk are. It is asked for each one that is read: a file of a kilobyte has
    /// millions.
    struct Tables {
        /// Where the list of tables begins: each is a sector of the file.
        var directory: Int
        /// Of each table.
        var entries: Int

        /// Where a grain begins in the file, -1 for one that is not there.
        func start(of grain: Int, _ content: Span<UInt8>) -> Int {
            let (table, entry) = grain.quotientAndRemainder(dividingBy: entries)
            // 1 stands for a grain of zeros.
            guard let sector = content.littleEndian32(at: directory + table * 4), sector > 0,
                let start = content.littleEndian32(at: Int(sector) * 512 + entry * 4), start > 1
            else { return -1 }
            return Int(start) * 512
        }
    }

    /// Octets that are handed out at one time where the file has none.
    private static let zeros = [UInt8](repeating: 0, count: 65_536)

    /// A disk that stands in the file as it is.
    init(_ range: Range<Int>) {
        size = range.count
        layout = .flat(start: range.lowerBound)
    }

    /// - Parameters:
    ///   - blockSize: at least 512.
    ///   - starts: of each block in the file, -1 for one that is not there.
    init(size: Int, blockSize: Int, starts: [Int]) {
        self.size = size
        layout = .blocks(size: blockSize, starts: starts)
    }

    /// - Parameter blockSize: at least 512.
    init(size: Int, blockSize: Int, tables: Tables) {
        self.size = size
        layout = .grains(size: blockSize, tables)
    }

    /// Lends the octets of a range piece by piece, as far as the disk goes.
    /// - Parameter use: false ends it.
    /// - Returns: false when `use` did, or when the file ends before the disk.
    func read(_ range: Range<Int>, of content: Span<UInt8>, _ use: (Span<UInt8>) -> Bool) -> Bool {
        var position = max(0, range.lowerBound)
        let end = min(range.upperBound, size)
        while position < end {
            let (start, count) = place(position, content)
            let wanted = min(count, end - position)
            guard start >= 0 else {
                let piece = min(wanted, Self.zeros.count)
                guard use(Self.zeros.span.extracting(0..<piece)) else { return false }
                position += piece
                continue
            }
            let found = content.clamped(start, wanted)
            guard use(content.extracting(found)), found.count == wanted else { return false }
            position += wanted
        }
        return true
    }

    /// The octets of a small range; fewer at the end of the disk or the file.
    func bytes(_ start: Int, _ count: Int, of content: Span<UInt8>) -> [UInt8] {
        guard start >= 0, start < size, count > 0 else { return [] }
        var out: [UInt8] = []
        _ = read(start..<start + min(count, size - start), of: content) { piece in
            piece.withUnsafeBufferPointer { out.append(contentsOf: $0) }
            return true
        }
        return out
    }

    /// Where a range lies when it stands in the file in one piece.
    func range(_ range: Range<Int>) -> Range<Int>? {
        guard case .flat(let start) = layout, range.upperBound <= size else { return nil }
        return start + range.lowerBound..<start + range.upperBound
    }

    /// Where an octet of the disk lies in the file, -1 for nowhere, and how many from it on lie together.
    private func place(_ position: Int, _ content: Span<UInt8>) -> (start: Int, count: Int) {
        switch layout {
        case .flat(let start): return (start + position, size - position)
        case .blocks(let blockSize, let starts):
            let (block, offset) = (position / blockSize, position % blockSize)
            let start = block < starts.count ? starts[block] : -1
            return (start < 0 ? -1 : start + offset, blockSize - offset)
        case .grains(let grainSize, let tables):
            let (grain, offset) = (position / grainSize, position % grainSize)
            let start = tables.start(of: grain, content)
            return (start < 0 ? -1 : start + offset, grainSize - offset)
        }
    }
}
