package import MailModel

/// What of the facts in a report counts, and for what.
package struct JudgingPolicy: Hashable, Sendable {
    /// Kinds of anomalies whose action differs from that of their class.
    package var anomalies: [AnomalyKind: AnomalyAction]
    /// Faults of the header block that make a message `bad-header`.
    package var badHeaders: Set<BadHeader>

    package init(anomalies: [AnomalyKind: AnomalyAction] = [:], badHeaders: Set<BadHeader> = Set(BadHeader.allCases)) {
        self.anomalies = anomalies
        self.badHeaders = badHeaders
    }

    /// What is done about a kind of anomaly.
    package func action(for kind: AnomalyKind) -> AnomalyAction {
        anomalies[kind] ?? kind.anomalyClass.defaultAction
    }

    /// Points of one kind of anomaly, however often it was met.
    package static let anomalyPoints = 0.5
    /// Points that all kinds of anomalies give together at most: one broken mailer makes many of them.
    package static let mostAnomalyPoints = 2.5

    /// One test for each kind that scores, in the order of discovery.
    func tests(for anomalies: [Anomaly]) -> [ScoredTest] {
        var tests: [ScoredTest] = []
        var seen: Set<AnomalyKind> = []
        var left = Self.mostAnomalyPoints
        for anomaly in anomalies where action(for: anomaly.kind) == .score && seen.insert(anomaly.kind).inserted {
            let points = min(left, Self.anomalyPoints)
            left -= points
            tests.append(
                ScoredTest(
                    name: Self.testName(of: anomaly.kind), score: points, evidence: "at octet \(anomaly.offset)",
                    headerShare: 0))
        }
        return tests
    }

    /// The name of the test for a kind of anomaly.
    static func testName(of kind: AnomalyKind) -> String {
        "ANOMALY_" + String(decoding: kind.rawValue.utf8.map(nameOctet), as: UTF8.self)
    }

    private static func nameOctet(_ octet: UInt8) -> UInt8 {
        switch octet {
        case 0x61...0x7A: octet - 0x20
        case 0x2D: 0x5F
        default: octet
        }
    }
}
