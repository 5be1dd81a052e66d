/// What the sum of another spam filter is worth here.
package struct ScorePolicy: Sendable, Hashable {
    /// Points here for a hundred there.
    package var percent: Int
    /// The most points that it takes off: one that is fooled, or broken, does not clear what all others hold against a message.
    package var credit: Double
    /// The most points that a message gets of one test, for and against.
    package static let most = 1000.0

    package init(percent: Int, credit: Double = most) {
        self.percent = percent
        self.credit = credit
    }

    /// What one of its tests is worth.
    func worth(_ points: Double) -> Double {
        min(max(points * Double(percent) / 100, -Self.most), Self.most)
    }

    /// What the sum of all of them is worth.
    func sum(_ points: Double) -> Double { max(worth(points), -credit) }
}
