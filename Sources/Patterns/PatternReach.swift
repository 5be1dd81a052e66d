/// Which octets can stand at the first places of a stretch of text, as forms (`LookAlikes`): whatever matches from some
/// point of a pattern on has one of the octets of each place there, as far as it goes.
struct PatternReach: Hashable {
    /// Places that are told; a further octet can be any.
    static let places = 12
    /// A set of places: bit k says that k octets may have been taken.
    typealias Mask = UInt16

    /// For each place what can stand there.
    private(set) var sets = Array(repeating: ByteSet(), count: places)
    /// The fewest octets that the stretch has; from there on anything can stand, the end of the text too.
    private(set) var shortest = places
    private var steps = 0
    private static let stepLimit = 2000

    /// Takes a part of a pattern that may begin behind any of some places.
    /// - Returns: behind which places it may end.
    mutating func take(_ tree: PatternTree, from mask: Mask) -> Mask {
        steps += 1
        guard mask != 0 else { return 0 }
        guard steps <= Self.stepLimit else { return takeAnything(from: mask) }
        switch tree {
        case .set(let set):
            let forms = set.forms
            for place in 0..<Self.places where mask >> Mask(place) & 1 == 1 { sets[place].formUnion(forms) }
            return mask << 1 & (1 << Mask(Self.places) - 1)
        case .sequence(let parts):
            var mask = mask
            for part in parts { mask = take(part, from: mask) }
            return mask
        case .choice(let branches):
            var out: Mask = 0
            for branch in branches { out |= take(branch, from: mask) }
            return out
        case .repetition(let part, let from, let upTo):
            return take(part, from: from, upTo: upTo, at: mask)
        case .nothing:
            return mask
        case .anything:
            return takeAnything(from: mask)
        }
    }

    /// Takes a part that is repeated. Behind as many turns as there are places nothing new can come.
    mutating func take(_ part: PatternTree, from: Int, upTo: Int?, at mask: Mask) -> Mask {
        var mask = mask
        for _ in 0..<min(from, Self.places) { mask = take(part, from: mask) }
        var out = mask
        for _ in 0..<min(max(0, (upTo ?? Int.max) - from), Self.places) {
            mask = take(part, from: mask)
            guard mask & ~out != 0 else { break }
            out |= mask
        }
        return out
    }

    private mutating func takeAnything(from mask: Mask) -> Mask {
        var out: Mask = 0
        for place in mask.trailingZeroBitCount..<Self.places {
            sets[place] = .all
            out |= 1 << Mask(place)
        }
        return out
    }

    /// Ends the pattern.
    mutating func end(at mask: Mask) {
        // Equal reaches are kept once, whatever it took to find them.
        steps = 0
        guard mask != 0 else { return }
        shortest = min(shortest, mask.trailingZeroBitCount)
        _ = takeAnything(from: mask)
    }

    /// The share of texts, roughly, that go on like this behind `length` octets that fit. Never near 0: to look whether they
    /// do costs a tenth of a match.
    func share(behind length: Int) -> Double {
        var share = 1.0
        for place in length..<max(length, min(shortest, Self.places)) {
            share *= min(1, 0.1 + 0.9 * Frequency.of(run: sets[place], length: 1))
        }
        return 0.1 + 0.9 * share
    }
}
