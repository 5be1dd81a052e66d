/// What a recipient's lists say of the sender.
package struct SenderStanding: Hashable, Sendable {
    /// Lists of those whose mail is no spam. Raw values are the keys of the configuration, or what explanations call it.
    package enum AllowList: String, Hashable, Sendable {
        case senders = "allow_senders"
        case authors = "allow_authors"
        /// No list of the site's, but the recipient's own by links of digests.
        case recipient = "the recipient's allowed_senders"
    }

    /// The first list of those that the sender or the author is on; nil for none.
    package var allowedBy: AllowList?
    /// The sender is on the list of those whose mail is spam; an allowed sender is not denied.
    package var isDenied: Bool
    /// Points for the sender.
    package var points: Double

    package init(allowedBy: AllowList? = nil, isDenied: Bool = false, points: Double = 0) {
        self.allowedBy = allowedBy
        self.isDenied = isDenied && allowedBy == nil
        self.points = points
    }

    package var isAllowed: Bool { allowedBy != nil }

    /// The least score that is shown of a denied sender's mail, as in amavis.
    package static let deniedScore = 64.0

    /// The name of the test that stands for `points`, as in amavis.
    package static let testName = "AM.WBL"
}
