/// Literals and matches of one stream of LZMA, and how far they have come.
struct LZMASymbols {
    private static let states = 12
    /// States from here on stand behind a match.
    private static let firstMatchState = 7
    private static let shortestMatch = 2
    /// Most bits of a position.
    private static let positionBits = 4
    /// Probabilities of one literal: without a match, and by each bit of one.
    private static let literal = 0x300
    /// The distance, less one, that is the end mark.
    private static let endMark = UInt32.max

    /// Where the probabilities of each kind begin.
    private enum Place {
        static let isMatch = 0
        static let isRepeat = isMatch + states << positionBits
        static let isNotFirst = isRepeat + states
        static let isNotSecond = isNotFirst + states
        static let isNotThird = isNotSecond + states
        static let isLong = isNotThird + states
        /// Trees of six bits by four lengths.
        static let slots = isLong + states << positionBits
        /// Trees of the lower bits of distances, by the slots 4 to 13: they overlap.
        static let distances = slots + 4 << 6
        static let align = distances + 115
        static let lengths = align + 1 << 4
        static let repeatLengths = lengths + lengthCount
        static let literals = repeatLengths + lengthCount

        /// Two choices, trees of three bits by the position twice, one tree of eight.
        static let lengthCount = 2 + 2 << (3 + positionBits) + 1 << 8
    }

    static func probabilities(ofLiterals bits: Int) -> Int { Place.literals + literal << bits }

    private let context: Int
    private let literalMask: Int
    private let positionMask: Int
    private let dictionary: Int
    /// Octets that the stream decodes to; nil up to an end mark.
    private let size: Int?

    private var range: LZMARangeDecoder
    private var state = 0
    /// The last distances, less one, the newest first. Each was within the dictionary when it came, and so it stays.
    private var first: UInt32 = 0
    private var second: UInt32 = 0
    private var third: UInt32 = 0
    private var fourth: UInt32 = 0
    /// Octets of the last match that found no room.
    private var pending = 0
    /// The next octet of the window.
    private var place = 0
    private var produced = 0

    init(_ range: LZMARangeDecoder, _ properties: LZMAProperties, dictionary: Int, size: Int?) {
        self.range = range
        self.dictionary = dictionary
        self.size = size
        context = properties.context
        literalMask = 1 << properties.literalPosition - 1
        positionMask = 1 << properties.position - 1
    }

    var position: Int { range.position }

    /// Octets of the window that `count` more octets of output need.
    func window(after count: Int) -> Int { min(dictionary, produced + count) }

    /// Decodes until `output` is full or the stream ends.
    mutating func decode(
        _ input: Span<UInt8>, _ chances: inout MutableSpan<UInt16>, _ window: inout MutableSpan<UInt8>,
        _ output: inout MutableSpan<UInt8>
    ) -> (produced: Int, end: CodecResult.End?) {
        let room = min(output.count, (size ?? .max) - produced)
        var count = 0
        copy(&window, &output, &count, room)
        while true {
            if produced == size {
                // A match goes on behind the stated end.
                if pending > 0 { return (count, .corrupt) }
                return (count, end(input, &chances))
            }
            guard count < room else { return (count, nil) }
            let byPosition = produced & positionMask
            if range.bit(input, &chances, Place.isMatch + state << Self.positionBits + byPosition) == 0 {
                let octet = literal(input, &chances, window)
                if range.isShort { return (count, .truncated) }
                state = state < 4 ? 0 : state < 10 ? state - 3 : state - 6
                put(octet, &window, &output, &count)
                continue
            }
            if range.bit(input, &chances, Place.isRepeat + state) == 1 {
                repeated(input, &chances, byPosition)
                if range.isShort { return (count, .truncated) }
                // Nothing is there yet.
                if produced == 0 { return (count, .corrupt) }
            } else {
                match(input, &chances, byPosition)
                if range.isShort { return (count, .truncated) }
                if first == Self.endMark {
                    guard size == nil else { return (count, .corrupt) }
                    return (count, atEnd(input))
                }
                guard Int(first) < min(produced, dictionary) else { return (count, .corrupt) }
            }
            copy(&window, &output, &count, room)
        }
    }

    // MARK: Ends

    /// All of the stated size came. An end mark may follow.
    private mutating func end(_ input: Span<UInt8>, _ chances: inout MutableSpan<UInt16>) -> CodecResult.End {
        if range.isAtEnd(input) { return range.isShort ? .truncated : .complete }
        let byPosition = produced & positionMask
        guard range.bit(input, &chances, Place.isMatch + state << Self.positionBits + byPosition) == 1,
            range.bit(input, &chances, Place.isRepeat + state) == 0
        else { return range.isShort ? .truncated : .corrupt }
        match(input, &chances, byPosition)
        if range.isShort { return .truncated }
        return first == Self.endMark ? atEnd(input) : .corrupt
    }

    private mutating func atEnd(_ input: Span<UInt8>) -> CodecResult.End {
        let isAtEnd = range.isAtEnd(input)
        return range.isShort ? .truncated : isAtEnd ? .complete : .corrupt
    }

    // MARK: Symbols

    @inline(__always) private mutating func literal(
        _ input: Span<UInt8>, _ chances: inout MutableSpan<UInt16>, _ window: borrowing MutableSpan<UInt8>
    ) -> UInt8 {
        let before = produced == 0 ? 0 : Int(window[place == 0 ? dictionary - 1 : place - 1])
        let kind = (produced & literalMask) << context + before >> (8 - context)
        let base = Place.literals + Self.literal * kind
        var node = 1
        if state >= Self.firstMatchState {
            // By the bits of the octet at the last distance, as long as they are the same.
            var matched = Int(window[source])
            repeat {
                let bit = matched >> 7 & 1
                matched <<= 1
                let decoded = range.bit(input, &chances, base + (1 + bit) << 8 + node)
                node = node << 1 | decoded
                if bit != decoded { break }
            } while node < 0x100
        }
        while node < 0x100 { node = node << 1 | range.bit(input, &chances, base + node) }
        return UInt8(truncatingIfNeeded: node)
    }

    /// A match at one of the last distances.
    private mutating func repeated(_ input: Span<UInt8>, _ chances: inout MutableSpan<UInt16>, _ byPosition: Int) {
        if range.bit(input, &chances, Place.isNotFirst + state) == 0 {
            if range.bit(input, &chances, Place.isLong + state << Self.positionBits + byPosition) == 0 {
                state = state < Self.firstMatchState ? 9 : 11
                pending = 1
                return
            }
        } else {
            var distance = second
            if range.bit(input, &chances, Place.isNotSecond + state) == 1 {
                distance = third
                if range.bit(input, &chances, Place.isNotThird + state) == 1 {
                    distance = fourth
                    fourth = third
                }
                third = second
            }
            second = first
            first = distance
        }
        pending = length(input, &chances, Place.repeatLengths, byPosition)
        state = state < Self.firstMatchState ? 8 : 11
    }

    /// A match at a distance of its own, or the end mark.
    private mutating func match(_ input: Span<UInt8>, _ chances: inout MutableSpan<UInt16>, _ byPosition: Int) {
        (second, third, fourth) = (first, second, third)
        pending = length(input, &chances, Place.lengths, byPosition)
        state = state < Self.firstMatchState ? 7 : 10
        let slots = Place.slots + min(pending - Self.shortestMatch, 3) << 6
        let slot = range.tree(input, &chances, slots, bits: 6)
        guard slot >= 4 else {
            first = UInt32(slot)
            return
        }
        let bits = slot >> 1 - 1
        let high = UInt32(2 | slot & 1) << UInt32(bits)
        if slot < 14 {
            first = high + range.reverseTree(input, &chances, Place.distances + Int(high) - slot, bits: bits)
        } else {
            first = high + range.direct(input, bits: bits - 4) << 4
            first += range.reverseTree(input, &chances, Place.align, bits: 4)
        }
    }

    private mutating func length(
        _ input: Span<UInt8>, _ chances: inout MutableSpan<UInt16>, _ base: Int, _ byPosition: Int
    ) -> Int {
        let low = base + 2
        let middle = low + 1 << (3 + Self.positionBits)
        if range.bit(input, &chances, base) == 0 {
            return Self.shortestMatch + range.tree(input, &chances, low + byPosition << 3, bits: 3)
        }
        if range.bit(input, &chances, base + 1) == 0 {
            return Self.shortestMatch + 8 + range.tree(input, &chances, middle + byPosition << 3, bits: 3)
        }
        let high = middle + 1 << (3 + Self.positionBits)
        return Self.shortestMatch + 16 + range.tree(input, &chances, high, bits: 8)
    }

    // MARK: Output

    /// Where the last distance leads in the window.
    private var source: Int {
        let back = Int(first) + 1
        return place >= back ? place - back : place - back + dictionary
    }

    @inline(__always) private mutating func put(
        _ octet: UInt8, _ window: inout MutableSpan<UInt8>, _ output: inout MutableSpan<UInt8>, _ count: inout Int
    ) {
        window[place] = octet
        output[count] = octet
        place = place + 1 == dictionary ? 0 : place + 1
        count += 1
        produced += 1
    }

    /// What is left of the last match, as far as there is room.
    private mutating func copy(
        _ window: inout MutableSpan<UInt8>, _ output: inout MutableSpan<UInt8>, _ count: inout Int, _ room: Int
    ) {
        let taken = min(pending, room - count)
        var from = source
        for _ in 0..<taken {
            put(window[from], &window, &output, &count)
            from = from + 1 == dictionary ? 0 : from + 1
        }
        pending -= taken
    }
}
