/// In how many ways an engine that tries one way after the other can divide a text before a match fails: exponentially many
/// where some text can be divided in several ways within a repetition and more must match behind it; else a power of the
/// text's length, where repetitions of the same octets follow each other.
///
/// The pattern is read as an automaton of its octet sets. The ways explode when a state can come back to itself by two ways
/// over the same octets: when two copies of the automaton can part at a state and meet there again.
struct Ambiguity {
    private var sets: [ByteSet] = []
    /// For each state those that can follow it; one that follows in two ways stands here twice.
    private var next: [[Int]] = []
    /// States that are a repetition of one set, in the order of the pattern.
    private var loops: [Int] = []
    private let stateLimit: Int

    /// States of a pattern whose parting is judged.
    private static let stateLimit = 150
    /// States of a pattern without repetitions of more than one octet.
    private static let plainStateLimit = 5000
    /// Turns of a repetition with a bound that are looked at.
    private static let copies = 5

    /// States at the edges of a part.
    private struct Edges {
        var first: [Int] = []
        var last: [Int] = []
        var canBeEmpty = true
    }

    private struct TooLarge: Error {}

    /// True when ways can be exponentially many; a pattern that is too large to judge counts as harmless.
    static func explodes(_ tree: PatternTree) -> Bool { ways(tree, length: 1) == .infinity }

    /// Ways for the worst text of a length, roughly; nil for a pattern that is too large to judge.
    static func ways(_ tree: PatternTree, length: Double) -> Double? {
        let isPlain = !tree.repeatsMore
        var automaton = Ambiguity(stateLimit: isPlain ? plainStateLimit : stateLimit)
        do throws(TooLarge) {
            let edges = try automaton.add(tree)
            // Where nothing need follow, the first way is the last.
            let ends = tree.holdsEnd ? [] : Set(edges.last)
            if !isPlain, automaton.canPartAndMeet(except: ends) { return .infinity }
            return automaton.divisions(length: length, except: ends)
        } catch {
            return nil
        }
    }

    private init(stateLimit: Int) { self.stateLimit = stateLimit }

    private mutating func add(_ tree: PatternTree) throws(TooLarge) -> Edges {
        switch tree {
        case .set(let set):
            guard sets.count < stateLimit else { throw TooLarge() }
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
                var turns: [Edges] = []
                for _ in 0..<min(upTo, Self.copies) { turns.append(try add(part)) }
                // From the last turn to the first: each further one can only follow the one before it.
                var rest = Edges()
                for (turn, edges) in turns.enumerated().reversed() {
                    rest = join(edges, rest)
                    if turn >= from { rest.canBeEmpty = true }
                }
                return rest
            }
            var one = try add(part)
            for state in one.last { next[state] += one.first }
            if case .set = part { loops += one.first }
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

    /// How often the loops that follow each other can divide a text: each can end at any place where the next can begin.
    private func divisions(length: Double, except ends: Set<Int>) -> Double {
        var best: [(ways: Double, count: Double)] = []
        var most = 1.0
        for (index, loop) in loops.enumerated() {
            var here = (ways: length, count: 1.0)
            for earlier in 0..<index {
                guard let distance = distance(from: loops[earlier], to: loop) else { continue }
                let (ways, count) = best[earlier]
                let more = ways * length / Double(max(1, distance - 1)) / (count + 1)
                if more > here.ways { here = (more, count + 1) }
            }
            best.append(here)
            if !ends.contains(loop) { most = max(most, here.ways) }
        }
        return most
    }

    /// Octets of the shortest text that leads from one loop to another while either could take it; nil when there is none.
    private func distance(from first: Int, to last: Int) -> Int? {
        let shared = sets[first].intersection(sets[last])
        var seen: Set<Int> = [first]
        var edge = [first]
        var length = 0
        while !edge.isEmpty {
            length += 1
            edge = edge.flatMap { next[$0] }.filter { !sets[$0].isDisjoint(with: shared) && seen.insert($0).inserted }
            if edge.contains(last) { return length }
        }
        return nil
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
    /// More than one octet is repeated somewhere.
    fileprivate var repeatsMore: Bool {
        switch self {
        case .set, .nothing: false
        case .anything: true
        case .sequence(let parts), .choice(let parts): parts.contains { $0.repeatsMore }
        case .repetition(let part, _, _): if case .set = part { false } else { true }
        }
    }

    /// An end of the text or something that is not told must hold: what was matched may yet fail.
    fileprivate var holdsEnd: Bool {
        switch self {
        case .nothing(let anchor): anchor != .start && anchor != .lineStart
        case .anything: true
        case .set: false
        case .sequence(let parts), .choice(let parts): parts.contains { $0.holdsEnd }
        case .repetition(let part, _, _): part.holdsEnd
        }
    }
}
