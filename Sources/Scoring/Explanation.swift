/// Which tokens of one message spoke loudest.
package struct TokenVoice: Hashable, Sendable {
    package var key: TokenKey
    /// What it added to the committee's mean: above 0 for spam.
    package var weight: Double
    /// How often it was in learnt mail; nil for tokens that are not counted.
    package var counts: FisherMethod.Counts?
}

extension Committee {
    /// Tokens that an explanation names for each side.
    package static let explained = 15

    /// The strongest tokens for spam and for ham, strongest first.
    package static func strongest(
        _ features: Features, weights: [Float], counts: [FisherMethod.Counts]
    ) -> (spam: [TokenVoice], ham: [TokenVoice]) {
        var voices: [TokenVoice] = []
        var counted = 0
        for index in features.keys.indices {
            guard let tokenClass = Features.tokenClass(features.keys[index]) else { continue }
            var found: FisherMethod.Counts?
            if tokenClass.isCounted {
                if counted < counts.count { found = counts[counted] }
                counted += 1
            }
            guard weights[index] != 0, let view = tokenClass.view else { continue }
            let weight =
                Double(weights[index] * features.values[Int(tokenClass.rawValue)])
                * Self.voices[view.rawValue]
            voices.append(TokenVoice(key: features.keys[index], weight: weight, counts: found))
        }
        voices.sort { $0.weight > $1.weight }
        let spam = voices.prefix(explained).filter { $0.weight > 0 }
        let ham = voices.suffix(explained).reversed().filter { $0.weight < 0 }
        return (Array(spam), Array(ham))
    }
}
