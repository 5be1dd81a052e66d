/// Whether an engine that tries one way after the other can take exponentially many of them: some text can be divided in
/// several ways within a repetition, and more must match behind it, so that every way is tried before a match fails.
///
/// The pattern is read as an automaton of its octet sets. It explodes when a state can come back to itself by two ways over
/// the same octets: when two copies of the automaton can part at a state and meet there again.
struct Ambiguity {
    private var sets: [ByteSet] = []
    /// For each state those that can follow it; one that follows in two ways stands here twice.
    private var next: [[Int]] = []

    /// States of a pattern that is judged; larger ones are not, and count as harmless.
    private static let stateLimit = 120

    /// States at the edges of a part.
    private struct Edges {
        var first: [Int] = []
        var last: [Int] = []
        var canBeEmpty = true
    }

    private struct TooLarge: Error {}

    static func explodes(_ tree: PatternTree) -> Bool {
        var automaton = Ambiguity()
        do throws(TooLarge) {
            let edges = try automaton.add(tree)
            // Where nothing need follow, the first way is the last.
            let ends = tree.holdsEnd ? [] : Set(edges.last)
            return automaton.canPartAndMeet(except: ends)
        } catch {
            return false
        }
    }

    private mutating func add(_ tree: PatternTree) throws(TooLarge) -> Edges {
        switch tree {
        case .set(let set):
            guard sets.count < Self.stateLimit else { throw TooLarge() }
            sets.append(set.folded)
            next.append([])
            return Edges(first: [sets.count - 1], last: [sets.count - 1], canBeEmpty: false)
        case .sequence(let parts):
            var whole = Edges()
            for part in parts { whole = join(whole, try add(part)) }
            return whole
        case .choice(let branches):
            var whole = Edges(canBeEmpty: false)
            for branch in branches {
                let one = try add(branch)
                whole.first += one.first
                whole.last += one.last
                whole.canBeEmpty = whole.canBeEmpty || one.canBeEmpty
            }
            return whole
        case .repetition(let part, let from, let upTo):
            if let upTo, upTo <= 20 {
                // From the last turn to the first: each further one can only follow the one before it.
                var rest = Edges()
                for turn in (0..<min(upTo, 3)).reversed() {
                    rest = join(try add(part), rest)
                    if turn >= from { rest.canBeEmpty = true }
                }
                return rest
            }
            var one = try add(part)
            for state in one.last { next[state] += one.first }
            if from == 0 { one.canBeEmpty = true }
            return one
        case .nothing, .anything:
            return Edges()
        }
    }

    private mutating func join(_ left: Edges, _ right: Edges) -> Edges {
        for state in left.last { next[state] += right.first }
        return Edges(
            first: left.first + (left.canBeEmpty ? right.first : []),
            last: right.last + (right.canBeEmpty ? left.last : []),
            canBeEmpty: left.canBeEmpty && right.canBeEmpty)
    }

    /// - Parameter ends: states behind which nothing need follow.
    private func canPartAndMeet(except ends: Set<Int>) -> Bool {
        for state in sets.indices where !ends.contains(state) && parts(at: state) { return true }
        return false
    }

    /// Two ways lead from a state to itself over the same octets.
    private func parts(at start: Int) -> Bool {
        let count = sets.count
        // A pair of states, and whether the two ways have parted before.
        var seen = Array(repeating: false, count: 2 * count * count)
        var open: [(one: Int, other: Int, hasParted: Bool)] = [(start, start, false)]
        while let (one, other, hasParted) = open.popLast() {
            for (position, left) in next[one].enumerated() {
                for (second, right) in next[other].enumerated() {
                    // From one state two ways part when they take different steps, to whatever states.
                    let parted = hasParted || one == other && position != second || left != right
                    guard !sets[left].isDisjoint(with: sets[right]) else { continue }
                    if left == start, right == start, parted { return true }
                    let place = (left * count + right) * 2 + (parted ? 1 : 0)
                    guard !seen[place] else { continue }
                    seen[place] = true
                    open.append((left, right, parted))
                }
            }
        }
        return false
    }
}

extension PatternTree {
    /// An end of the text or something that is not told must hold: what was matched may yet fail.
    fileprivate var holdsEnd: Bool {
        switch self {
        case .nothing(let anchor): anchor != .start
        case .anything: true
        case .set: false
        case .sequence(let parts), .choice(let parts): parts.contains { $0.holdsEnd }
        case .repetition(let part, _, _): part.holdsEnd
        }
    }
}
