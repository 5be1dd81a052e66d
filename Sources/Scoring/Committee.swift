/// What was learnt besides the weights of tokens.
package struct CommitteeModel: Hashable, Sendable {
    /// Bias of each view's machine.
    package var biases: [Float]
    /// Curves that turn the committee's sum into a probability, each fitted on other messages that were held out. None of them
    /// is known to be the right one for mail to come.
    package var curves: [Calibration.Curve]

    package init(biases: [Float], curves: [Calibration.Curve]) {
        self.biases = biases
        self.curves = curves
    }

    package static let curveCount = 3

    /// Before anything was solved.
    package static let untaught = CommitteeModel(
        biases: [Float](repeating: 0, count: EvidenceView.count),
        curves: [Calibration.Curve](repeating: .guess, count: curveCount))

    /// How much the curve that claims least counts, beside the mean of all.
    static let caution = 0.75

    /// Between the mean of the curves and the one that claims least, their weighted geometric mean: who says spam where there is
    /// none does more harm than who does not say it where there is.
    func probability(_ sum: Double) -> Double {
        var (total, least) = (0.0, 1.0)
        for curve in curves {
            let said = Exponential.logistic(curve.slope * sum + curve.offset)
            total += said
            least = min(least, said)
        }
        let mean = total / Double(max(1, curves.count))
        guard least > 0 else { return 0 }
        return Exponential.power(
            (1 - Self.caution) * Exponential.logarithm(mean) + Self.caution * Exponential.logarithm(least))
    }
}

/// Hears the machines and the classical method, and says how probable spam is.
package enum Committee {
    /// No view says more than this: one that was fooled cannot outvote the others.
    package static let loudest: Float = 1.5
    /// How much each view's voice counts, in the order of `EvidenceView`. What is said counts for more than the way it came,
    /// which says much while senders and relays stay the same, and misleads when they change.
    package static let voices: [Double] = [2, 1, 2, 1, 1]
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
    ///   - weights: of each key of `features`; 0 for the unknown.
    ///   - counts: of each counted key, in the order of `features`; empty for the unknown.
    package static func judge(
        _ features: Features, weights: [Float], counts: [FisherMethod.Counts], spam: Int, ham: Int,
        model: CommitteeModel
    ) -> Judgement {
        let margins = margins(features, weights, model.biases)
        let fisher = FisherMethod.combine(counts, spam: Double(spam), ham: Double(ham))
        let familiarity = Familiarity(features, weights)
        var known = 0
        for weight in weights where weight != 0 { known += 1 }
        return Judgement(
            // Without machines the classical method has the word alone.
            probability: model == .untaught
                ? fisher.probability
                : familiarity.pulled(model.probability(sum(margins, fisher.evidence, doubt: familiarity.doubt))),
            margin: sum(margins, fisher.evidence),
            classical: fisher.probability, known: max(known, counts.count { !$0.isEmpty }))
    }

    /// What each view says.
    package static func margins(_ features: Features, _ weights: [Float], _ biases: [Float]) -> [Float] {
        var sums = [Float](repeating: 0, count: EvidenceView.count)
        var seen = [Bool](repeating: false, count: EvidenceView.count)
        for index in features.keys.indices {
            guard let tokenClass = Features.tokenClass(features.keys[index]), let view = tokenClass.view?.rawValue
            else {
                continue
            }
            seen[view] = true
            sums[view] += weights[index] * features.values[Int(tokenClass.rawValue)]
        }
        // A view that sees nothing says nothing.
        for view in sums.indices { sums[view] = seen[view] ? sums[view] + biases[view] : 0 }
        return sums
    }

    /// The mean of all voices.
    /// - Parameter doubt: the part of what header words and relays say for spam beyond the other voices that is left out, 0...1.
    static func sum(_ margins: [Float], _ evidence: Double, doubt: Double = 0) -> Double {
        let scaled = evidence / evidenceScale
        var sum = classicalVoice * scaled / (1 + abs(scaled))
        var total = classicalVoice
        func voice(_ view: EvidenceView) -> Double { Double(min(max(margins[view.rawValue], -loudest), loudest)) }
        for view in [EvidenceView.words, .pairs, .grams] {
            sum += voices[view.rawValue] * voice(view)
            total += voices[view.rawValue]
        }
        let others = max(0, sum / total)
        for view in [EvidenceView.headers, .relays] {
            sum += voices[view.rawValue] * (voice(view) - doubt * max(0, voice(view) - others))
            total += voices[view.rawValue]
        }
        return sum / total
    }
}
