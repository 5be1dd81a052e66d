/// What was learnt besides the weights of tokens.
package struct CommitteeModel: Hashable, Sendable {
    /// Spams from which the machines were solved.
    package var spam: Int
    /// Hams from which they were.
    package var ham: Int
    /// Bias of each view's machine.
    package var biases: [Float]
    /// Turns the committee's sum into a probability.
    package var curve: Calibration.Curve

    package init(spam: Int, ham: Int, biases: [Float], curve: Calibration.Curve) {
        self.spam = spam
        self.ham = ham
        self.biases = biases
        self.curve = curve
    }

    /// Before anything was solved.
    package static let untaught = CommitteeModel(
        spam: 0, ham: 0, biases: [Float](repeating: 0, count: EvidenceView.count), curve: .guess)

    /// What a lost message costs, in missed spams: by it the odds are divided where spam is all but certain, as if there were so many
    /// times as much ham. Chosen for the aim that no ham be above 0.9, at a greater loss in the nested runs of docs/BAYES.md.
    private static let costOfHam = 5.0
    /// The power of the probability with which the cost sets in: what is said in doubt stays what it is, and only a sure claim of spam is
    /// made with care. At one half the odds are divided by 1.02, at 0.8 by 1.7, at 0.9 by 2.7.
    private static let onset = 8

    /// What the curve says, with what a lost message costs.
    func probability(_ sum: Double) -> Double {
        let said = Exponential.logistic(curve.slope * sum + curve.offset)
        let sureness = (0..<Self.onset).reduce(1) { power, _ in power * said }
        return said / (said + (1 + (Self.costOfHam - 1) * sureness) * (1 - said))
    }
}

/// Hears the machines and the classical method, and says how probable spam is.
package enum Committee {
    /// No view says more than this: one that was fooled cannot outvote the others.
    package static let loudest: Float = 2
    /// How much each view's voice counts, in the order of `EvidenceView`. What is said counts for more in all than the
    /// way it came and the header, which say much while senders and relays stay the same, and mislead when they change.
    package static let voices: [Double] = [1.5, 1, 2, 1, 1.5]
    /// How much the classical method's voice counts.
    static let classicalVoice = 1.0
    /// Evidence of the classical method at which its voice is half of the loudest.
    static let evidenceScale = 50.0

    /// The judgement of one message.
    package struct Judgement: Hashable, Sendable {
        /// Probability of spam, 0...1.
        package var probability: Double
        /// The mean of all voices: below 0 for ham.
        package var margin: Double
        /// The classical method's probability, for comparison.
        package var classical: Double
        /// Tokens that were known to the store.
        package var known: Int
    }

    /// Judges a message.
    /// - Parameters:
    ///   - weights: of each key of `features`.
    ///   - counts: of each counted key, in the order of `features`; empty for the unknown.
    package static func judge(
        _ features: Features, weights: [TokenWeight], counts: [FisherMethod.Counts], spam: Int, ham: Int,
        model: CommitteeModel
    ) -> Judgement {
        let margins = margins(features, weights, model)
        let fisher = FisherMethod.combine(counts, spam: Double(spam), ham: Double(ham))
        let sum = sum(margins, fisher.evidence)
        let familiarity = Familiarity(features, weights)
        var known = 0
        for weight in weights where weight.weight != 0 { known += 1 }
        return Judgement(
            // Without machines the classical method has the word alone.
            probability: model == .untaught ? fisher.probability : familiarity.pulled(model.probability(sum)),
            margin: sum,
            classical: fisher.probability, known: max(known, counts.count { !$0.isEmpty }))
    }

    /// What each view says. A view that sees nothing says nothing, and one that heeds how spam and ham differ sees only what it knows.
    package static func margins(_ features: Features, _ weights: [TokenWeight], _ model: CommitteeModel) -> [Float] {
        var sums = [Float](repeating: 0, count: EvidenceView.count)
        var seen = [Bool](repeating: false, count: EvidenceView.count)
        let values = values(features, weights, model)
        for index in features.keys.indices where values[index] > 0 {
            guard let view = Features.tokenClass(features.keys[index])?.view?.rawValue else { continue }
            seen[view] = true
            sums[view] += weights[index].weight * values[index]
        }
        for view in sums.indices { sums[view] = seen[view] ? sums[view] + model.biases[view] : 0 }
        return sums
    }

    /// What each key weighs in its view, by its class and where that counts by how far spam and ham differ in it.
    static func values(_ features: Features, _ weights: [TokenWeight], _ model: CommitteeModel) -> [Float] {
        let ratio = CountRatio(spam: model.spam, ham: model.ham)
        var values = features.keys.map { key in
            Features.tokenClass(key).map { features.values[Int($0.rawValue)] } ?? 0
        }
        let weighed = values.indices.filter { TokenClasses.weighedByRatio.contains(features.keys[$0]) }
        let views = weighed.map { Features.tokenClass(features.keys[$0])?.view?.rawValue ?? 0 }
        var squares = [Float](repeating: 0, count: EvidenceView.count)
        for (index, view) in zip(weighed, views) {
            values[index] *= weights[index].weight == 0 ? 0 : ratio.weight(weights[index].counts)
            squares[view] += values[index] * values[index]
        }
        for (index, view) in zip(weighed, views) where squares[view] > 0 {
            values[index] /= squares[view].squareRoot()
        }
        return values
    }

    /// The mean of all voices.
    static func sum(_ margins: [Float], _ evidence: Double) -> Double {
        let scaled = evidence / evidenceScale
        var sum = classicalVoice * scaled / (1 + abs(scaled))
        var total = classicalVoice
        for view in margins.indices {
            sum += voices[view] * Double(min(max(margins[view], -loudest), loudest))
            total += voices[view]
        }
        return sum / total
    }
}
