internal import Linux
package import Scoring

extension BayesStore {
    /// Messages learnt or forgotten after which the machines are solved anew, at least; else one in fifty of those kept.
    private static let fewest: UInt64 = 25

    /// Solves the machines when enough has changed. Gives whether it did.
    /// - Parameter always: whenever anything has changed.
    package func solveIfDue(always: Bool = false) throws(StoreError) -> Bool {
        let totals = try totals()
        guard totals.unsolved > 0 else { return false }
        if !always {
            let kept = min(totals.spam + totals.ham, UInt64(limits.messages))
            guard totals.unsolved >= max(Self.fewest, kept / 50) else { return false }
        }
        try solve()
        return true
    }

    /// Solves the machines from the messages that are kept. Reading and solving hold no lock; messages that are learnt
    /// meanwhile count as unsolved.
    package func solve() throws(StoreError) {
        var (examples, numbers, dates, unsolved) = try kept()
        let surplus = Self.surplus(examples.map(\.isSpam), limit: limits.messages)
        let dropped = surplus.map { examples[$0] }
        // Whoever learns one folder after the other does not say what came first: the dates do.
        let order = examples.indices.filter { !surplus.contains($0) }.sorted { (dates[$0], $0) < (dates[$1], $1) }
        examples = order.map { examples[$0] }
        // Machines that know little of one class would outvote counts that were restored.
        let spam = examples.count { $0.isSpam }
        let isEnough = spam >= limits.minimum && examples.count - spam >= limits.minimum
        let solution = isEnough ? CommitteeTrainer.solve(examples, by: inParallel) : nil
        try store.write { writing throws(StoreError) in
            for index in surplus { try writing.remove(.messages, Octets.key(numbers[index]).span) }
            var sketches = SketchCounts()
            for example in dropped { try sketches.remove(example.features.keys, example.isSpam, writing) }
            try sketches.write(writing)
            var totals = try self.totals(writing)
            totals.unsolved -= min(totals.unsolved, unsolved)
            try writing.removeAll(.weights)
            totals.weights = 0
            totals.model = .untaught
            if let solution { try self.write(solution, &totals, writing) }
            try self.put(totals, writing)
        }
    }

    /// The messages that are kept, in the order of learning.
    package func examples() throws(StoreError) -> [CommitteeTrainer.Example] {
        try kept().examples
    }

    private func kept() throws(StoreError) -> (
        examples: [CommitteeTrainer.Example], numbers: [UInt64], dates: [UInt32], unsolved: UInt64
    ) {
        var examples: [CommitteeTrainer.Example] = []
        var numbers: [UInt64] = []
        var dates: [UInt32] = []
        var damage: StoreError?
        var unsolved: UInt64 = 0
        try store.readOnce { reading throws(StoreError) in
            unsolved = try self.totals(reading).unsolved
            try reading.forEach(.messages, from: []) { key, value in
                do throws(StoreError) {
                    let message = try LearntMessage(value)
                    examples.append(
                        CommitteeTrainer.Example(features: Features(keys: message.keys), isSpam: message.isSpam))
                    numbers.append(Octets.number(ofKey: key))
                    dates.append(message.date == 0 ? message.time : message.date)
                    return true
                } catch {
                    damage = error
                    return false
                }
            }
        }
        if let damage { throw damage }
        return (examples, numbers, dates, unsolved)
    }

    /// Indices of the messages beyond the limit: the oldest of the class that has more.
    private static func surplus(_ isSpam: [Bool], limit: Int) -> Set<Int> {
        var excess = isSpam.count - limit
        guard excess > 0 else { return [] }
        var left = [isSpam.count { !$0 }, isSpam.count { $0 }]
        var queues = [
            isSpam.indices.filter { !isSpam[$0] }.reversed() as [Int], isSpam.indices.filter { isSpam[$0] }.reversed(),
        ]
        var gone: Set<Int> = []
        while excess > 0 {
            let larger = left[0] >= left[1] ? 0 : 1
            guard let oldest = queues[larger].popLast() else { break }
            gone.insert(oldest)
            left[larger] -= 1
            excess -= 1
        }
        return gone
    }

    private func write(
        _ solution: CommitteeTrainer.Solution, _ totals: inout StoreTotals, _ writing: any StoreWriting
    ) throws(StoreError) {
        var bits: UInt64 = 8
        while solution.keys.count >> Int(bits) > store.buckets.weights, bits < 24 { bits += 1 }
        totals.weightBits = bits
        totals.weights = UInt64(solution.keys.count)
        totals.model = solution.model
        let scheme = BucketScheme(bits: bits)
        let order = solution.keys.indices.sorted { scheme.order(solution.keys[$0]) < scheme.order(solution.keys[$1]) }
        var bytes: [UInt8] = []
        for (place, index) in order.enumerated() {
            let bucket = scheme.bucket(solution.keys[index])
            Octets.append(scheme.rest(solution.keys[index]), to: &bytes)
            Octets.append(solution.weights[index].bitPattern, to: &bytes)
            let isLast = place + 1 == order.count || scheme.bucket(solution.keys[order[place + 1]]) != bucket
            guard isLast else { continue }
            try writing.put(.weights, Octets.key(bucket).span, bytes.span)
            bytes.removeAll(keepingCapacity: true)
        }
    }
}
