internal import Linux
package import Scoring

extension BayesStore {
    /// Messages learnt or forgotten after which the machines are solved anew, at least; else one in fifty of those kept.
    private static let fewest: UInt64 = 25

    /// Solves the machines when enough has changed, or when there are enough messages for the first time. Gives whether it tried.
    /// - Parameter always: whenever anything has changed.
    package func solveIfDue(always: Bool = false) throws(StoreError) -> Bool {
        let totals = try totals()
        guard totals.unsolved > 0 else { return false }
        let isFirst =
            totals.model == .untaught && min(totals.spam, totals.ham) >= UInt64(limits.minimum)
        if !always, !isFirst {
            let kept = min(totals.spam + totals.ham, UInt64(limits.messages))
            guard totals.unsolved >= max(Self.fewest, kept / 50) else { return false }
        }
        try solve()
        return true
    }

    /// The same behind a lesson of a person: also when one of the messages is on the wrong side still. Whoever corrects the filter
    /// wants to be heard at once.
    /// - Parameter lessons: what was taught, of both classes; all of it, or what came last.
    /// - Returns: whether it tried.
    @discardableResult
    package func solveIfDue(
        after lessons: [(lesson: Lesson, isSpam: Bool)]
    ) throws(StoreError) -> Bool {
        if try solveIfDue() { return true }
        for (lesson, isSpam) in lessons {
            guard let judgement = try judge(Features(keys: lesson.keys)) else { return false }
            if (judgement.probability > 0.5) != isSpam { return try solveIfDue(always: true) }
        }
        return false
    }

    /// Solves the machines from the messages that are kept. Reading and solving hold no lock; messages that are learnt
    /// meanwhile count as unsolved.
    package func solve() throws(StoreError) {
        let kept = try kept()
        let examples = kept.examples
        // Machines that know little of one class would outvote counts that were restored.
        let spam = examples.count { $0.isSpam }
        let isEnough = spam >= limits.minimum && examples.count - spam >= limits.minimum
        let solution = isEnough ? CommitteeTrainer.solve(examples, by: inParallel) : nil
        try store.write { writing throws(StoreError) in
            var totals = try self.totals(writing)
            var kinds = MessageKinds()
            // What is pending stays until it was counted.
            for number in kept.surplus where number < totals.firstPending {
                guard let bytes = try writing.value(.messages, Octets.key(number)) else { continue }
                let message = try LearntMessage(bytes.span)
                try kinds.remove(message.kind, message.isSpam, writing)
                try writing.remove(.messages, Octets.key(number).span)
            }
            try kinds.write(writing)
            if solution != nil { totals.unsolved -= min(totals.unsolved, kept.unsolved) }
            try writing.removeAll(.weights)
            totals.weights = 0
            totals.model = .untaught
            if let solution { try self.write(solution, &totals, writing) }
            try self.put(totals, writing)
        }
    }

    /// The messages that are kept, in the order in which they came.
    package func examples() throws(StoreError) -> [CommitteeTrainer.Example] {
        try kept().examples
    }

    /// What is learnt from: no more messages than the limit, so that what a large mailbox taught does not fill the memory. Beyond
    /// it the oldest of the class that has more goes; and of those that taught by themselves the oldest, beyond their share: what
    /// strangers can teach does not drive out what people taught.
    private struct Kept {
        private(set) var examples: [CommitteeTrainer.Example] = []
        /// Numbers of the messages beyond the limit.
        private(set) var surplus: [UInt64] = []
        /// Messages learnt or forgotten since the machines were solved.
        var unsolved: UInt64 = 0

        private let limits: Limits
        private var dates: [UInt32] = []
        private var numbers: [UInt64] = []
        /// Places of the ham, of the spam and of those that taught by themselves, in their order; the first of them that may be
        /// there still; and how many are.
        private var places: [[Int]] = [[], [], []]
        private var next = [0, 0, 0]
        private var count = [0, 0, 0]
        private var isGone: [Bool] = []
        private var isAutomatic: [Bool] = []
        private static let automatic = 2

        init(_ limits: Limits) {
            self.limits = limits
        }

        mutating func add(_ message: LearntMessage, number: UInt64) {
            let kinds = [message.isSpam ? 1 : 0] + (message.isAutomatic ? [Self.automatic] : [])
            for kind in kinds {
                places[kind].append(examples.count)
                count[kind] += 1
            }
            examples.append(
                CommitteeTrainer.Example(features: Features(keys: message.keys), isSpam: message.isSpam))
            dates.append(message.date == 0 ? message.time : message.date)
            numbers.append(number)
            isGone.append(false)
            isAutomatic.append(message.isAutomatic)
            if count[Self.automatic] > limits.automatic { removeOldest(of: Self.automatic) }
            if count[0] + count[1] > limits.messages { removeOldest(of: count[0] >= count[1] ? 0 : 1) }
        }

        private mutating func removeOldest(of kind: Int) {
            while isGone[places[kind][next[kind]]] { next[kind] += 1 }
            let place = places[kind][next[kind]]
            isGone[place] = true
            count[examples[place].isSpam ? 1 : 0] -= 1
            if isAutomatic[place] { count[Self.automatic] -= 1 }
            surplus.append(numbers[place])
            examples[place].features = Features(keys: [])
        }

        /// Takes out what has gone, and puts the others in order. Whoever learns one folder after the other does not say what
        /// came first: the dates do.
        mutating func finish() {
            let left = examples.indices.filter { !isGone[$0] }
            examples = left.sorted { (dates[$0], $0) < (dates[$1], $1) }.map { examples[$0] }
        }
    }

    private func kept() throws(StoreError) -> Kept {
        var kept = Kept(limits)
        var damage: StoreError?
        try store.readOnce { reading throws(StoreError) in
            kept.unsolved = try self.totals(reading).unsolved
            try reading.forEach(.messages, from: []) { key, value in
                do throws(StoreError) {
                    kept.add(try LearntMessage(value), number: Octets.number(ofKey: key))
                    return true
                } catch {
                    damage = error
                    return false
                }
            }
        }
        if let damage { throw damage }
        kept.finish()
        return kept
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
        let order = scheme.order(ofAscending: solution.keys)
        var start = 0
        while start < order.count {
            let bucket = scheme.bucket(solution.keys[order[start]])
            var end = start + 1
            while end < order.count, scheme.bucket(solution.keys[order[end]]) == bucket { end += 1 }
            let bytes = WeightBucket.encoded(solution, order[start..<end], scheme)
            try writing.put(.weights, Octets.key(bucket).span, bytes.span)
            start = end
        }
    }
}
