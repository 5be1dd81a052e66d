/// Robinson's word probability and Fisher's combination of them (Robinson, Linux Journal 6467), with the constants that
/// SpamAssassin publishes: the classical method, and one of the voices of the final judgement.
package enum FisherMethod {
    /// Strength of the prior, `s`.
    package static let strength = 0.030
    /// The prior: what an unknown word is worth, `x`.
    package static let prior = 0.538
    /// A word nearer to one half tells too little.
    package static let minimumDeviation = 0.346
    /// The most telling words that count.
    package static let selection = 150

    /// How often a token was in learnt mail.
    package struct Counts: Hashable, Sendable {
        package var spam: UInt32
        package var ham: UInt32

        package init(spam: UInt32 = 0, ham: UInt32 = 0) {
            self.spam = spam
            self.ham = ham
        }

        package var isEmpty: Bool { spam == 0 && ham == 0 }
    }

    /// The outcome for one message.
    package struct Result: Hashable, Sendable {
        /// The probability of the classical method, 0...1; 0.5 when no word tells.
        package var probability: Double
        /// Logarithm of how much less the words go with ham than with spam; unlike the probability it does not come to
        /// an end at 0 and 1.
        package var evidence: Double
    }

    /// f(w) of a token that was seen.
    package static func probability(_ counts: Counts, spam: Double, ham: Double) -> Double {
        let inSpam = Double(counts.spam) / max(spam, 1)
        let inHam = Double(counts.ham) / max(ham, 1)
        let number = Double(counts.spam) + Double(counts.ham)
        guard inSpam + inHam > 0 else { return prior }
        return (strength * prior + number * (inSpam / (inSpam + inHam))) / (strength + number)
    }

    /// Combines the tokens of one message.
    /// - Parameters:
    ///   - counts: of each of its tokens; those never seen are passed over.
    ///   - spam: messages learnt as spam.
    ///   - ham: messages learnt as ham.
    package static func combine(_ counts: [Counts], spam: Double, ham: Double) -> Result {
        var telling: [Double] = []
        for count in counts where !count.isEmpty {
            let probability = probability(count, spam: spam, ham: ham)
            if isTelling(probability) { telling.append(probability) }
        }
        return combine(telling: telling, spam: spam, ham: ham)
    }

    /// True for a probability that counts, where it is among the most telling.
    static func isTelling(_ probability: Double) -> Bool { abs(probability - 0.5) >= minimumDeviation }

    /// The same of the probabilities of those tokens that are telling, in their order.
    static func combine(telling probabilities: [Double], spam: Double, ham: Double) -> Result {
        var telling = probabilities
        guard !telling.isEmpty else { return Result(probability: 0.5, evidence: 0) }
        if telling.count > selection {
            telling.sort { abs($0 - 0.5) > abs($1 - 0.5) }
            telling.removeSubrange(selection...)
        }
        var forHam = 0.0
        var forSpam = 0.0
        for probability in telling {
            forHam += Exponential.logarithm(1 - probability)
            forSpam += Exponential.logarithm(probability)
        }
        let total = max(spam + ham, 1)
        let hamTail = logarithmOfTail(-forHam, telling.count)
        let spamTail = logarithmOfTail(-forSpam, telling.count)
        // Both products are first multiplied with the share of their class.
        let spamSide =
            1 - Exponential.power(logarithmOfTail(-forHam - Exponential.logarithm(max(ham, 1) / total), telling.count))
        let hamSide =
            1
            - Exponential.power(logarithmOfTail(-forSpam - Exponential.logarithm(max(spam, 1) / total), telling.count))
        return Result(probability: (1 + spamSide - hamSide) / 2, evidence: spamTail - hamTail)
    }

    /// What each token adds to the evidence: the logarithm of its odds where it is among the most telling, else 0.
    static func shares(_ counts: [Counts], spam: Double, ham: Double) -> [Double] {
        let probabilities = counts.map { $0.isEmpty ? 0.5 : probability($0, spam: spam, ham: ham) }
        let distances = probabilities.map { abs($0 - 0.5) }.filter { $0 >= minimumDeviation }.sorted(by: >)
        guard let least = distances.prefix(selection).last else { return probabilities.map { _ in 0 } }
        return probabilities.map { probability in
            abs(probability - 0.5) < least
                ? 0 : Exponential.logarithm(probability) - Exponential.logarithm(1 - probability)
        }
    }

    /// Logarithm of the tail of the chi-square distribution with 2n degrees of freedom at 2x: e^-x times the first n terms
    /// of the series of e^x.
    static func logarithmOfTail(_ x: Double, _ n: Int) -> Double {
        var term = 1.0
        var sum = 1.0
        var scale = 0.0
        for index in 1..<max(1, n) {
            term *= x / Double(index)
            sum += term
            // Kept within range: only the quotient of sum and scale is wanted.
            if sum > 1e200 {
                sum *= 1e-200
                term *= 1e-200
                scale += 200 * 2.302585092994046
            }
        }
        return min(0, Exponential.logarithm(sum) + scale - x)
    }
}
