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
        package var weights: [TokenWeight]
        package var model: CommitteeModel
    }

    /// Runs a body for each number below a count, at the same time where threads can be had.
    package typealias Runner = (_ count: Int, _ body: @escaping @Sendable (Int) -> Void) -> Void

    /// By view; the last has what no machine sees and the classical method counts.
    private let columns: [EvidenceColumn]
    private let isSpam: [Bool]
    private let spam: Int
    private let ham: Int

    /// Solves from examples of both classes; nil when one class is missing.
    /// - Parameter runner: the machines are solved by it.
    package static func solve(
        _ examples: [Example], by runner: Runner = { count, body in for number in 0..<count { body(number) } }
    ) -> Solution? {
        guard examples.contains(where: \.isSpam), examples.contains(where: { !$0.isSpam }) else { return nil }
        return CommitteeTrainer(examples, by: runner).solve(by: runner)
    }

    /// A key that one message has alone separates that message and no other: it is left out, which halves the work and
    /// changes no figure.
    private init(_ examples: [Example], by runner: Runner) {
        isSpam = examples.map(\.isSpam)
        spam = isSpam.count { $0 }
        ham = isSpam.count - spam
        let sieve = KeySieve(examples, by: runner)
        let made = Slots<EvidenceColumn>(count: EvidenceView.count + 1)
        runner(EvidenceView.count + 1) { number in
            made.set(number, EvidenceColumn(EvidenceView(rawValue: number), of: examples, sieve))
        }
        columns = made.all.compactMap { $0 }
    }

    /// A part of the messages that is judged by what the other part taught, for the calibration.
    struct HeldOut: Sendable {
        let isJudged: [Bool]
        /// Spams that teach.
        let spam: Int
        /// Hams that do.
        let ham: Int

        init(_ isJudged: [Bool], of isSpam: [Bool]) {
            self.isJudged = isJudged
            spam = isSpam.indices.count { isSpam[$0] && !isJudged[$0] }
            ham = isSpam.count - spam - isJudged.count { $0 }
        }

        func teaches(_ row: Int) -> Bool { !isJudged[row] }
    }

    /// Keys with a weight, in ascending order.
    private typealias Learnt = [(key: TokenKey, weight: TokenWeight)]

    /// What one run gives: the machine of a view that learnt from all, what the machine of a view says of messages that it did not
    /// learn from, or the classical method's evidence for them.
    private enum Outcome: Sendable {
        case machine(Learnt, bias: Float)
        case margins([Float])
        case evidence([Double])
    }

    private func solve(by runner: Runner) -> Solution {
        let trials = Self.trials(isSpam)
        let views = EvidenceView.count
        // The classical method for each trial, then for each view the machine that stays, and one for each trial: the longest runs
        // come first.
        let outcomes = Slots<Outcome>(count: trials.count + views * (1 + trials.count))
        let trainer = self
        runner(trials.count + views * (1 + trials.count)) { number in
            let (view, trial) = ((number - trials.count) % views, (number - trials.count) / views - 1)
            let outcome: Outcome =
                if number < trials.count {
                    .evidence(trainer.evidence(trials[number]))
                } else if trial < 0 {
                    trainer.machine(of: view)
                } else {
                    .margins(trainer.margins(of: view, trials[trial]))
                }
            outcomes.set(number, outcome)
        }
        var learnt: [Learnt] = []
        var biases: [Float] = []
        var margins: [[Float]] = []
        var evidence: [[Double]] = []
        for outcome in outcomes.all {
            switch outcome {
            case .machine(let weights, let bias):
                learnt.append(weights)
                biases.append(bias)
            case .margins(let said): margins.append(said)
            case .evidence(let said): evidence.append(said)
            case nil: break
            }
        }
        /// A curve on what the committee says of the messages that some trials hold out.
        func curve(_ numbers: Range<Int>) -> Calibration.Curve {
            var (sums, labels): ([Double], [Bool]) = ([], [])
            for trial in numbers {
                let said = margins[trial * views..<(trial + 1) * views]
                for row in isSpam.indices where trials[trial].isJudged[row] {
                    sums.append(Committee.sum(said.map { $0[row] }, evidence[trial][row]))
                    labels.append(isSpam[row])
                }
            }
            return Calibration.fit(sums, isSpam: labels)
        }
        let between = Calibration.between(changing: curve(0..<1), steady: curve(1..<trials.count))
        return Self.solution(learnt, CommitteeModel(spam: spam, ham: ham, biases: biases, curve: between))
    }

    /// What the machines learnt, put together: the keys of a class stand beside each other, and one view has all of them.
    private static func solution(_ learnt: [Learnt], _ model: CommitteeModel) -> Solution {
        var solution = Solution(keys: [], weights: [], model: model)
        let count = learnt.reduce(0) { $0 + $1.count }
        solution.keys.reserveCapacity(count)
        solution.weights.reserveCapacity(count)
        var next = learnt.map(\.startIndex)
        for tokenClass in TokenClass.allCases.sorted(by: { $0.rawValue < $1.rawValue }) {
            guard let view = tokenClass.view?.rawValue else { continue }
            while next[view] < learnt[view].count,
                Features.tokenClass(learnt[view][next[view]].key) == tokenClass
            {
                let found = learnt[view][next[view]]
                solution.keys.append(found.key)
                solution.weights.append(found.weight)
                next[view] += 1
            }
        }
        return solution
    }

    private func machine(of view: Int) -> Outcome {
        let counts = columns[view].counts(isSpam) { _ in true }
        let column = columns[view].weighed(by: CountRatio(spam: spam, ham: ham), counts)
        let keys = column.table.keys
        let machine = VectorMachine(column.rows, features: keys.count, isSpam: isSpam) { _ in true }
        var learnt: Learnt = []
        learnt.reserveCapacity(keys.count)
        for (place, weight) in machine.weights.enumerated() where weight != 0 {
            learnt.append((keys[place], TokenWeight(weight: weight, counts: counts[place])))
        }
        learnt.sort { $0.key < $1.key }
        return .machine(learnt, bias: machine.bias)
    }

    /// What the machine of a view says of the messages of a trial; 0 for the others and where the view sees nothing.
    private func margins(of view: Int, _ trial: HeldOut) -> [Float] {
        // Counted without those that are judged: their classes are not known when mail comes.
        let column = columns[view].weighed(
            by: CountRatio(spam: trial.spam, ham: trial.ham), columns[view].counts(isSpam, isUsed: trial.teaches))
        let machine = VectorMachine(
            column.rows, features: column.table.keys.count, isSpam: isSpam, passes: VectorMachine.roughPasses,
            isUsed: trial.teaches)
        return isSpam.indices.map { row in
            guard trial.isJudged[row], let margin = column.margin(row, machine.weights) else { return 0 }
            return margin + machine.bias
        }
    }

    /// The classical method's evidence for the messages of a trial; 0 for the others.
    private func evidence(_ trial: HeldOut) -> [Double] {
        let counted = columns.filter(\.isCounted)
        let (spam, ham) = (Double(trial.spam), Double(trial.ham))
        // What a token says is the same for all messages that have it.
        let said = counted.map { column in
            zip(column.counts(isSpam, isUsed: trial.teaches), column.table.keys).map { counts, key in
                counts.isEmpty || !TokenClasses.counted.contains(key)
                    ? FisherMethod.prior : FisherMethod.probability(counts, spam: spam, ham: ham)
            }
        }
        var telling: [Double] = []
        return isSpam.indices.map { row in
            guard trial.isJudged[row] else { return 0 }
            telling.removeAll(keepingCapacity: true)
            for place in counted.indices {
                for feature in counted[place].rows.features(of: row) {
                    let probability = said[place][Int(feature)]
                    if FisherMethod.isTelling(probability) { telling.append(probability) }
                }
            }
            return FisherMethod.combine(telling: telling, spam: spam, ham: ham).evidence
        }
    }

    /// The trials of the calibration. In the first the oldest third of the messages is judged by the others: mail changes from what is
    /// learnt to what is judged, and how much that costs nobody knows. Without the newest third the machines would lack the newest
    /// mail, which those that judge have, so that is not tried. In the others each half, every second message, is judged by the
    /// other, as if nothing changed. By class, so that a mailbox of spam followed by one of ham does not make parts of one class.
    static func trials(_ isSpam: [Bool]) -> [HeldOut] {
        let spam = isSpam.count { $0 }
        let ham = isSpam.count - spam
        var seen = (spam: 0, ham: 0)
        var isOldest: [Bool] = []
        var isEven: [Bool] = []
        for label in isSpam {
            if label { seen.spam += 1 } else { seen.ham += 1 }
            let (place, total) = label ? (seen.spam, spam) : (seen.ham, ham)
            isOldest.append(place * 3 <= total)
            isEven.append(place % 2 == 0)
        }
        return [isOldest, isEven, isEven.map { !$0 }].map { HeldOut($0, of: isSpam) }
    }
}

/// What jobs gave, by number, filled from several threads.
final class Slots<Element: Sendable>: Sendable {
    private let elements: Mutex<[Element?]>

    init(count: Int) {
        elements = Mutex([Element?](repeating: nil, count: count))
    }

    func set(_ number: Int, _ element: Element) {
        elements.withLock { $0[number] = element }
    }

    var all: [Element?] { elements.withLock { $0 } }
}
