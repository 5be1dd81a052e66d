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
    /// What of the message it looked at, where it may count for learning by itself; nil where it may not: what learnt mail
    /// says, lists of senders, test strings.
    package var area: Area?
    /// A filter names it beside the sum that its points are in: it has none of its own, whatever a site gives tests of its name.
    package var isInSum = false

    /// What of a message a test looks at.
    package enum Area: Hashable, Sendable {
        case header
        case body
    }

    package init(name: String, score: Double, description: String = "", evidence: String = "", area: Area? = nil) {
        self.name = name
        self.score = score
        self.description = description
        self.evidence = evidence
        self.area = area
    }
}
