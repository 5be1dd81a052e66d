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

    /// Slots of the table that tells keys met once from those met more often, a power of two. Two keys in one slot only
    /// let a useless key through.
    private static let sieveBits: UInt64 = 24

    private var rows = [SparseRows](repeating: SparseRows(), count: EvidenceView.count)
    /// Features that no machine sees and the classical method counts.
    private var counted = SparseRows()
    private var isSpam: [Bool] = []
    private var keys: [TokenKey] = []

    /// Solves from examples of both classes; nil when one class is missing.
    package static func solve(_ examples: [Example]) -> Solution? {
        guard examples.contains(where: \.isSpam), examples.contains(where: { !$0.isSpam }) else { return nil }
        var trainer = CommitteeTrainer()
        trainer.read(examples)
        return trainer.solve()
    }

    /// A key that one message has alone separates that message and no other: it is left out, which halves the work and
    /// changes no figure.
    private mutating func read(_ examples: [Example]) {
        var sieve = [UInt8](repeating: 0, count: 1 << Self.sieveBits)
        for example in examples {
            for key in example.features.keys {
                let slot = Int(truncatingIfNeeded: key & (1 << Self.sieveBits - 1))
                if sieve[slot] < 2 { sieve[slot] += 1 }
            }
        }
        var table = KeyTable()
        for example in examples {
            isSpam.append(example.isSpam)
            for key in example.features.keys {
                let slot = Int(truncatingIfNeeded: key & (1 << Self.sieveBits - 1))
                guard sieve[slot] > 1, let tokenClass = Features.tokenClass(key) else { continue }
                if let view = tokenClass.view?.rawValue {
                    rows[view].features.append(table.number(key))
                    rows[view].values.append(example.features.values[Int(tokenClass.rawValue)])
                } else if tokenClass.isCounted {
                    counted.features.append(table.number(key))
                }
            }
            for view in rows.indices { rows[view].endRow() }
            counted.endRow()
        }
        keys = table.keys
    }

    private func solve() -> Solution {
        let halves = Self.halves(isSpam)
        var weights = [Float](repeating: 0, count: keys.count)
        var biases = [Float](repeating: 0, count: EvidenceView.count)
        var heldOut = [[Float]](
            repeating: [Float](repeating: 0, count: EvidenceView.count), count: isSpam.count)
        for view in rows.indices {
            let whole = VectorMachine(rows[view], features: keys.count, isSpam: isSpam) { _ in true }
            for index in weights.indices where whole.weights[index] != 0 { weights[index] = whole.weights[index] }
            biases[view] = whole.bias
            // Two halves, each judged by a machine that learnt the other.
            for half in 0...1 {
                let machine = VectorMachine(
                    rows[view], features: keys.count, isSpam: isSpam, passes: VectorMachine.roughPasses
                ) { halves[$0] != half }
                for row in isSpam.indices
                where halves[row] == half && rows[view].starts[row] < rows[view].starts[row + 1] {
                    heldOut[row][view] = rows[view].margin(row, machine.weights.span) + machine.bias
                }
            }
        }
        let evidence = heldOutEvidence(halves)
        let sums = heldOut.indices.map { Committee.sum(heldOut[$0], evidence[$0]) }
        let (slope, offset) = Calibration.fit(sums, isSpam: isSpam)
        let order = keys.indices.filter { weights[$0] != 0 }.sorted { keys[$0] < keys[$1] }
        return Solution(
            keys: order.map { keys[$0] }, weights: order.map { weights[$0] },
            model: CommitteeModel(biases: biases, slope: slope, offset: offset))
    }

    /// The classical method's evidence for each message, from the counts of the other half.
    private func heldOutEvidence(_ halves: [Int]) -> [Double] {
        var counts = [[FisherMethod.Counts]](
            repeating: [FisherMethod.Counts](repeating: FisherMethod.Counts(), count: keys.count), count: 2)
        var spam = [0.0, 0.0]
        var ham = [0.0, 0.0]
        let isCounted = keys.map { Features.tokenClass($0)?.isCounted ?? false }
        for row in isSpam.indices {
            let half = halves[row]
            if isSpam[row] { spam[half] += 1 } else { ham[half] += 1 }
            forEachFeature(of: row) { feature in
                if isSpam[row] { counts[half][feature].spam += 1 } else { counts[half][feature].ham += 1 }
            }
        }
        return isSpam.indices.map { row in
            let other = 1 - halves[row]
            var found: [FisherMethod.Counts] = []
            forEachFeature(of: row) { feature in
                if isCounted[feature] { found.append(counts[other][feature]) }
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

    /// The features of a row that the classical method counts.
    private func forEachFeature(of row: Int, _ use: (Int) -> Void) {
        for view in rows.indices where view != EvidenceView.pairs.rawValue && view != EvidenceView.grams.rawValue {
            for index in rows[view].starts[row]..<rows[view].starts[row + 1] { use(Int(rows[view].features[index])) }
        }
        for index in counted.starts[row]..<counted.starts[row + 1] { use(Int(counted.features[index])) }
    }
}

/// Numbers keys in the order in which they come.
private struct KeyTable {
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
