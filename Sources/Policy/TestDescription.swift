package import MailModel

extension ScoredTest {
    /// What the test means, in one line, in the words of its rule or ours; escape before showing.
    package var meaning: String {
        if !description.isEmpty { return description }
        if let known = Self.descriptions[name] { return known }
        return name.hasPrefix("ANOMALY_") ? "A form that mail readers disagree on" : ""
    }

    /// Names of tests that come with the programs, but for those of rules and signatures.
    package static let ownNames: Set<String> = {
        let anomalies = AnomalyKind.allCases.map { JudgingPolicy.testName(of: $0) }
        return Set(descriptions.keys).union(anomalies).union([SenderStanding.testName])
    }()

    private static let descriptions: [String: String] = [
        "BAYES_00": "Learnt mail: spam is 0 to 1 % probable",
        "BAYES_05": "Learnt mail: spam is 1 to 5 % probable",
        "BAYES_20": "Learnt mail: spam is 5 to 20 % probable",
        "BAYES_40": "Learnt mail: spam is 20 to 40 % probable",
        "BAYES_50": "Learnt mail: spam is 40 to 60 % probable",
        "BAYES_60": "Learnt mail: spam is 60 to 80 % probable",
        "BAYES_80": "Learnt mail: spam is 80 to 95 % probable",
        "BAYES_95": "Learnt mail: spam is 95 to 99 % probable",
        "BAYES_99": "Learnt mail: spam is 99 to 100 % probable",
        "BAYES_999": "Learnt mail: spam is 99.9 to 100 % probable",
        "BAYES_UNAVAILABLE": "Learnt mail could not be asked",
        "GTUBE": "The string that every spam filter must find",
    ]
}
