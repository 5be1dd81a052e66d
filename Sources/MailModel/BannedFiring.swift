/// One rule on the names and types of files that holds for a file of the message: a fact from the inspector. What the rule
/// says, and whether its set is asked at all, the gateway finds in its own copy.
package struct BannedFiring: Hashable, Sendable {
    /// Index of the set, and place of the rule in it.
    package var set: Int
    package var rule: Int
    /// Index of the part that is banned, allowed or scored: a file that holds nothing further.
    package var part: Int
    /// Index of the part that the rule speaks of: that one, or a container around it.
    package var matched: Int

    package init(set: Int, rule: Int, part: Int, matched: Int) {
        self.set = set
        self.rule = rule
        self.part = part
        self.matched = matched
    }
}
