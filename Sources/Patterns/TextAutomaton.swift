/// A pattern as an automaton that reads whole texts octet by octet: a text is taken when the pattern stands somewhere in it.
/// What it does for an octet is worked out when first asked and kept.
final class TextAutomaton {
    /// A state, and how the text must go on behind a `$`.
    typealias Position = Int

    /// What may still come.
    private enum Rest {
        static let anything = 0
        /// A newline at the very end, or nothing.
        static let newline = 1
        static let nothing = 2
        /// A newline and anything, or nothing.
        static let lines = 3
        static let count = 4
    }

    /// What stands before a position.
    private enum Before { case nothing, newline, other }

    private struct State {
        /// Goes on to `next` with an octet of these.
        var step: (set: ByteSet, next: Int)?
        /// Goes on without an octet, where the anchor allows it.
        var jumps: [(anchor: PatternTree.Anchor?, next: Int)] = []
    }

    private struct TooLarge: Error {}

    private let states: [State]
    private let final: Int
    /// Which class an octet belongs to: no set of the automaton tells octets of one class apart.
    let classes: [UInt8]
    private let classCount: Int
    /// An octet of each class.
    private let octets: [UInt8]
    /// Positions from which the pattern can still come to its end.
    private let isAlive: [Bool]
    /// Where a text begins.
    let starts: [Position]
    private var following: [Int: [Position]] = [:]
    // Sets of positions, their numbers, and where an octet leads.
    private var sets: [[Position]] = []
    private var numbers: [[Position]: Int] = [:]
    private var moves: [[Int32]] = []

    /// States of a pattern; a larger one is not judged.
    private static let stateLimit = 20_000
    /// Sets of positions that are kept.
    private static let setLimit = 4000

    /// - Parameter ignoresCase: every letter stands for both of its cases.
    /// - Returns: nil for a pattern that is too large.
    init?(_ tree: PatternTree, ignoresCase: Bool) {
        var builder = Builder(ignoresCase: ignoresCase)
        do throws(TooLarge) {
            let first = try builder.state()
            builder.states[first].step = (.all, first)
            let end = try builder.add(tree, from: first)
            builder.states[end].step = (.all, end)
            final = end
        } catch {
            return nil
        }
        states = builder.states
        let (classes, octets) = Self.classes(builder.sets)
        (self.classes, self.octets, classCount) = (classes, octets, octets.count)
        isAlive = Self.alive(states, final: final)
        starts = Self.closure([0], states, isAlive, final: final, .nothing)
        sets = [starts]
        numbers = [starts: 0]
        moves = [Array(repeating: -1, count: classCount)]
    }

    // MARK: Positions: one way through the pattern

    /// Where an octet of a class leads from a position.
    func next(_ position: Position, _ octets: Int) -> [Position] {
        let place = position * classCount + octets
        if let known = following[place] { return known }
        let (state, rest) = (position / Rest.count, position % Rest.count)
        let byte = self.octets[octets]
        var out: [Position] = []
        if let (set, next) = states[state].step, set.contains(byte), let then = Self.rest(behind: rest, byte) {
            out = Self.closure(
                [next * Rest.count + then], states, isAlive, final: final,
                byte == 0x0A ? .newline : .other)
        }
        following[place] = out
        return out
    }

    private static func rest(behind rest: Int, _ byte: UInt8) -> Int? {
        switch rest {
        case Rest.anything: Rest.anything
        case Rest.newline where byte == 0x0A: Rest.nothing
        case Rest.lines where byte == 0x0A: Rest.anything
        default: nil
        }
    }

    private static func rest(behind rest: Int, _ anchor: PatternTree.Anchor?) -> Int {
        switch anchor {
        case nil, .other, .start, .lineStart: rest
        case .end: rest == Rest.nothing ? rest : Rest.newline
        case .veryEnd: Rest.nothing
        case .lineEnd: rest == Rest.anything ? Rest.lines : rest
        }
    }

    /// The pattern has matched if the text ends here.
    func isFinal(_ position: Position) -> Bool { position / Rest.count == final }

    // MARK: Sets of positions: all ways at a time

    /// The set with which a text begins.
    static let first = 0

    /// The set behind an octet of a class; nil when there are too many sets.
    func nextSet(_ set: Int, _ octets: Int) -> Int? {
        let known = moves[set][octets]
        if known >= 0 { return Int(known) }
        var union: Set<Position> = []
        for position in sets[set] { union.formUnion(next(position, octets)) }
        let sorted = union.sorted()
        if let number = numbers[sorted] {
            moves[set][octets] = Int32(number)
            return number
        }
        guard sets.count < Self.setLimit else { return nil }
        moves[set][octets] = Int32(sets.count)
        numbers[sorted] = sets.count
        sets.append(sorted)
        moves.append(Array(repeating: -1, count: classCount))
        return sets.count - 1
    }

    /// The pattern has matched if the text ends here.
    func holdsFinal(_ set: Int) -> Bool { sets[set].contains { isFinal($0) } }

    /// The pattern cannot match any more, whatever follows.
    func isHopeless(_ set: Int) -> Bool { sets[set].isEmpty }

    /// The pattern has matched, whatever follows.
    func isSettled(_ set: Int) -> Bool { sets[set].contains(final * Rest.count) }

    /// Whether a text is taken; nil when there are too many sets.
    func takes(_ text: [UInt8]) -> Bool? {
        var set = Self.first
        for byte in text {
            guard let next = nextSet(set, Int(classes[Int(byte)])) else { return nil }
            set = next
        }
        return holdsFinal(set)
    }

    // MARK: Building

    /// All positions that are reached without an octet, of those from which something can come.
    private static func closure(
        _ positions: [Position], _ states: [State], _ isAlive: [Bool], final: Int, _ before: Before
    ) -> [Position] {
        var seen = Set(positions)
        var open = positions
        while let position = open.popLast() {
            let (state, rest) = (position / Rest.count, position % Rest.count)
            for (anchor, next) in states[state].jumps {
                guard before == .nothing || anchor != .start && (anchor != .lineStart || before == .newline) else {
                    continue
                }
                let reached = next * Rest.count + Self.rest(behind: rest, anchor)
                if seen.insert(reached).inserted { open.append(reached) }
            }
        }
        return seen.filter { position in
            let state = position / Rest.count
            return isAlive[position] && (state == final || states[state].step != nil)
        }.sorted()
    }

    /// From which positions the end can be reached, once the start of the text is past.
    private static func alive(_ states: [State], final: Int) -> [Bool] {
        var before = Array(repeating: [Position](), count: states.count * Rest.count)
        for (index, state) in states.enumerated() {
            for rest in 0..<Rest.count {
                let position = index * Rest.count + rest
                if let (set, next) = state.step {
                    // Any octet stands for all where more may follow; only a newline leads on behind a `$`.
                    if rest == Rest.anything, !set.isEmpty { before[next * Rest.count].append(position) }
                    if rest != Rest.anything, set.contains(0x0A), let then = Self.rest(behind: rest, 0x0A) {
                        before[next * Rest.count + then].append(position)
                    }
                }
                for (anchor, next) in state.jumps where anchor != .start {
                    before[next * Rest.count + Self.rest(behind: rest, anchor)].append(position)
                }
            }
        }
        var isAlive = Array(repeating: false, count: before.count)
        var open = (0..<Rest.count).map { final * Rest.count + $0 }
        for position in open { isAlive[position] = true }
        while let position = open.popLast() {
            for earlier in before[position] where !isAlive[earlier] {
                isAlive[earlier] = true
                open.append(earlier)
            }
        }
        return isAlive
    }

    /// Parts the octets into as few classes as the sets allow, and gives one octet of each.
    private static func classes(_ sets: Set<ByteSet>) -> (classes: [UInt8], octets: [UInt8]) {
        var classes = [Int](repeating: 0, count: 256)
        var octets: [UInt8] = [0]
        for set in sets {
            var split: [Int: Int] = [:]
            let kept = Set(set.inverted.bytes.map { classes[Int($0)] })
            for byte in set.bytes where kept.contains(classes[Int(byte)]) {
                let old = classes[Int(byte)]
                let new = split[old] ?? octets.count
                if split.updateValue(new, forKey: old) == nil { octets.append(byte) }
                classes[Int(byte)] = new
            }
            for byte in set.inverted.bytes { octets[classes[Int(byte)]] = byte }
        }
        return (classes.map { UInt8($0) }, octets)
    }

    private struct Builder {
        let ignoresCase: Bool
        var states: [State] = []
        var sets: Set<ByteSet> = [ByteSet([0x0A])]

        init(ignoresCase: Bool) { self.ignoresCase = ignoresCase }

        mutating func state() throws(TooLarge) -> Int {
            guard states.count < TextAutomaton.stateLimit else { throw TooLarge() }
            states.append(State())
            return states.count - 1
        }

        /// Adds a part behind a state.
        /// - Returns: the state behind the part.
        mutating func add(_ tree: PatternTree, from: Int) throws(TooLarge) -> Int {
            switch tree {
            case .set(let written):
                let set = ignoresCase ? written.bothCases : written
                let (first, next) = (try state(), try state())
                sets.insert(set)
                states[from].jumps.append((nil, first))
                states[first].step = (set, next)
                return next
            case .sequence(let parts):
                var last = from
                for part in parts { last = try add(part, from: last) }
                return last
            case .choice(let branches):
                let end = try state()
                for branch in branches {
                    let last = try add(branch, from: from)
                    states[last].jumps.append((nil, end))
                }
                return end
            case .repetition(let part, let least, let most):
                var last = from
                for _ in 0..<least { last = try add(part, from: last) }
                guard let most else { return try loop(part, from: last) }
                let end = try state()
                states[last].jumps.append((nil, end))
                for _ in least..<max(least, most) {
                    last = try add(part, from: last)
                    states[last].jumps.append((nil, end))
                }
                return end
            case .nothing(let anchor):
                let next = try state()
                states[from].jumps.append((anchor, next))
                return next
            case .anything:
                return try loop(.set(.all), from: from)
            }
        }

        private mutating func loop(_ part: PatternTree, from: Int) throws(TooLarge) -> Int {
            let turn = try state()
            states[from].jumps.append((nil, turn))
            let last = try add(part, from: turn)
            states[last].jumps.append((nil, turn))
            return turn
        }
    }
}
