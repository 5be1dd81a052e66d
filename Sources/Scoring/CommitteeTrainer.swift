internal import Synchronization

/// Solves the committee's machines from learnt messages, and calibrates it on messages held out in turn.
package struct CommitteeTrainer {
    /// One learnt message.
    package struct Example: Sendable {
        package var features: Features
        package var isSpam: Bool

        package init(features: Features, isSpam: Bool) {
            self.features = features
            self.isSpam = isSpam
        }
    }

    /// What was learnt.
    package struct Solution: Sendable {
        /// Keys with a weight, in ascending order.
        package var keys: [TokenKey]
        package var weights: [Float]
        package var model: CommitteeModel
    }

    /// Runs a body for each number below a count, at the same time where threads can be had.
    package typealias Runner = (_ count: Int, _ body: @escaping @Sendable (Int) -> Void) -> Void

    /// Slots of the table that tells keys met once from those met more often, a power of two. Two keys in one slot only
    /// let a useless key through.
    private static let sieveBits: UInt64 = 24

    /// All messages as one view sees them, its keys numbered.
    private struct Column: Sendable {
        var rows = SparseRows()
        var table = KeyTable()
        /// The classical method counts its keys.
        var isCounted = true
    }

    /// By view; the last has what no machine sees and the classical method counts.
    private var columns = [Column](repeating: Column(), count: EvidenceView.count + 1)
    private var isSpam: [Bool] = []

    /// Solves from examples of both classes; nil when one class is missing.
    /// - Parameter runner: the machines are solved by it.
    package static func solve(
        _ examples: [Example], by runner: Runner = { count, body in for number in 0..<count { body(number) } }
    ) -> Solution? {
        guard examples.contains(where: \.isSpam), examples.contains(where: { !$0.isSpam }) else { return nil }
        var trainer = CommitteeTrainer()
        trainer.read(examples)
        return trainer.solve(by: runner)
    }

    /// A key that one message has alone separates that message and no other: it is left out, which halves the work and
    /// changes no figure.
    private mutating func read(_ examples: [Example]) {
        for view in [EvidenceView.pairs, .grams] { columns[view.rawValue].isCounted = false }
        var sieve = [UInt8](repeating: 0, count: 1 << Self.sieveBits)
        for example in examples {
            for key in example.features.keys {
                let slot = Int(truncatingIfNeeded: key & (1 << Self.sieveBits - 1))
                if sieve[slot] < 2 { sieve[slot] += 1 }
            }
        }
        for example in examples {
            isSpam.append(example.isSpam)
            for key in example.features.keys {
                let slot = Int(truncatingIfNeeded: key & (1 << Self.sieveBits - 1))
                guard sieve[slot] > 1, let tokenClass = Features.tokenClass(key), tokenClass != .foreign else {
                    continue
                }
                let place = tokenClass.view?.rawValue ?? EvidenceView.count
                columns[place].rows.features.append(columns[place].table.number(key))
                columns[place].rows.values.append(example.features.values[Int(tokenClass.rawValue)])
            }
            for place in columns.indices { columns[place].rows.endRow() }
        }
    }

    /// What one run of a machine gives: the machine that learnt from all, or what those of a half say of the other.
    fileprivate enum Outcome: Sendable {
        case machine(VectorMachine)
        case heldOut([Float])
    }

    private func solve(by runner: Runner) -> Solution {
        let halves = Self.halves(isSpam)
        // For each view the machine that stays, and two for the calibration. The longest runs come first.
        let outcomes = Outcomes(count: EvidenceView.count * 3)
        let (columns, isSpam) = (columns, isSpam)
        runner(EvidenceView.count * 3) { number in
            let view = number % EvidenceView.count
            outcomes.set(
                number, Self.run(columns[view], isSpam, halves, without: number / EvidenceView.count - 1))
        }
        var learnt: [(key: TokenKey, weight: Float)] = []
        var biases = [Float](repeating: 0, count: EvidenceView.count)
        var heldOut = [[Float]](
            repeating: [Float](repeating: 0, count: EvidenceView.count), count: isSpam.count)
        for (number, outcome) in outcomes.all.enumerated() {
            let view = number % EvidenceView.count
            switch outcome {
            case .machine(let machine):
                biases[view] = machine.bias
                for (key, weight) in zip(columns[view].table.keys, machine.weights) where weight != 0 {
                    learnt.append((key, weight))
                }
            case .heldOut(let margins):
                for row in margins.indices where margins[row] != 0 { heldOut[row][view] = margins[row] }
            case nil: break
            }
        }
        let evidence = heldOutEvidence(halves)
        let sums = heldOut.indices.map { Committee.sum(heldOut[$0], evidence[$0]) }
        let (slope, offset) = Calibration.fit(sums, isSpam: isSpam)
        learnt.sort { $0.key < $1.key }
        return Solution(
            keys: learnt.map(\.key), weights: learnt.map(\.weight),
            model: CommitteeModel(biases: biases, slope: slope, offset: offset))
    }

    /// - Parameter half: below 0 all rows teach; else those of the other half, and the rows of this one are judged.
    private static func run(_ column: Column, _ isSpam: [Bool], _ halves: [Int], without half: Int) -> Outcome {
        let features = column.table.keys.count
        guard half >= 0 else {
            return .machine(VectorMachine(column.rows, features: features, isSpam: isSpam) { _ in true })
        }
        let machine = VectorMachine(
            column.rows, features: features, isSpam: isSpam, passes: VectorMachine.roughPasses
        ) { halves[$0] != half }
        var margins = [Float](repeating: 0, count: isSpam.count)
        for row in isSpam.indices where halves[row] == half && !column.rows.isEmpty(row) {
            margins[row] = column.rows.margin(row, machine.weights.span) + machine.bias
        }
        return .heldOut(margins)
    }

    /// The classical method's evidence for each message, from the counts of the other half.
    private func heldOutEvidence(_ halves: [Int]) -> [Double] {
        let counted = columns.filter(\.isCounted)
        var counts = [[[FisherMethod.Counts]]](
            repeating: counted.map {
                [FisherMethod.Counts](repeating: FisherMethod.Counts(), count: $0.table.keys.count)
            },
            count: 2)
        var spam = [0.0, 0.0]
        var ham = [0.0, 0.0]
        for row in isSpam.indices {
            let half = halves[row]
            if isSpam[row] { spam[half] += 1 } else { ham[half] += 1 }
            for place in counted.indices {
                for feature in counted[place].rows.features(of: row) {
                    if isSpam[row] {
                        counts[half][place][Int(feature)].spam += 1
                    } else {
                        counts[half][place][Int(feature)].ham += 1
                    }
                }
            }
        }
        return isSpam.indices.map { row in
            let other = 1 - halves[row]
            var found: [FisherMethod.Counts] = []
            for place in counted.indices {
                for feature in counted[place].rows.features(of: row) {
                    found.append(counts[other][place][Int(feature)])
                }
            }
            return FisherMethod.combine(found, spam: spam[other], ham: ham[other]).evidence
        }
    }

    /// The half of each row: the older messages of each class, and the newer ones. What the committee will judge comes later
    /// than what it learnt from; halves by chance would be more alike than that, and make it too sure of itself. Halves of
    /// each class, so that a mailbox of spam followed by one of ham does not make halves of one class.
    private static func halves(_ isSpam: [Bool]) -> [Int] {
        let spam = isSpam.count { $0 }
        let ham = isSpam.count - spam
        var seen = (spam: 0, ham: 0)
        return isSpam.map { isSpam in
            if isSpam {
                seen.spam += 1
                return seen.spam * 2 <= spam ? 0 : 1
            }
            seen.ham += 1
            return seen.ham * 2 <= ham ? 0 : 1
        }
    }
}

/// What machines gave, by number, filled from several threads.
private final class Outcomes: Sendable {
    private let outcomes: Mutex<[CommitteeTrainer.Outcome?]>

    init(count: Int) {
        outcomes = Mutex([CommitteeTrainer.Outcome?](repeating: nil, count: count))
    }

    func set(_ number: Int, _ outcome: CommitteeTrainer.Outcome) {
        outcomes.withLock { $0[number] = outcome }
    }

    var all: [CommitteeTrainer.Outcome?] { outcomes.withLock { $0 } }
}

/// Numbers keys in the order in which they come.
private struct KeyTable: Sendable {
    private(set) var keys: [TokenKey] = []
    private var slots = [UInt32](repeating: 0, count: 1 << 16)

    mutating func number(_ key: TokenKey) -> UInt32 {
        if keys.count * 2 >= slots.count { grow() }
        // A key is a hash: its lowest bits are as good as any.
        var slot = Int(truncatingIfNeeded: key) & (slots.count - 1)
        while slots[slot] != 0 {
            let number = slots[slot] - 1
            if keys[Int(number)] == key { return number }
            slot = (slot + 1) & (slots.count - 1)
        }
        keys.append(key)
        slots[slot] = UInt32(keys.count)
        return UInt32(keys.count - 1)
    }

    private mutating func grow() {
        slots = [UInt32](repeating: 0, count: slots.count * 2)
        for index in keys.indices {
            var slot = Int(truncatingIfNeeded: keys[index]) & (slots.count - 1)
            while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = UInt32(index + 1)
        }
    }
}
