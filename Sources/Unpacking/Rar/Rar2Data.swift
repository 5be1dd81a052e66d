internal import Bytes
internal import Compression

/// RAR's compression of version 2.0 (unpack versions 20 and 26): LZ with three Huffman codes and a dictionary of 1 MiB.
/// libarchive reads that of version 2.9 only and takes this for damage. Solid members go on in the dictionary of the one
/// before. Not read here: audio blocks.
struct Rar2Data {
    private static let pieceSize = 65_536
    private static let mask = 1 << 20 - 1
    /// Codes: for octets and lengths, for distances, for lengths of matches at an earlier distance; one for their lengths.
    private static let mainCodes = 298
    private static let distanceCodes = 48
    private static let lengthCodes = 28
    private static let codeLengths = 19

    private var bits = RarBits()
    private var lengths = [UInt8](repeating: 0, count: mainCodes + distanceCodes + lengthCodes)
    private var main: HuffmanCode?
    private var distances: HuffmanCode?
    private var repeats: HuffmanCode?
    private var window = [UInt8](repeating: 0, count: mask + 1)
    private var position = 0
    private var piece: [UInt8] = []
    /// The four last distances, the newest first, and the last length.
    private var recent = [Int](repeating: 0, count: 4)
    private var lastLength = 0

    init() {}

    /// Decodes one member.
    /// - Parameters:
    ///   - size: octets that it decodes to.
    ///   - isSolid: it goes on with the dictionary and the codes of the member before.
    mutating func decode(
        _ data: Span<UInt8>, size: Int, isSolid: Bool, _ use: (Span<UInt8>) -> Bool
    ) -> RarDataEnd {
        let isFirst = !isSolid || main == nil
        if isFirst { reset() }
        bits = RarBits()
        piece.removeAll(keepingCapacity: true)
        let (whole, overflow) = position.addingReportingOverflow(size)
        guard !overflow else { return .damaged }
        return run(data, until: whole, isFirst, use)
    }

    /// As at the start of an archive, but for what is left in the dictionary.
    private mutating func reset() {
        lengths = [UInt8](repeating: 0, count: lengths.count)
        recent = [Int](repeating: 0, count: recent.count)
        (position, lastLength) = (0, 0)
    }

    private mutating func run(
        _ data: Span<UInt8>, until size: Int, _ isFirst: Bool, _ use: (Span<UInt8>) -> Bool
    ) -> RarDataEnd {
        var end = isFirst && position < size ? readCodes(data) : RarDataEnd.complete
        while end == .complete, position < size {
            guard let symbol = bits.symbol(main, data) else {
                end = .damaged
                break
            }
            switch symbol {
            case 0..<256: put(UInt8(truncatingIfNeeded: symbol))
            case 269: end = readCodes(data)
            default: if !copy(symbol, data, size) { end = .damaged }
            }
            if piece.count >= Self.pieceSize {
                guard use(piece.span) else { return .stopped }
                piece.removeAll(keepingCapacity: true)
            }
        }
        // Behind the last octet, new codes may stand for the member that goes on.
        if end == .complete, position == size, !data.isEmpty {
            let before = bits
            if bits.symbol(main, data) == 269 { end = readCodes(data) } else { bits = before }
        }
        return use(piece.span) ? end : .stopped
    }

    private mutating func put(_ byte: UInt8) {
        window[position & Self.mask] = byte
        piece.append(byte)
        position += 1
    }

    // MARK: Matches

    /// Bases and further bits of the codes for distances: two for each number of bits, from 16 bits on as many as there are.
    private static let distanceTable: [(base: Int, bits: Int)] = {
        var base = 0
        return (0..<distanceCodes).map { code in
            let bits = code < 2 ? 0 : min(code / 2 - 1, 16)
            defer { base += 1 << bits }
            return (base, bits)
        }
    }()

    /// Copies what a symbol from 256 on says; false when it makes no sense.
    private mutating func copy(_ symbol: Int, _ data: Span<UInt8>, _ size: Int) -> Bool {
        let distance: Int
        var length: Int
        switch symbol {
        case 256:
            (distance, length) = (recent[0], lastLength)
        case 257...260:
            distance = recent[symbol - 257]
            guard let code = bits.symbol(repeats, data) else { return false }
            length = RarMatches.lengthBases[code] + 2 + bits.take(RarMatches.lengthBits(code), data)
            for bound in [0x101, 0x2000, 0x40000] where distance >= bound { length += 1 }
        case 261...268:
            let short = RarMatches.shortTable[symbol - 261]
            distance = short.base + 1 + bits.take(short.bits, data)
            length = 2
        default:
            let code = symbol - 270
            length = RarMatches.lengthBases[code] + 3 + bits.take(RarMatches.lengthBits(code), data)
            guard let further = bits.symbol(distances, data) else { return false }
            let row = Self.distanceTable[further]
            distance = row.base + 1 + bits.take(row.bits, data)
            for bound in [0x2000, 0x40000] where distance >= bound { length += 1 }
        }
        recent.removeLast()
        recent.insert(distance, at: 0)
        lastLength = length
        for _ in 0..<min(length, size - position) { put(window[(position - distance) & Self.mask]) }
        return true
    }

    // MARK: Codes

    /// The head of a block: the codes, as differences to those before.
    private mutating func readCodes(_ data: Span<UInt8>) -> RarDataEnd {
        guard bits.take(1, data) == 0 else { return .unsupported }
        if bits.take(1, data) == 0 { lengths = [UInt8](repeating: 0, count: lengths.count) }
        let first = (0..<Self.codeLengths).map { _ in UInt8(bits.take(4, data)) }
        guard let code = HuffmanCode(first[...]) else { return .damaged }
        var index = 0
        while index < lengths.count {
            guard let symbol = bits.symbol(code, data) else { return .damaged }
            var value: UInt8 = 0
            let count: Int
            switch symbol {
            case 0..<16:
                lengths[index] = (lengths[index] + UInt8(symbol)) & 15
                index += 1
                continue
            case 16:
                guard index > 0 else { return .damaged }
                value = lengths[index - 1]
                count = 3 + bits.take(2, data)
            case 17: count = 3 + bits.take(3, data)
            default: count = 11 + bits.take(7, data)
            }
            for _ in 0..<min(count, lengths.count - index) {
                lengths[index] = value
                index += 1
            }
        }
        main = HuffmanCode(lengths[..<Self.mainCodes])
        distances = HuffmanCode(lengths[Self.mainCodes..<Self.mainCodes + Self.distanceCodes])
        repeats = HuffmanCode(lengths[(Self.mainCodes + Self.distanceCodes)...])
        return bits.isOver(data) ? .damaged : .complete
    }
}
