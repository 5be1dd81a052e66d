package import MailModel

/// What came of a message for autolearning, in the words of SpamAssassin's `autolearn=`.
package enum AutolearningStatus: String, Hashable, Sendable {
    /// It teaches, as ham or as spam.
    case ham, spam
    /// The conditions are not met, or its sender has taught enough on that day.
    case no
    /// Autolearning is off.
    case disabled
    /// The database cannot be asked.
    case unavailable
    /// It would teach, but too many messages wait to be learnt.
    case failed
}

/// When a message teaches by itself, under the conditions of SpamAssassin 4 (`AutoLearnThreshold`): the points of tests that
/// may count for it are far enough on one side, spam has points of its header and of its body, and learnt mail does not say
/// the opposite.
package struct Autolearning: Hashable, Sendable {
    /// Points from which a message is learnt as spam.
    package var spam: Double
    /// Points below which it is learnt as ham.
    package var ham: Double
    /// Only where learnt mail said otherwise.
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

    /// What to learn: true for spam, false for ham, nil for nothing.
    /// - Parameters:
    ///   - tests: all of the message's.
    ///   - learnt: points that learnt mail's tests gave; nil when it said nothing.
    ///   - probability: of spam, as learnt mail says.
    package func lesson(tests: [ScoredTest], learnt: Double?, probability: Double?) -> Bool? {
        var (header, body) = (0.0, 0.0)
        for test in tests {
            switch test.area {
            case .header: header += test.score
            case .body: body += test.score
            case nil: break
            }
        }
        let isSpam: Bool
        if header + body >= spam {
            guard header >= Self.pointsOfEachArea, body >= Self.pointsOfEachArea else { return nil }
            isSpam = true
        } else if header + body < ham {
            isSpam = false
        } else {
            return nil
        }
        if let learnt, isSpam ? learnt < -Self.contradiction : learnt > Self.contradiction { return nil }
        if onError, let probability, (probability > 0.5) == isSpam { return nil }
        return isSpam
    }
}
