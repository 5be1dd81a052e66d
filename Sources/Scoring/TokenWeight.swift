/// What the machines know of one token.
package struct TokenWeight: Hashable, Sendable {
    /// Its weight; 0 for the unknown.
    package var weight: Float
    /// How often it was in the mail from which the machines were solved, no more than `mostCounted` of a class. A store gives it where
    /// the token weighs by it, or where an explanation names it; else it is empty.
    package private(set) var counts: FisherMethod.Counts

    /// The highest count that is told: two octets in a store. Of more messages of a class shares look larger than
    /// they are, alike where is learnt and where is judged.
    package static let mostCounted: UInt32 = 0xFFFF
    /// A token that no machine knows.
    package static let unknown = TokenWeight(weight: 0, counts: FisherMethod.Counts())

    /// - Parameter counts: of any size.
    package init(weight: Float, counts: FisherMethod.Counts) {
        self.weight = weight
        self.counts = Self.capped(counts)
    }

    static func capped(_ counts: FisherMethod.Counts) -> FisherMethod.Counts {
        FisherMethod.Counts(spam: min(counts.spam, mostCounted), ham: min(counts.ham, mostCounted))
    }
}
