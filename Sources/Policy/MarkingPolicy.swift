package import MailModel

/// How mail that is delivered is marked.
package struct MarkingPolicy: Hashable, Sendable {
    /// Spam fields for recipients that are ours.
    package var addsSpamFields = true
    /// Each test in a field of its own, at `levels.tag2`.
    package var addsSpamReport = false
    /// What stands in front of the subject, by category.
    package var subjectTags: [Category: String] = [:]
    /// What stands there from `levels.tag3` on, in place of the tag of `spammy`, and of `spam` where that has none; empty for nothing.
    package var thirdTag = ""
    /// Extensions of the recipient's address, by category.
    package var addressExtensions: [Category: String] = [:]
    /// Categories whose mail is put into another message with a warning.
    package var defang: Set<Category> = []
    /// Who gets a copy of everything that is delivered.
    package var alwaysBCC: [MailPath] = []
    package var fieldNames = FieldNames.mailreeve
    /// The site's own words in `X-Virus-Scanned:`; empty for ours.
    package var virusScannedText = ""
    /// Add the field that names the category.
    package var addsCategory = false
    /// What becomes of `Authentication-Results:` that come in; nil: they are kept where the client is an MTA of ours, else
    /// those that claim to be of this host go.
    package var authenticationResults: ResultsTrust?

    package init() {}

    /// Whose words our own fields have. Raw values are those of the configuration.
    package enum FieldNames: String, Hashable, Sendable, CaseIterable {
        /// `X-Mailreeve-Alert` and so on.
        case mailreeve
        /// `X-Amavis-Alert` and `X-Amavis-Hold`, for filters that look for them.
        case amavis
    }

    /// Which `Authentication-Results:` fields stay (RFC 8601 section 5). Raw values are those of the configuration.
    package enum ResultsTrust: String, Hashable, Sendable, CaseIterable {
        case keep
        /// Those that claim to be of this host, or whose writer cannot be read, are taken out.
        case removeOurs = "remove-ours"
        case remove
    }

    /// Categories that can be tagged.
    package static let categories: [Category] = [.infected, .banned, .unchecked, .spam, .spammy, .badHeader]

    /// What stands in front of the subject; nil for nothing. As in amavis a tag for `spam` comes first, then that of `tag3`.
    package func subjectTag(_ verdict: Verdict, _ levels: SpamLevels) -> String? {
        let isThird = levels.tag3.map { SpamLevels.reaches(verdict.shownScore, $0) } ?? false
        guard isThird, !thirdTag.isEmpty else { return first(subjectTags, verdict) }
        var tags = subjectTags
        tags[.spammy] = thirdTag
        tags[.spam] = tags[.spam] ?? thirdTag
        return first(tags, verdict)
    }

    /// What an entry says for the weightiest of a verdict's categories that has one.
    package func first(_ entries: [Category: String], _ verdict: Verdict) -> String? {
        for category in verdict.categories {
            if let text = entries[category], !text.isEmpty { return text }
        }
        return nil
    }
}
