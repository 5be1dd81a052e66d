internal import Configuration
internal import MailModel
internal import Patterns

/// Names of findings that are points instead of a virus (amavis: `@virus_name_to_spam_score_maps`): some signatures find spam
/// and phishing.
struct NameScores: Sendable {
    private struct Entry: Sendable {
        let pattern: OutputPattern
        /// Nil: stays a virus.
        let points: Double?
    }

    private let entries: [Entry]
    /// Parts of names, in lower case, that some policy delivers or drops where it would not do so with other viruses.
    private let mild: [String]

    /// - Throws: what is wrong with a pattern.
    init(_ scores: [NameScore], mild: [String] = []) throws {
        self.mild = mild
        entries = try scores.map {
            Entry(pattern: try OutputPattern($0.pattern), points: $0.tenths.map { Double($0) / 10 })
        }
    }

    /// Takes findings that are points out of a list.
    /// - Returns: a test for each name, once. The one with the most points has them, the others none: signatures of one kind of
    ///   spam hit together, and amavis counts the largest, too.
    func take(from findings: inout [Finding]) -> [ScoredTest] {
        guard !entries.isEmpty else { return [] }
        var tests: [ScoredTest] = []
        findings.removeAll { finding in
            guard finding.kind == .virus, let points = points(finding.name) else { return false }
            let test = ScoredTest(name: "AV:\(finding.name)", score: points, evidence: finding.scanner)
            if !tests.contains(where: { $0.name == test.name }) { tests.append(test) }
            return true
        }
        let largest = tests.indices.max { (tests[$0].score, $1) < (tests[$1].score, $0) }
        for index in tests.indices where index != largest { tests[index].score = 0 }
        return tests
    }

    /// What a name is worth; nil when it is a virus, and where a pattern was given up.
    func points(_ name: String) -> Double? {
        let octets = Array(name.utf8)
        return entries.first { (try? $0.pattern.firstMatch(in: octets)) != nil }?.points ?? nil
    }

    /// The name alone is no reason to stop looking: a worse one may stand behind it.
    func isMild(_ name: String) -> Bool {
        if points(name) != nil { return true }
        let name = name.lowercased()
        return mild.contains { name.contains($0) }
    }

    /// Names that `virus_destinies` of a policy, or a bank for viruses, is mild with.
    static func mildNames(_ settings: Settings) -> [String] {
        func isMild(_ destiny: Destiny?) -> Bool { destiny.map { $0.isDelivered || $0 == .discard } ?? true }
        let named = settings.policies.values.flatMap(\.virusDestinies).filter { isMild($0.destiny) }.map(\.part)
        // Whatever else it sets may let a virus pass as well: lovers, bypass.
        let banks = settings.banks.filter {
            $0.overlay.keys != ["infected"] || isMild($0.overlay.values.infected)
        }
        return Set((named + banks.flatMap(\.viruses)).map { $0.lowercased() }).sorted()
    }
}
