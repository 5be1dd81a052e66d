internal import Compression

/// The filters of members of RAR 2.9 to 4: the programs that an archive has brought so far, and the blocks that wait for one.
struct Rar3Filters {
    /// Programs of one archive, and blocks that wait at a time.
    static let most = 1024
    /// Filters of one block.
    private static let mostOfBlock = 8
    /// Octets of a block.
    static let largest = 0x3C000

    /// A block, counted from where the dictionary begins.
    struct Block {
        var start: Int
        var count: Int
        fileprivate var filter: Rar3Filter
        fileprivate var registers: [Int]
    }

    private var programs: [Rar3Filter] = []
    private var sizes: [Int] = []
    private var last = 0
    private var waiting: [Block] = []

    /// The next block.
    var next: Block? { waiting.first }

    /// Blocks do not go beyond their member; programs do.
    mutating func beginMember() { waiting.removeAll() }

    /// Takes what the data says of a block.
    /// - Parameter position: where the data is.
    /// - Returns: nil when it makes sense.
    mutating func add(_ flags: Int, _ code: Span<UInt8>, at position: Int) -> RarDataEnd? {
        var bits = RarBits()
        var index = last
        if flags & 0x80 != 0 {
            index = Self.number(&bits, code)
            if index == 0 {
                programs.removeAll()
                sizes.removeAll()
                waiting.removeAll()
            } else {
                index -= 1
            }
        }
        guard index <= programs.count, index < Self.most, waiting.count < Self.most else { return .damaged }
        last = index
        let isNew = index == programs.count
        let start = position + Self.number(&bits, code) + (flags & 0x40 != 0 ? 258 : 0)
        var count = isNew ? 0 : sizes[index]
        if flags & 0x20 != 0 { count = Self.number(&bits, code) }
        var registers = [Int](repeating: 0, count: 7)
        if flags & 0x10 != 0 {
            let set = bits.take(7, code)
            for register in registers.indices where set >> register & 1 != 0 {
                registers[register] = Self.number(&bits, code)
            }
        }
        if isNew {
            let size = Self.number(&bits, code)
            guard size > 0, size <= code.count else { return .damaged }
            let program = (0..<size).map { _ in bits.octet(code) }
            guard let filter = Rar3Filter(size: size, checksum: crc32(program.span)) else { return .unsupported }
            programs.append(filter)
            sizes.append(0)
        }
        sizes[index] = count
        guard !bits.isOver(code), count <= Self.largest else { return .damaged }
        // Filters stand in the order of their blocks; those of one block are the same block.
        if let before = waiting.last {
            guard start >= before.start + before.count || (start, count) == (before.start, before.count) else {
                return .damaged
            }
        }
        guard waiting.suffix(Self.mostOfBlock).filter({ $0.start == start }).count < Self.mostOfBlock else {
            return .damaged
        }
        waiting.append(Block(start: start, count: count, filter: programs[index], registers: registers))
        return nil
    }

    /// The next block as it was, by all filters that it has.
    /// - Parameter file: where the member begins.
    mutating func apply(to block: [UInt8], file: Int) -> [UInt8] {
        guard let first = waiting.first else { return block }
        var out = block
        while let next = waiting.first, (next.start, next.count) == (first.start, first.count) {
            out = next.filter.undone(out, registers: next.registers, position: next.start - file)
            waiting.removeFirst()
        }
        return out
    }

    /// A number: two bits say whether 4, 8, 16 or 32 bits follow; of 8, small ones stand for negative numbers.
    private static func number(_ bits: inout RarBits, _ code: Span<UInt8>) -> Int {
        switch bits.take(2, code) {
        case 0: return bits.take(4, code)
        case 1:
            let value = bits.take(8, code)
            return value >= 16 ? value : 0xFFFF_FF00 | value << 4 | bits.take(4, code)
        case 2: return bits.take(16, code)
        default: return bits.take(16, code) << 16 | bits.take(16, code)
        }
    }
}
