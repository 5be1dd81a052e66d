import Configuration
import MailModel
import Testing

@testable import Gateway

/// Names of findings that are points (amavis: `@virus_name_to_spam_score_maps`).
@Suite struct NameScoresTests {
    private static let scores = [
        NameScore(pattern: "^Sane\\.Mal", tenths: nil), NameScore(pattern: "^Sane\\.Junk", tenths: 30),
        NameScore(pattern: "^Sane\\.", tenths: 5), NameScore(pattern: "^Fine\\.", tenths: -20),
    ]

    private static func taken(_ names: [String]) throws -> (tests: [String: Double], left: [String]) {
        var findings = names.map { Finding(scanner: "clamav", kind: .virus, name: $0, part: nil) }
        let tests = try NameScores(scores).take(from: &findings)
        return (Dictionary(uniqueKeysWithValues: tests.map { ($0.name, $0.score) }), findings.map(\.name))
    }

    /// Of several names the one with the most points counts, and each is a test.
    @Test(arguments: [
        (["Sane.Junk.1"], ["AV:Sane.Junk.1": 3.0]),
        (["Sane.Junk.1", "Sane.Junk.1"], ["AV:Sane.Junk.1": 3]),
        (["Sane.Junk.1", "Sane.Junk.2", "Sane.Scam"], ["AV:Sane.Junk.1": 3, "AV:Sane.Junk.2": 0, "AV:Sane.Scam": 0]),
        (["Sane.Scam", "Sane.Junk.2"], ["AV:Sane.Scam": 0, "AV:Sane.Junk.2": 3]),
        (["Fine.X"], ["AV:Fine.X": -2]),
        (["Fine.X", "Sane.Scam"], ["AV:Fine.X": 0, "AV:Sane.Scam": 0.5]),
        ([], [:]),
    ])
    func theLargestCounts(_ names: [String], _ points: [String: Double]) throws {
        let (tests, left) = try Self.taken(names)
        #expect(tests == points && left.isEmpty)
    }

    /// Whoever can put such a name in front of a virus must not hide it from scanners that name the first alone.
    @Test(arguments: [("infected: pass", true), ("infected: quarantine", false), ("lovers: [infected]", true)])
    func banksAreMild(_ key: String, _ isMild: Bool) throws {
        let loaded = ConfigurationFile.parse("banks: [{name: A, viruses: [Joke.], \(key)}]", file: "f")
        #expect(try NameScores([], mild: NameScores.mildNames(loaded.settings)).isMild("Win.Joke.A") == isMild)
    }

    /// The first pattern decides: some names of a kind stay viruses.
    @Test func someStayViruses() throws {
        let (tests, left) = try Self.taken(["Sane.Malware.1", "Sane.Junk.1", "Win.Trojan"])
        #expect(tests == ["AV:Sane.Junk.1": 3] && left == ["Sane.Malware.1", "Win.Trojan"])
        let scores = try NameScores(Self.scores)
        #expect(!scores.isMild("Sane.Malware.1") && scores.isMild("Sane.Other"))
    }
}
