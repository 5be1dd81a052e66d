package import MailModel

/// What came of a message for autolearning, in the words of SpamAssassin's `autolearn=`.
package enum AutolearningStatus: String, Hashable, Sendable {
    /// It teaches, as ham or as spam.
    case ham, spam
    /// The conditions are not met, or its sender, its client's network or all mail has taught enough on that day.
    case no
    /// Autolearning is off.
    case disabled
    /// The database cannot be asked.
    case unavailable
    /// It would teach, but too many messages wait to be learnt.
    case failed
}

/// When a message teaches by itself, under the conditions of SpamAssassin 4 (`AutoLearnThreshold`): the points of tests that
/// may count for it are far enough on one side, its whole score calls it the same, spam has points of its header and of its
/// body, and learnt mail does not say the opposite.
package struct Autolearning: Hashable, Sendable {
    /// Points from which a message is learnt as spam.
    package var spam: Double
    /// Points below which it is learnt as ham.
    package var ham: Double
    /// Only where learnt mail was not yet sure of it: not what it gave `BAYES_99`, or `BAYES_00` to ham.
    package var onError: Bool

    package init(spam: Double = 12, ham: Double = 0.1, onError: Bool = false) {
        self.spam = spam
        self.ham = ham
        self.onError = onError
    }

    /// Points of the header, and of the body, that spam needs.
    static let pointsOfEachArea = 3.0
    /// Points of learnt mail's own tests beyond which it contradicts.
    static let contradiction = 1.0
    /// Probabilities from which, and below which, learnt mail is sure: the bounds of `BAYES_99` and `BAYES_00`.
    static let sureOfSpam = 0.99
    static let sureOfHam = 0.01

    /// What the message is called, all tests and lists of senders counted.
    package enum Call: Hashable, Sendable {
        /// Spam for all of its recipients.
        case spam
        /// Spam for none of them, and nothing else keeps it from being called good.
        case ham
        /// Neither.
        case neither
    }

    /// What to learn: true for spam, false for ham, nil for nothing.
    /// - Parameters:
    ///   - tests: all of the message's.
    ///   - learnt: points that learnt mail's tests gave; nil when it said nothing.
    ///   - probability: of spam, as learnt mail says.
    ///   - call: what the message is called. Points that do not count here, of scanners outside, test strings and lists of
    ///     senders, must not be contradicted: mail of 15 points would be learnt as ham.
    package func lesson(tests: [ScoredTest], learnt: Double?, probability: Double?, call: Call) -> Bool? {
        var (header, body) = (0.0, 0.0)
        for test in tests {
            guard let share = test.headerShare else { continue }
            header += test.score * share
            body += test.score * (1 - share)
        }
        // Thirds of points make no difference at a threshold.
        let points = Self.rounded(header + body)
        (header, body) = (Self.rounded(header), Self.rounded(body))
        let isSpam: Bool
        if points >= spam {
            guard header >= Self.pointsOfEachArea, body >= Self.pointsOfEachArea else { return nil }
            isSpam = true
        } else if points < ham {
            isSpam = false
        } else {
            return nil
        }
        guard call == (isSpam ? .spam : .ham) else { return nil }
        if let learnt, isSpam ? learnt < -Self.contradiction : learnt > Self.contradiction { return nil }
        if onError, let probability, isSpam ? probability >= Self.sureOfSpam : probability < Self.sureOfHam {
            return nil
        }
        return isSpam
    }

    /// To the thousandth, as SpamAssassin does.
    private static func rounded(_ points: Double) -> Double { (points * 1000).rounded() / 1000 }
}
