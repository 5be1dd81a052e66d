internal import MailModel

/// What a site makes of tests: points of its own for some, and tests that are made of others.
package struct SiteTests: Hashable, Sendable {
    /// Points in place of those that a test comes with, by its name; 0 takes it out.
    package var scores: [String: Double]
    package var metas: MetaTests

    package init(scores: [String: Double] = [:], metas: MetaTests = MetaTests()) {
        self.scores = scores
        self.metas = metas
    }
}

extension Verdict {
    /// Gives tests the points that a site wants for them, adds its meta tests, and puts tests aside that are not shown. A test
    /// counts once, whoever met it, as in SpamAssassin: with the most points that it was given.
    mutating func apply(_ site: SiteTests) {
        var places: [String: Int] = [:]
        var once: [ScoredTest] = []
        for test in tests {
            let place = places[test.name, default: once.count]
            guard place < once.count else {
                places[test.name] = place
                once.append(test)
                continue
            }
            let isMore = once[place].isInSum == test.isInSum ? test.score > once[place].score : once[place].isInSum
            if isMore { once[place] = test }
        }
        tests =
            site.scores.isEmpty
            ? once
            : once.compactMap { test in
                guard let score = site.scores[test.name] else { return test }
                var test = test
                if !test.isInSum { test.score = score }
                return score == 0 ? nil : test
            }
        tests += site.metas.fired(beside: tests, scores: site.scores)
        guard tests.contains(where: \.name.isHiddenTest) else { return }
        hiddenTests = tests.filter(\.name.isHiddenTest)
        tests.removeAll(where: \.name.isHiddenTest)
    }
}

/// When what is known of a message decides whether it is spam, so that scanners that cost more need not be asked.
package struct ShortCircuit: Hashable, Sendable {
    /// Points from which on it is spam; nil: never by points.
    package var spam: Double?
    /// Points down to which it is ham; nil: never by points.
    package var ham: Double?
    /// Tests any one of which decides, hidden ones too.
    package var tests: [String]

    package init(spam: Double? = nil, ham: Double? = nil, tests: [String] = []) {
        self.spam = spam
        self.ham = ham
        self.tests = tests
    }

    /// Something may decide.
    package var isOn: Bool { spam != nil || ham != nil || !tests.isEmpty }

    /// Why a verdict decides; nil when it does not. What was not read to its end is no ham by its points.
    package func reason(_ verdict: Verdict) -> String? {
        let score = verdict.score
        guard score.isFinite else { return nil }
        if let name = tests.first(where: { name in (verdict.tests + verdict.hiddenTests).contains { $0.name == name } })
        {
            return "test \(name)"
        }
        if let spam, SpamLevels.reaches(score, spam) {
            return "score \(SpamFields.decimals(score)), short_circuit.spam \(SpamFields.decimals(spam))"
        }
        if let ham, verdict.unchecked.isEmpty, SpamLevels.reaches(ham, score) {
            return "score \(SpamFields.decimals(score)), short_circuit.ham \(SpamFields.decimals(ham))"
        }
        return nil
    }
}
