/// How far what was learnt carries for one message: the share of its text that is known. The curve of the calibration is
/// fitted on mail that is well known. Where hardly a word is (the first mail in a language, an empty message), the machines say
/// nothing, and the curve would call that nothing ham; with less known than nearly all of that mail had, the probability is
/// pulled to one half instead.
struct Familiarity {
    /// Shares that 99 of 100 messages had at least when they were judged by what others taught (the nested runs of docs/BAYES.md):
    /// 0.44 to 0.57 of ham, 0.15 to 0.22 of spam. With less than that of ham nobody knows what a claim of ham is worth.
    static let shareOfHam = 0.55
    static let shareOfSpam = 0.2
    /// Known tokens of the text below which a message is too short to be sure.
    static let fewestTokens = 20.0
    /// Views of the text.
    private static let views: [EvidenceView] = [.words, .pairs, .grams]

    /// The known share of the text, 0...1, as the machines of its views see it and in the weight of their voices.
    let share: Double
    /// How many known tokens that are.
    let count: Int

    /// - Parameter weights: of each key of `features`.
    init(_ features: Features, _ weights: [TokenWeight]) {
        var squares = [Double](repeating: 0, count: EvidenceView.count)
        var count = 0
        for index in features.keys.indices where weights[index].weight != 0 {
            guard let tokenClass = Features.tokenClass(features.keys[index]), let view = tokenClass.view,
                Self.views.contains(view)
            else { continue }
            let value = Double(features.values[Int(tokenClass.rawValue)])
            squares[view.rawValue] += value * value
            count += 1
        }
        var (share, total) = (0.0, 0.0)
        for view in Self.views {
            share += Committee.voices[view.rawValue] * squares[view.rawValue]
            total += Committee.voices[view.rawValue]
        }
        self.share = share / total
        self.count = count
    }

    /// The probability in the light of what is known: its logarithm of odds shrinks with the share that is.
    func pulled(_ probability: Double) -> Double {
        let trust =
            min(1, share / (probability < 0.5 ? Self.shareOfHam : Self.shareOfSpam))
            * min(1, Double(count) / Self.fewestTokens)
        guard trust < 1 else { return probability }
        // Odds of exactly 0 or of infinity could not be pulled.
        let bounded = min(max(probability, 1e-12), 1 - 1e-12)
        return Exponential.logistic(
            trust * (Exponential.logarithm(bounded) - Exponential.logarithm(1 - bounded)))
    }
}
