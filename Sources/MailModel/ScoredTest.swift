/// A named test that a message met, with its points for the spam score.
package struct ScoredTest: Hashable, Sendable {
    /// Upper-case words joined by `_`, as SpamAssassin's tests are named.
    package var name: String
    /// Points; negative ones speak for ham.
    package var score: Double
    /// What was seen; escape before showing.
    package var evidence: String

    package init(name: String, score: Double, evidence: String = "") {
        self.name = name
        self.score = score
        self.evidence = evidence
    }
}
