/// Looks for a text that patterns match and others do not, or shows that there is none.
struct TextSearch {
    /// What came of a search.
    enum Result: Equatable {
        /// No text is such.
        case none
        /// A shortest one.
        case text([UInt8])
        /// It was given up.
        case unknown
    }

    /// Patterns that hold of a text together, as a rule within IFs wants them.
    struct Conjunction {
        var members: [(automaton: TextAutomaton, holds: Bool)]
    }

    /// Each takes the text; may take more texts than the pattern.
    var all: [TextAutomaton] = []
    /// None of these holds of the text; exact.
    var none: [Conjunction] = []

    /// Steps of one search.
    private static let stepLimit = 400_000

    private struct Node {
        /// A position of each of `all`, then the set of positions of each automaton of `none`.
        var key: [Int32]
        var parent: Int
        var byte: UInt8
    }

    func run() -> Result {
        let others = none.flatMap { $0.members.map(\.automaton) }
        let bytes = representatives(all + others)
        var nodes: [Node] = []
        var seen: Set<[Int32]> = []
        let firsts = all.reduce([[Int32]]([[]])) { keys, automaton in
            keys.flatMap { key in automaton.starts.map { key + [Int32($0)] } }
        }
        for key in firsts {
            let whole = key + others.map { _ in Int32(TextAutomaton.first) }
            if !isExcluded(whole), seen.insert(whole).inserted { nodes.append(Node(key: whole, parent: -1, byte: 0)) }
        }
        var steps = 0
        var index = 0
        while index < nodes.count {
            let key = nodes[index].key
            if isFound(key) { return .text(text(nodes, index)) }
            for byte in bytes {
                steps += 1
                guard steps <= Self.stepLimit else { return .unknown }
                let heads = heads(key, byte)
                guard !heads.isEmpty else { continue }
                guard let tails = tails(key, others, byte) else { return .unknown }
                for head in heads {
                    let next = head + tails
                    guard !isExcluded(next), seen.insert(next).inserted else { continue }
                    nodes.append(Node(key: next, parent: index, byte: byte))
                    steps += 1
                }
            }
            index += 1
        }
        return .none
    }

    /// One octet for all that no automaton tells apart, those that people write first.
    private func representatives(_ automata: [TextAutomaton]) -> [UInt8] {
        var seen: Set<[UInt8]> = []
        let order = Array(0x61...0x7A) + Array(0x30...0x39) + Array(0x20...0x7E) + Array(0...0xFF)
        return order.map { UInt8($0) }.filter { byte in seen.insert(automata.map { $0.classes[Int(byte)] }).inserted }
    }

    private func heads(_ key: [Int32], _ byte: UInt8) -> [[Int32]] {
        var out: [[Int32]] = [[]]
        for (place, automaton) in all.enumerated() {
            let next = automaton.next(Int(key[place]), Int(automaton.classes[Int(byte)]))
            guard !next.isEmpty else { return [] }
            out = out.flatMap { head in next.map { head + [Int32($0)] } }
        }
        return out
    }

    private func tails(_ key: [Int32], _ others: [TextAutomaton], _ byte: UInt8) -> [Int32]? {
        var out: [Int32] = []
        for (place, automaton) in others.enumerated() {
            guard let next = automaton.nextSet(Int(key[all.count + place]), Int(automaton.classes[Int(byte)])) else {
                return nil
            }
            out.append(Int32(next))
        }
        return out
    }

    /// One of `none` holds whatever follows.
    private func isExcluded(_ key: [Int32]) -> Bool {
        holds(key) { automaton, set, holds in holds ? automaton.isSettled(set) : automaton.isHopeless(set) }
    }

    private func isFound(_ key: [Int32]) -> Bool {
        for (place, automaton) in all.enumerated() where !automaton.isFinal(Int(key[place])) { return false }
        return !holds(key) { automaton, set, holds in automaton.holdsFinal(set) == holds }
    }

    /// All members of one of `none` meet the condition.
    private func holds(_ key: [Int32], _ condition: (TextAutomaton, Int, Bool) -> Bool) -> Bool {
        var place = all.count
        for conjunction in none {
            let first = place
            place += conjunction.members.count
            let isMet = conjunction.members.enumerated().allSatisfy { offset, member in
                condition(member.automaton, Int(key[first + offset]), member.holds)
            }
            if isMet { return true }
        }
        return false
    }

    private func text(_ nodes: [Node], _ last: Int) -> [UInt8] {
        var out: [UInt8] = []
        var index = last
        while nodes[index].parent >= 0 {
            out.append(nodes[index].byte)
            index = nodes[index].parent
        }
        return out.reversed()
    }
}
