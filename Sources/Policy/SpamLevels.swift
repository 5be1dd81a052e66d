package import MailModel

/// The score from which on something happens to a message, as amavis names the levels.
package struct SpamLevels: Hashable, Sendable {
    /// From here on the spam fields are added to the header (`tag`).
    package var tag: Double
    /// From here on the message is marked as spam: category `spammy` (`tag2`).
    package var tag2: Double
    /// From here on another tag stands in front of the subject (`tag3`); nil for none.
    package var tag3: Double?
    /// From here on the destiny of spam holds: category `spam` (`kill`).
    package var kill: Double
    /// From here on no sender is notified (`dsn_cutoff`); nil for none.
    package var dsnCutoff: Double?
    /// From here on no copy of spam is kept (`quarantine_cutoff`); nil for none.
    package var quarantineCutoff: Double?

    /// The defaults are those of amavis in Debian.
    package init(
        tag: Double = 2, tag2: Double = 6.31, tag3: Double? = nil, kill: Double = 6.31, dsnCutoff: Double? = 10,
        quarantineCutoff: Double? = nil
    ) {
        self.tag = tag
        self.tag2 = tag2
        self.tag3 = tag3
        self.kill = kill
        self.dsnCutoff = dsnCutoff
        self.quarantineCutoff = quarantineCutoff
    }

    /// The category of this score; nil below both levels. A message at `kill` is `spam` alone, not `spammy` too.
    package func category(of score: Double) -> Category? {
        if Self.reaches(score, kill) { return .spam }
        return Self.reaches(score, tag2) ? .spammy : nil
    }

    /// True when the score has the level. Scores have three decimals: a sum of floating-point numbers may miss a level that it
    /// reaches on paper.
    package static func reaches(_ score: Double, _ level: Double) -> Bool {
        (score * 1000).rounded() >= (level * 1000).rounded()
    }
}
