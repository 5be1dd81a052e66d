internal import Configuration
internal import MailModel
internal import Patterns

/// Names of findings that are points instead of a virus (amavis: `@virus_name_to_spam_score_maps`): some signatures find spam
/// and phishing.
struct NameScores: Sendable {
    private struct Entry: Sendable {
        let pattern: OutputPattern
        let points: Double
    }

    private let entries: [Entry]

    /// - Throws: what is wrong with a pattern.
    init(_ scores: [NameScore]) throws {
        entries = try scores.map { Entry(pattern: try OutputPattern($0.pattern), points: Double($0.tenths) / 10) }
    }

    /// Takes findings that are points out of a list.
    /// - Returns: a test for each name, once.
    func take(from findings: inout [Finding]) -> [ScoredTest] {
        guard !entries.isEmpty else { return [] }
        var tests: [ScoredTest] = []
        findings.removeAll { finding in
            guard finding.kind == .virus, let points = points(finding.name) else { return false }
            let test = ScoredTest(name: "AV:\(finding.name)", score: points, evidence: finding.scanner)
            if !tests.contains(where: { $0.name == test.name }) { tests.append(test) }
            return true
        }
        return tests
    }

    /// What a name is worth; nil when it is a virus.
    func points(_ name: String) -> Double? {
        let octets = Array(name.utf8)
        return entries.first { $0.pattern.firstMatch(in: octets) != nil }?.points
    }
}
