/// A named test that a message met, with its points for the spam score.
package struct ScoredTest: Hashable, Sendable {
    /// Upper-case words joined by `_`, as SpamAssassin's tests are named.
    package var name: String
    /// Points; negative ones speak for ham.
    package var score: Double
    /// What it means, in the words of the rule that gave it; empty for tests that come with the programs. Escape before showing.
    package var description: String
    /// What was seen; escape before showing.
    package var evidence: String
    /// Which share of its points, 0 to 1, is of the header, where it may count for learning by itself, the rest being of the body;
    /// nil where it may not: what learnt mail says, lists of senders, test strings.
    package var headerShare: Double?
    /// A filter names it beside the sum that its points are in: it has none of its own, whatever a site gives tests of its name.
    package var isInSum = false

    package init(
        name: String, score: Double, description: String = "", evidence: String = "", headerShare: Double? = nil
    ) {
        self.name = name
        self.score = score
        self.description = description
        self.evidence = evidence
        self.headerShare = headerShare
    }
}
