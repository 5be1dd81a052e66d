/// What messages teach, held in memory: for cross-validation and comparison, where no store is wanted.
package struct LearntMemory: Sendable {
    private let weights: [TokenKey: TokenWeight]
    private let counts: [TokenKey: FisherMethod.Counts]
    private let model: CommitteeModel
    private let spam: Int
    private let ham: Int

    /// Learns examples; nil when one class is missing.
    package init?(_ examples: [CommitteeTrainer.Example]) {
        guard let solution = CommitteeTrainer.solve(examples) else { return nil }
        weights = Dictionary(zip(solution.keys, solution.weights), uniquingKeysWith: { first, _ in first })
        model = solution.model
        var counts: [TokenKey: FisherMethod.Counts] = [:]
        for example in examples {
            for key in example.features.keys where Features.tokenClass(key)?.isCounted == true {
                if example.isSpam {
                    counts[key, default: FisherMethod.Counts()].spam += 1
                } else {
                    counts[key, default: FisherMethod.Counts()].ham += 1
                }
            }
        }
        self.counts = counts
        spam = examples.count { $0.isSpam }
        ham = examples.count - spam
    }

    package func judge(_ features: Features) -> Committee.Judgement {
        Committee.judge(
            features, weights: weights(features),
            counts: features.keys.filter { Features.tokenClass($0)?.isCounted == true }
                .map { counts[$0] ?? FisherMethod.Counts() },
            spam: spam, ham: ham, model: model)
    }

    /// What each view says of a message.
    package func margins(_ features: Features) -> [Float] {
        Committee.margins(features, weights(features), model)
    }

    private func weights(_ features: Features) -> [TokenWeight] {
        features.keys.map { weights[$0] ?? .unknown }
    }
}
