internal import Bytes
internal import Compression

/// RAR's compression of version 2.9 to 4: LZ with four Huffman codes and a dictionary of 4 MiB, or PPMd, block by block; behind
/// either, filters. A solid member goes on with all of it.
struct Rar3Data {
    private static let mask = 1 << 22 - 1
    private static let pieceSize = 65_536
    /// Codes: for octets and lengths, for distances, for their low bits, for lengths of matches at an earlier distance; one for
    /// their lengths.
    private static let mainCodes = 299
    private static let distanceCodes = 60
    private static let lowCodes = 17
    private static let repeatCodes = 28
    private static let codeLengths = 20
    /// How often low bits of a distance are those of the one before, after the code that says so.
    private static let lowRepeats = 15

    /// What a block is.
    private enum Block {
        case matches
        case model
    }

    private let mostMemory: Int
    private var bits = RarBits()
    private var lengths = [UInt8](repeating: 0, count: mainCodes + distanceCodes + lowCodes + repeatCodes)
    private var main: HuffmanCode?
    private var distances: HuffmanCode?
    private var lows: HuffmanCode?
    private var repeats: HuffmanCode?
    private var hasCodes = false
    private var block = Block.matches
    private var model: Rar3Model?
    private var escape = 2
    private var window = [UInt8](repeating: 0, count: mask + 1)
    private var position = 0
    private var recent = [0, 0, 0, 0]
    private var lastLength = 0
    private var lastLow = 0
    private var lowsLeft = 0
    private var filters = Rar3Filters()
    /// What was handed out, and where the member begins and ends.
    private var written = 0
    private var start = 0
    private var limit = 0

    /// - Parameter mostMemory: octets that a model may take.
    init(mostMemory: Int) { self.mostMemory = mostMemory }

    /// Decodes one member.
    /// - Parameters:
    ///   - size: octets that it decodes to.
    ///   - isSolid: it goes on with what the member before left.
    mutating func decode(
        _ data: Span<UInt8>, size: Int, isSolid: Bool, _ use: (Span<UInt8>) -> Bool
    ) -> RarDataEnd {
        if !isSolid { reset() }
        bits = RarBits()
        filters.beginMember()
        start = position
        written = position
        let (end, overflow) = position.addingReportingOverflow(size)
        guard !overflow else { return .damaged }
        limit = end
        if size == 0, data.isEmpty { return .complete }
        var state = isSolid && hasCodes ? RarDataEnd?.none : readCodes(data)
        while state == nil {
            state = block == .model ? modelStep(data) : matchStep(data)
            // Without the mark of an end, the data ends with the last octet.
            if state == .damaged, position == limit, bits.isOver(data) || bits.isAtEnd(data) { state = .complete }
            if position > limit { state = .damaged }
            if position - written >= Self.pieceSize, let end = write(use) { state = end }
        }
        if let end = write(use) { return end }
        guard let state, state == .complete else { return state ?? .damaged }
        return position == limit && written == position ? .complete : .damaged
    }

    private mutating func reset() {
        for index in lengths.indices { lengths[index] = 0 }
        recent = [0, 0, 0, 0]
        (lastLength, lastLow, lowsLeft, position, escape) = (0, 0, 0, 0, 2)
        (hasCodes, block) = (false, .matches)
        filters = Rar3Filters()
    }

    /// Hands out what is decoded, up to a block whose end a filter waits for; nil when it went well.
    private mutating func write(_ use: (Span<UInt8>) -> Bool) -> RarDataEnd? {
        while written < position {
            if let first = filters.next, first.start <= written {
                let end = first.start + first.count
                guard first.start == written, end <= position else { return first.start == written ? nil : .damaged }
                let plain = filters.apply(to: octets(written..<end), file: start)
                written = end
                guard use(plain.span) else { return .stopped }
                continue
            }
            let end = min(position, filters.next?.start ?? position, written + Self.pieceSize)
            guard use(octets(written..<end).span) else { return .stopped }
            written = end
        }
        return nil
    }

    private func octets(_ range: Range<Int>) -> [UInt8] {
        let (first, count) = (range.lowerBound & Self.mask, range.count)
        guard first + count > window.count else { return Array(window[first..<first + count]) }
        return Array(window[first...]) + window[..<(first + count - window.count)]
    }

    private mutating func put(_ octet: Int) {
        window[position & Self.mask] = UInt8(truncatingIfNeeded: octet)
        position += 1
    }

    private mutating func copy(_ distance: Int, _ length: Int) {
        for _ in 0..<min(length, limit + 1 - position) { put(Int(window[(position - distance) & Self.mask])) }
    }

    // MARK: PPMd

    /// One octet, match or order; nil to go on.
    private mutating func modelStep(_ data: Span<UInt8>) -> RarDataEnd? {
        guard let octet = model?.decode(&bits, data), !bits.isFarOver(data) else { return .damaged }
        guard octet == escape else {
            put(octet)
            return nil
        }
        guard let order = model?.decode(&bits, data) else { return .damaged }
        switch order {
        case 0: return readCodes(data)
        case 2:
            // The next member begins with codes, or goes on with the model by what stands for them.
            hasCodes = false
            return .complete
        case 3:
            guard let flags = model?.decode(&bits, data) else { return .damaged }
            return readFilter(flags, data) { $0.model?.decode(&$0.bits, data) }
        case 4:
            var distance = 0
            for _ in 0..<3 {
                guard let part = model?.decode(&bits, data) else { return .damaged }
                distance = distance << 8 | part
            }
            guard let length = model?.decode(&bits, data) else { return .damaged }
            copy(distance + 2, length + 32)
        case 5:
            guard let length = model?.decode(&bits, data) else { return .damaged }
            copy(1, length + 4)
        default: put(octet)
        }
        return nil
    }

    // MARK: LZ

    /// Bases and further bits of the codes for distances: two for each number of bits up to 15, then 14 and 12 of them.
    private static let distanceTable: [(base: Int, bits: Int)] = {
        var base = 0
        return (0..<distanceCodes).map { code in
            let bits = code < 4 ? 0 : code < 34 ? code / 2 - 1 : code < 48 ? 16 : 18
            defer { base += 1 << bits }
            return (base, bits)
        }
    }()

    /// One symbol; nil to go on.
    private mutating func matchStep(_ data: Span<UInt8>) -> RarDataEnd? {
        guard let symbol = bits.symbol(main, data) else { return .damaged }
        switch symbol {
        case 0..<256: put(symbol)
        case 256: return readEnd(data)
        case 257:
            return readFilter(bits.take(8, data), data) { $0.bits.isOver(data) ? nil : $0.bits.take(8, data) }
        case 258:
            if lastLength != 0 { copy(recent[0], lastLength) }
        case 259...262:
            let distance = recent.remove(at: symbol - 259)
            recent.insert(distance, at: 0)
            guard let code = bits.symbol(repeats, data) else { return .damaged }
            lastLength = RarMatches.lengthBases[code] + 2 + bits.take(RarMatches.lengthBits(code), data)
            copy(distance, lastLength)
        case 263...270:
            let row = RarMatches.shortTable[symbol - 263]
            match(row.base + 1 + bits.take(row.bits, data), 2)
        default:
            let code = symbol - 271
            var length = RarMatches.lengthBases[code] + 3 + bits.take(RarMatches.lengthBits(code), data)
            guard let distance = readDistance(data) else { return .damaged }
            for bound in [0x2000, 0x40000] where distance >= bound { length += 1 }
            match(distance, length)
        }
        return nil
    }

    private mutating func match(_ distance: Int, _ length: Int) {
        recent.removeLast()
        recent.insert(distance, at: 0)
        lastLength = length
        copy(distance, length)
    }

    private mutating func readDistance(_ data: Span<UInt8>) -> Int? {
        guard let code = bits.symbol(distances, data) else { return nil }
        let row = Self.distanceTable[code]
        var distance = row.base + 1
        guard code > 9 else { return distance + bits.take(row.bits, data) }
        // The low four bits have a code of their own.
        if row.bits > 4 { distance += bits.take(row.bits - 4, data) << 4 }
        if lowsLeft > 0 {
            lowsLeft -= 1
            return distance + lastLow
        }
        guard let low = bits.symbol(lows, data) else { return nil }
        if low == 16 { lowsLeft = Self.lowRepeats } else { lastLow = low }
        return distance + lastLow
    }

    /// The end of a block; of a member, too, where the first bit is 0: the next one begins with codes where the second is 1.
    private mutating func readEnd(_ data: Span<UInt8>) -> RarDataEnd? {
        if bits.take(1, data) == 1 { return readCodes(data) }
        hasCodes = bits.take(1, data) == 0
        return .complete
    }

    // MARK: Blocks

    /// The head of a block; nil when it makes sense.
    private mutating func readCodes(_ data: Span<UInt8>) -> RarDataEnd? {
        bits.align()
        hasCodes = true
        if bits.take(1, data) == 1 { return readModel(data) }
        block = .matches
        (lastLow, lowsLeft) = (0, 0)
        if bits.take(1, data) == 0 { for index in lengths.indices { lengths[index] = 0 } }
        guard let code = readCodeOfLengths(data) else { return .damaged }
        var index = 0
        while index < lengths.count {
            guard let symbol = bits.symbol(code, data) else { return .damaged }
            guard symbol >= 16 else {
                lengths[index] = (lengths[index] + UInt8(symbol)) & 15
                index += 1
                continue
            }
            let count = symbol % 2 == 0 ? 3 + bits.take(3, data) : 11 + bits.take(7, data)
            guard symbol >= 18 || index > 0 else { return .damaged }
            let value = symbol < 18 ? lengths[index - 1] : 0
            for _ in 0..<min(count, lengths.count - index) {
                lengths[index] = value
                index += 1
            }
        }
        var from = 0
        func next(_ count: Int) -> HuffmanCode? {
            defer { from += count }
            return HuffmanCode(lengths[from..<from + count])
        }
        (main, distances, lows, repeats) =
            (next(Self.mainCodes), next(Self.distanceCodes), next(Self.lowCodes), next(Self.repeatCodes))
        return bits.isOver(data) ? .damaged : nil
    }

    private mutating func readCodeOfLengths(_ data: Span<UInt8>) -> HuffmanCode? {
        var lengths = [UInt8](repeating: 0, count: Self.codeLengths)
        var index = 0
        while index < lengths.count {
            let length = bits.take(4, data)
            let zeros = length == 15 ? bits.take(4, data) : 0
            if zeros > 0 {
                index += zeros + 2
            } else {
                lengths[index] = UInt8(length)
                index += 1
            }
        }
        return HuffmanCode(lengths[...])
    }

    /// The head of a block of PPMd: flags, memory in MiB, what stands for orders.
    private mutating func readModel(_ data: Span<UInt8>) -> RarDataEnd? {
        block = .model
        let flags = bits.take(7, data)
        let memory = flags & 0x20 != 0 ? (bits.take(8, data) + 1) << 20 : 0
        if flags & 0x40 != 0 { escape = bits.take(8, data) }
        if flags & 0x20 != 0 {
            let order = flags & 0x1F + 1
            guard order > 1 else { return .damaged }
            guard memory <= mostMemory else { return .tooLarge }
            model = Rar3Model(size: memory, order: order > 16 ? 16 + (order - 16) * 3 : order)
        }
        guard model != nil, !bits.isOver(data) else { return .damaged }
        model?.begin(&bits, data)
        return nil
    }

    // MARK: Filters

    /// A program for a block further on, in octets that `next` gives.
    private mutating func readFilter(
        _ flags: Int, _ data: Span<UInt8>, _ next: (inout Rar3Data) -> Int?
    ) -> RarDataEnd? {
        var size = flags & 7 + 1
        if size == 7 {
            guard let more = next(&self) else { return .damaged }
            size = more + 7
        } else if size == 8 {
            guard let high = next(&self), let low = next(&self) else { return .damaged }
            size = high << 8 | low
        }
        var code: [UInt8] = []
        for _ in 0..<size {
            guard let octet = next(&self) else { return .damaged }
            code.append(UInt8(truncatingIfNeeded: octet))
        }
        return filters.add(flags, code.span, at: position)
    }
}
