/// Lists the sequences of octets that texts have from some point of a pattern on.
struct GramFinder {
    /// What comes behind a part: false when the list cannot be complete.
    private typealias Rest = (UInt32, Int, Collector) -> Bool
    /// The same for the octets that can follow, from the places at which the part may end.
    private typealias Tail = (PatternReach.Mask, inout PatternReach) -> Void

    private final class Collector {
        var grams: Set<UInt32> = []
        var steps = 0
    }

    private let length: Int
    private static let stepLimit = 4000

    init(_ length: Int) { self.length = length }

    /// The stretches, from any point that every match passes, which fewest texts have one of.
    func best(_ tree: PatternTree) -> [PatternNeed.Stretch]? {
        // What follows a match is not known.
        best(tree, { _, _, _ in false }, { $1.end(at: $0) })
    }

    private func best(_ tree: PatternTree, _ rest: Rest, _ tail: Tail) -> [PatternNeed.Stretch]? {
        switch tree {
        case .set:
            return list(tree, rest, tail)
        case .sequence(let parts):
            var found: [PatternNeed.Stretch]?
            for index in parts.indices {
                let after: Rest = { walk(parts, index + 1, $0, $1, $2, rest) }
                let behind: Tail = { mask, reach in
                    var mask = mask
                    for part in parts[(index + 1)...] where mask != 0 { mask = reach.take(part, from: mask) }
                    tail(mask, &reach)
                }
                found = rarer(found, best(parts[index], after, behind))
            }
            return found
        case .choice(let branches):
            var all: [PatternNeed.Stretch] = []
            for branch in branches {
                guard let one = best(branch, rest, tail) else { return nil }
                all += one
                if all.reduce(0, { $0 + $1.grams.count }) > PatternNeed.gramLimit { return nil }
            }
            return all
        case .repetition(let part, let from, let upTo):
            guard from >= 1 else { return nil }
            return best(part, { walkAgain(part, 1, from, upTo, $0, $1, $2, rest) }) { mask, reach in
                tail(reach.take(part, from: from - 1, upTo: upTo.map { $0 - 1 }, at: mask), &reach)
            }
        case .nothing, .anything:
            return nil
        }
    }

    private func rarer(_ left: [PatternNeed.Stretch]?, _ right: [PatternNeed.Stretch]?) -> [PatternNeed.Stretch]? {
        guard let left, let right else { return left ?? right }
        return Frequency.of(right, length: length) < Frequency.of(left, length: length) ? right : left
    }

    private func list(_ tree: PatternTree, _ rest: Rest, _ tail: Tail) -> [PatternNeed.Stretch]? {
        let collector = Collector()
        guard walk(tree, 0, 0, collector, rest) else { return nil }
        var reach = PatternReach()
        tail(reach.take(tree, from: 1), &reach)
        return [PatternNeed.Stretch(grams: collector.grams, reach: reach)]
    }

    private func walk(_ tree: PatternTree, _ gram: UInt32, _ count: Int, _ to: Collector, _ rest: Rest) -> Bool {
        to.steps += 1
        guard to.steps <= Self.stepLimit else { return false }
        switch tree {
        case .set(let set):
            for byte in set.forms.bytes {
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
