/// Which tokens of one message spoke loudest.
package struct TokenVoice: Hashable, Sendable {
    package var key: TokenKey
    /// What it added to the sum of the voices: above 0 for spam.
    package var weight: Double
    /// How often it was in learnt mail; in that from which the machines were solved where it is not counted else.
    package var counts: FisherMethod.Counts
}

extension Committee {
    /// Tokens that an explanation names for each side.
    package static let explained = 15

    /// The strongest tokens for spam and for ham, strongest first: by what the machine of their view and the classical method
    /// make of them together. Only those whose counts say the same: of tokens that go together a machine gives some a weight
    /// against what they are alone, which explains nothing to a person.
    /// - Parameters:
    ///   - weights, counts, spam, ham, model: as for `judge`, the weights of all tokens with their counts.
    ///   - isNamed: tokens that can be shown; the others are passed over.
    package static func strongest(
        _ features: Features, weights: [TokenWeight], counts: [FisherMethod.Counts], spam: Int, ham: Int,
        model: CommitteeModel, isNamed: (TokenKey) -> Bool
    ) -> (spam: [TokenVoice], ham: [TokenVoice]) {
        let shares = FisherMethod.shares(counts, spam: Double(spam), ham: Double(ham))
        let evidence = FisherMethod.combine(counts, spam: Double(spam), ham: Double(ham)).evidence
        // What one more unit of evidence adds to the classical method's voice.
        let slope = classicalVoice / (evidenceScale + abs(evidence))
        let values = values(features, weights, model)
        var voices: [TokenVoice] = []
        var counted = 0
        for index in features.keys.indices {
            guard let tokenClass = Features.tokenClass(features.keys[index]) else { continue }
            var found = weights[index].counts
            var weight = 0.0
            if tokenClass.isCounted {
                if counted < counts.count {
                    found = counts[counted]
                    weight = shares[counted] * slope
                }
                counted += 1
            }
            if let view = tokenClass.view {
                weight += Double(weights[index].weight * values[index]) * Self.voices[view.rawValue]
            }
            // How much more often it is in spam, message for message.
            let lean = Double(found.spam) * Double(max(ham, 1)) - Double(found.ham) * Double(max(spam, 1))
            guard weight * lean > 0, isNamed(features.keys[index]) else { continue }
            voices.append(TokenVoice(key: features.keys[index], weight: weight, counts: found))
        }
        voices.sort { $0.weight > $1.weight }
        let forSpam = voices.prefix(explained).filter { $0.weight > 0 }
        let forHam = voices.suffix(explained).reversed().filter { $0.weight < 0 }
        return (Array(forSpam), Array(forHam))
    }
}
