/// What a text must hold so that a pattern can match it, in a form that can be looked for in many patterns at one time.
/// All of it is about the text with its letters in lower case.
enum PatternNeed {
    /// This text, four octets or more, of which the sequence at `window` is the rarest.
    case text([UInt8], window: Int)
    /// One of these sequences of `length` octets, packed with the first octet on top.
    case grams(Set<UInt32>, length: Int)
    /// So many octets of the set in a row.
    case run(ByteSet, Int)
    /// Nothing that could be looked for: the pattern is tried on every text.
    case unknown

    /// Sequences of one pattern at most.
    static let gramLimit = 512
    /// A need that more than this share of lines would meet saves nothing.
    private static let uselessShare = 0.5
    /// A need that a smaller share of lines meets need not be bettered.
    private static let goodShare = 0.001
    /// Octets of a line, for estimates.
    private static let lineLength = 60.0

    /// The need of a tree that is met by the fewest texts.
    static func best(of tree: PatternTree) -> PatternNeed {
        var best: (need: PatternNeed, share: Double) = (.unknown, uselessShare)
        if let (text, window, share) = rarestText(tree) {
            best = (.text(text, window: window), share)
            if share < goodShare { return best.need }
        }
        for length in [4, 3, 2] {
            guard let found = GramFinder(length).best(tree) else { continue }
            let share = lineLength * found.reduce(0) { $0 + Frequency.of(gram: $1, length: length) }
            if share < best.share { best = (.grams(found, length: length), share) }
            if share < goodShare { return best.need }
        }
        if let run = rarestRun(tree), run.share < best.share { return .run(run.set, run.length) }
        return best.need
    }

    /// The text that must stand in every match and that fewest texts have.
    private static func rarestText(_ tree: PatternTree) -> (text: [UInt8], window: Int, share: Double)? {
        let parts: [PatternTree]
        if case .sequence(let several) = tree { parts = several } else { parts = [tree] }
        var best: (text: [UInt8], window: Int, share: Double)?
        var text: [UInt8] = []
        func consider() {
            guard text.count >= 4 else { return }
            var window: (place: Int, share: Double)?
            for place in 0...(text.count - 4) {
                let gram = GramIndex.gram(text[place..<place + 4])
                let share = lineLength * Frequency.of(gram: gram, length: 4)
                if share < window?.share ?? 2 { window = (place, share) }
            }
            // A long text is rarer than any window of it.
            guard let window, window.share < best?.share ?? 2 else { return }
            best = (text, window.place, window.share)
        }
        for part in parts {
            if case .set = part, let byte = part.literal {
                text += byte
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
                union.formUnion(octets.folded)
                length += parts[last].shortest
                guard length > 0 else { continue }
                let share = lineLength * Frequency.of(run: union, length: length)
                if share < best?.share ?? 1 { best = (union, length, share) }
            }
        }
        return best
    }
}

/// How often octets stand in mail, roughly: only the choice among needs depends on it.
enum Frequency {
    private static let octets: [Double] = {
        var table = Array(repeating: 0.00005, count: 256)
        for byte in 0x21...0x7E { table[byte] = 0.004 }
        for (letters, share) in [
            ("etaoinsr", 0.05), ("hldcu", 0.027), ("mfpgwyb", 0.015), ("vkxjqz", 0.006), ("0123456789", 0.008),
            ("=/.-<>\":,", 0.012),
        ] {
            for byte in letters.utf8 { table[Int(byte)] = share }
        }
        table[0x20] = 0.13
        return table
    }()

    static func of(gram: UInt32, length: Int) -> Double {
        var share = 1.0
        for shift in 0..<length { share *= octets[Int(gram >> UInt32(8 * shift) & 0xFF)] }
        return share
    }

    static func of(run set: ByteSet, length: Int) -> Double {
        let sum = set.bytes.reduce(0) { $0 + octets[Int($1)] }
        var share = 1.0
        // Octets of one kind stand together: each further one is likelier than the first.
        let next = min(1, 0.3 + 0.7 * sum)
        for position in 0..<min(length, 64) { share *= position == 0 ? min(1, sum) : next }
        return share
    }
}

/// Lists the sequences of octets that texts have from some point of a pattern on.
private struct GramFinder {
    /// What comes behind a part: false when the list cannot be complete.
    private typealias Rest = (UInt32, Int, Collector) -> Bool

    private final class Collector {
        var grams: Set<UInt32> = []
        var steps = 0
    }

    private let length: Int
    private static let stepLimit = 4000

    init(_ length: Int) { self.length = length }

    /// The set, from any point that every match passes, which fewest texts have one of.
    func best(_ tree: PatternTree) -> Set<UInt32>? {
        // What follows a match is not known.
        best(tree) { _, _, _ in false }
    }

    private func best(_ tree: PatternTree, _ rest: Rest) -> Set<UInt32>? {
        switch tree {
        case .set:
            return list(tree, rest)
        case .sequence(let parts):
            var found: Set<UInt32>?
            for index in parts.indices {
                let after: Rest = { walk(parts, index + 1, $0, $1, $2, rest) }
                found = rarer(found, best(parts[index], after))
            }
            return found
        case .choice(let branches):
            var union: Set<UInt32> = []
            for branch in branches {
                guard let one = best(branch, rest) else { return nil }
                union.formUnion(one)
                if union.count > PatternNeed.gramLimit { return nil }
            }
            return union
        case .repetition(let part, let from, let upTo):
            guard from >= 1 else { return nil }
            return best(part) { walkAgain(part, 1, from, upTo, $0, $1, $2, rest) }
        case .nothing, .anything:
            return nil
        }
    }

    private func rarer(_ left: Set<UInt32>?, _ right: Set<UInt32>?) -> Set<UInt32>? {
        guard let left, let right else { return left ?? right }
        func share(_ grams: Set<UInt32>) -> Double {
            grams.reduce(0) { $0 + Frequency.of(gram: $1, length: length) }
        }
        return share(right) < share(left) ? right : left
    }

    private func list(_ tree: PatternTree, _ rest: Rest) -> Set<UInt32>? {
        let collector = Collector()
        return walk(tree, 0, 0, collector, rest) ? collector.grams : nil
    }

    private func walk(_ tree: PatternTree, _ gram: UInt32, _ count: Int, _ to: Collector, _ rest: Rest) -> Bool {
        to.steps += 1
        guard to.steps <= Self.stepLimit else { return false }
        switch tree {
        case .set(let set):
            for byte in set.folded.bytes {
                let longer = gram << 8 | UInt32(byte)
                if count + 1 == length {
                    to.grams.insert(longer)
                    guard to.grams.count <= PatternNeed.gramLimit else { return false }
                } else {
                    guard rest(longer, count + 1, to) else { return false }
                }
            }
            return true
        case .sequence(let parts):
            return walk(parts, 0, gram, count, to, rest)
        case .choice(let branches):
            for branch in branches where !walk(branch, gram, count, to, rest) { return false }
            return true
        case .repetition(let part, let from, let upTo):
            return walkAgain(part, 0, from, upTo, gram, count, to, rest)
        case .nothing:
            return rest(gram, count, to)
        case .anything:
            return false
        }
    }

    private func walk(
        _ parts: [PatternTree], _ index: Int, _ gram: UInt32, _ count: Int, _ to: Collector, _ rest: Rest
    ) -> Bool {
        guard index < parts.count else { return rest(gram, count, to) }
        return walk(parts[index], gram, count, to) { walk(parts, index + 1, $0, $1, $2, rest) }
    }

    /// A part that has been there `done` times.
    private func walkAgain(
        _ part: PatternTree, _ done: Int, _ from: Int, _ upTo: Int?, _ gram: UInt32, _ count: Int, _ to: Collector,
        _ rest: Rest
    ) -> Bool {
        if done >= from, !rest(gram, count, to) { return false }
        if let upTo, done >= upTo { return true }
        return walk(part, gram, count, to) { longer, length, collector in
            // Behind a turn that took nothing comes what follows the repetition: turns that take something can all stand
            // before it, and those still due can take nothing too. Where none was due, it has been walked above.
            if length == count { return done >= from ? true : rest(longer, length, collector) }
            return walkAgain(part, done + 1, from, upTo, longer, length, collector, rest)
        }
    }
}
