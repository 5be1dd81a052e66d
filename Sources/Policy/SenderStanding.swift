/// What a recipient's lists say of the sender.
package struct SenderStanding: Hashable, Sendable {
    /// The sender is on the list of those whose mail is no spam.
    package var isAllowed: Bool
    /// It is no list of the site's that says so, but the recipient by a link of a digest.
    package var isAllowedByRecipient = false
    /// The sender is on the list of those whose mail is spam; an allowed sender is not denied.
    package var isDenied: Bool
    /// Points for the sender.
    package var points: Double

    package init(isAllowed: Bool = false, isDenied: Bool = false, points: Double = 0) {
        self.isAllowed = isAllowed
        self.isDenied = isDenied && !isAllowed
        self.points = points
    }

    /// The least score that is shown of a denied sender's mail, as in amavis.
    package static let deniedScore = 64.0

    /// The name of the test that stands for `points`, as in amavis.
    package static let testName = "AM.WBL"
}
