/// BLAKE2sp with 32 octets ("BLAKE2: simpler, smaller, fast as MD5", sections 2.4 to 2.10): eight BLAKE2s side by side, which
/// take the blocks in turn, under a ninth. OpenSSL has the plain one only.
package struct BLAKE2sp {
    private static let lanes = 8

    private var leaves = (0..<lanes).map { BLAKE2s(offset: $0, depth: 0, isLast: $0 == lanes - 1) }
    private var count = 0

    package init() {}

    package mutating func update(_ bytes: Span<UInt8>) {
        var start = 0
        while start < bytes.count {
            let lane = count / BLAKE2s.blockSize % Self.lanes
            let end = min(bytes.count, start + BLAKE2s.blockSize - count % BLAKE2s.blockSize)
            leaves[lane].update(bytes.extracting(start..<end))
            count += end - start
            start = end
        }
    }

    package mutating func finish() -> [UInt8] {
        var root = BLAKE2s(offset: 0, depth: 1, isLast: true)
        for lane in leaves.indices { root.update(leaves[lane].finish().span) }
        return root.finish()
    }
}

/// BLAKE2s (RFC 7693) with 32 octets, as a node of such a tree.
private struct BLAKE2s {
    static let blockSize = 64

    private static let initial: [UInt32] = [
        0x6A09_E667, 0xBB67_AE85, 0x3C6E_F372, 0xA54F_F53A, 0x510E_527F, 0x9B05_688C, 0x1F83_D9AB, 0x5BE0_CD19,
    ]
    /// Orders of the words of a block, for each round.
    private static let orders: [[Int]] = [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15], [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
        [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4], [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
        [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13], [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
        [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11], [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
        [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5], [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
    ]

    private var hash: [UInt32]
    private var block: [UInt8] = []
    /// Of one round of compression: kept, as an allocation takes as long as the round.
    private var words = [UInt32](repeating: 0, count: 16)
    private var state = [UInt32](repeating: 0, count: 16)
    private var count: UInt64 = 0
    private let isLast: Bool

    init(offset: Int, depth: UInt32, isLast: Bool) {
        // Size of the digest, no key, eight leaves, two levels; place in the tree; size of the digests within it.
        let parameters: [UInt32] = [
            0x0208_0020, 0, UInt32(truncatingIfNeeded: offset), depth << 16 | 32 << 24, 0, 0, 0, 0,
        ]
        hash = zip(Self.initial, parameters).map { $0 ^ $1 }
        self.isLast = isLast
    }

    mutating func update(_ bytes: Span<UInt8>) {
        for index in bytes.indices {
            // The last block is digested in another way.
            if block.count == Self.blockSize { compress(isFinal: false) }
            block.append(bytes[index])
        }
    }

    mutating func finish() -> [UInt8] {
        compress(isFinal: true)
        return hash.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) } }
    }

    private mutating func compress(isFinal: Bool) {
        count += UInt64(block.count)
        block += [UInt8](repeating: 0, count: Self.blockSize - block.count)
        for place in words.indices {
            words[place] =
                UInt32(block[place * 4]) | UInt32(block[place * 4 + 1]) << 8 | UInt32(block[place * 4 + 2]) << 16
                | UInt32(block[place * 4 + 3]) << 24
        }
        for place in hash.indices { (state[place], state[place + 8]) = (hash[place], Self.initial[place]) }
        state[12] ^= UInt32(truncatingIfNeeded: count)
        state[13] ^= UInt32(truncatingIfNeeded: count >> 32)
        if isFinal { state[14] = ~state[14] }
        if isFinal, isLast { state[15] = ~state[15] }
        for order in Self.orders {
            for column in 0..<4 {
                Self.mix(
                    &state, column, column + 4, column + 8, column + 12, words[order[column * 2]],
                    words[order[column * 2 + 1]])
            }
            for row in 0..<4 {
                Self.mix(
                    &state, row, (row + 1) % 4 + 4, (row + 2) % 4 + 8, (row + 3) % 4 + 12, words[order[8 + row * 2]],
                    words[order[9 + row * 2]])
            }
        }
        for place in hash.indices { hash[place] ^= state[place] ^ state[place + 8] }
        block.removeAll(keepingCapacity: true)
    }

    private static func mix(
        _ state: inout [UInt32], _ a: Int, _ b: Int, _ c: Int, _ d: Int, _ first: UInt32, _ second: UInt32
    ) {
        func right(_ word: UInt32, _ count: UInt32) -> UInt32 { word >> count | word << (32 - count) }
        state[a] = state[a] &+ state[b] &+ first
        state[d] = right(state[d] ^ state[a], 16)
        state[c] = state[c] &+ state[d]
        state[b] = right(state[b] ^ state[c], 12)
        state[a] = state[a] &+ state[b] &+ second
        state[d] = right(state[d] ^ state[a], 8)
        state[c] = state[c] &+ state[d]
        state[b] = right(state[b] ^ state[c], 7)
    }
}
