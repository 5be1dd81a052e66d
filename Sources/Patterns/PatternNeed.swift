/// What a text must hold so that a pattern can match it, in a form that can be looked for in many patterns at one time.
/// All of it but runs is about the forms of the text's octets (`LookAlikes`).
enum PatternNeed {
    /// This text, four octets or more.
    case text([UInt8])
    /// One of these stretches, which begin with sequences of `length` octets.
    case stretches([Stretch], length: Int)
    /// So many octets of the set in a row.
    case run(ByteSet, Int)
    /// Nothing that could be looked for: the pattern is tried on every text.
    case unknown

    /// A stretch of text: the sequences that it may begin with, packed with the first octet on top, and how it goes on.
    struct Stretch {
        var grams: Set<UInt32>
        var reach: PatternReach
    }

    /// Sequences of one pattern at most.
    static let gramLimit = 512
    /// A need that more than this share of lines would meet saves nothing.
    private static let uselessShare = 0.5
    /// A need that a smaller share of lines meets need not be bettered.
    private static let goodShare = 0.0001
    /// Octets of a line, for estimates.
    private static let lineLength = 60.0

    /// The need of a tree that is met by the fewest texts.
    static func best(of tree: PatternTree) -> PatternNeed {
        var best: (need: PatternNeed, share: Double) = (.unknown, uselessShare)
        if let (text, share) = rarestText(tree) {
            best = (.text(text), share)
            if share < goodShare { return best.need }
        }
        for length in [4, 3, 2] {
            guard let found = GramFinder(length).best(tree) else { continue }
            let share = lineLength * Frequency.of(found, length: length)
            if share < best.share { best = (.stretches(found, length: length), share) }
            if share < goodShare { return best.need }
        }
        if let run = rarestRun(tree), run.share < best.share { return .run(run.set, run.length) }
        return best.need
    }

    /// The text that must stand in every match and that fewest texts have.
    private static func rarestText(_ tree: PatternTree) -> (text: [UInt8], share: Double)? {
        let parts: [PatternTree]
        if case .sequence(let several) = tree { parts = several } else { parts = [tree] }
        var best: (text: [UInt8], share: Double)?
        var text: [UInt8] = []
        func consider() {
            guard text.count >= 4 else { return }
            let window = Frequency.rarestWindow(of: text)
            // A long text is rarer than any window of it.
            let share =
                lineLength * window.share * Frequency.of(text, around: window.place..<window.place + 4)
            if share < best?.share ?? 2 { best = (text, share) }
        }
        for part in parts {
            if case .set(let set) = part, let byte = set.forms.only {
                text.append(byte)
                continue
            }
            // An anchor or a word boundary takes nothing out of the text.
            if case .nothing = part { continue }
            consider()
            text = []
        }
        consider()
        return best
    }

    /// The run that fewest texts have: over any parts that follow each other, the octets of all and their least number.
    private static func rarestRun(_ tree: PatternTree) -> (set: ByteSet, length: Int, share: Double)? {
        var best: (set: ByteSet, length: Int, share: Double)?
        let parts: [PatternTree]
        if case .sequence(let several) = tree { parts = several } else { parts = [tree] }
        for first in parts.indices {
            var union = ByteSet()
            var length = 0
            for last in first..<min(parts.count, first + 12) {
                guard let octets = parts[last].octets else { break }
                union.formUnion(octets.bothCases)
                length += parts[last].shortest
                guard length > 0 else { continue }
                let share = lineLength * Frequency.of(run: union, length: length)
                if share < best?.share ?? 1 { best = (union, length, share) }
            }
        }
        return best
    }
}
