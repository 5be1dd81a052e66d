package import MailModel

/// Finds entries of the quarantine without reading their files. Several processes use one index at the same time, and
/// several hosts (`node`) may share one; every call but `search` speaks of this node's entries only.
///
/// An index holds nothing of its own: it can be made anew from the files at any time. All calls block.
package protocol QuarantineIndex: Sendable {
    /// The host whose files these are.
    var node: String { get }
    /// What `QuarantineQuery.node` is for a search of these files' entries only; nil for an index that knows no others,
    /// whatever the host was called when it kept them.
    var ownNode: String? { get }

    /// Adds an entry, or replaces what is known of it.
    func insert(_ rows: [QuarantineRow]) throws(IndexFailure)
    /// Notes a release.
    func setReleased(_ id: String, time: Int) throws(IndexFailure)
    /// Forgets entries.
    func remove(_ ids: [String]) throws(IndexFailure)
    /// Entries of all nodes that meet the query, the newest first unless it says otherwise.
    func search(_ query: QuarantineQuery) throws(IndexFailure) -> [QuarantineRow]
    /// Identifiers of all entries.
    func identifiers() throws(IndexFailure) -> Set<String>
    /// What each tenant's entries take.
    func usage() throws(IndexFailure) -> [QuarantineUsage]
    /// Looks through the whole index for damage.
    func verify() throws(IndexFailure)
    /// Makes an empty index, whatever state the old one is in.
    func reset() throws(IndexFailure)
}

/// Why a call on an index failed. The entries themselves are not touched by it.
package enum IndexFailure: Error, Hashable, CustomStringConvertible {
    /// What is stored is not an index, or is damaged: it has to be made anew.
    case damaged(String)
    /// It cannot be used now.
    case unavailable(String)

    package var description: String {
        switch self {
        case .damaged(let text): "the database is damaged: \(text)"
        case .unavailable(let text): "the database cannot be used: \(text)"
        }
    }
}

/// One entry as the index knows it. All texts are escaped: they may be shown as they are.
package struct QuarantineRow: Sendable, Hashable {
    package var id: String
    package var node: String
    /// Unix time.
    package var time: Int
    package var category: Category
    package var reason: String
    package var sender: String
    package var recipients: [String]
    package var subject: String
    package var messageID: String
    /// Addresses of the client, the forwarded one last.
    package var client: String
    /// Octets of the message, and of the entry's files.
    package var size: Int
    package var stored: Int
    /// `Quarantine.Entry.tenant`.
    package var tenant: String
    /// Unix time of the last release; nil before.
    package var released: Int?

    package init(
        id: String, node: String, time: Int, category: Category, reason: String, sender: String, recipients: [String],
        subject: String, messageID: String, client: String, size: Int, stored: Int, tenant: String, released: Int?
    ) {
        self.id = id
        self.node = node
        self.time = time
        self.category = category
        self.reason = reason
        self.sender = sender
        self.recipients = recipients
        self.subject = subject
        self.messageID = messageID
        self.client = client
        self.size = size
        self.stored = stored
        self.tenant = tenant
        self.released = released
    }

    /// The row of an entry on a node.
    package init(_ entry: Quarantine.Entry, node: String) {
        let client = entry.envelope.client
        let forwarded = client.forwarded?.address.map { " \(Escaping.text($0, limit: 60))" } ?? ""
        self.init(
            id: entry.id, node: node, time: entry.time, category: entry.category,
            reason: Escaping.reason(entry.reason, limit: 1000), sender: entry.envelope.reversePath.description,
            recipients: entry.envelope.recipients.map { $0.path.description },
            subject: Escaping.text(entry.subject, limit: 500), messageID: Escaping.text(entry.messageID, limit: 300),
            client: Escaping.text(client.address, limit: 60) + forwarded, size: entry.size, stored: entry.stored,
            tenant: entry.tenant, released: entry.released)
    }
}

/// What a search wants. Texts are found anywhere in a field, whatever the case of their letters.
package struct QuarantineQuery: Sendable, Hashable {
    /// Only this entry.
    package var id: String?
    /// The empty one is the null reverse-path.
    package var sender: String?
    package var recipient: String?
    package var subject: String?
    package var category: Category?
    package var tenant: String?
    /// Only entries of this node.
    package var node: String?
    /// Unix times: entries from `since` on and before `until`.
    package var since: Int?
    package var until: Int?
    /// Only entries that were, or were not, released.
    package var isReleased: Bool?
    /// The entry after which the answer begins, in the order of the answer.
    package var after: PlaceInTime?
    package var oldestFirst = false
    /// Rows at most.
    package var limit: Int

    package init(limit: Int) {
        self.limit = limit
    }
}

/// What the entries of one tenant take.
package struct QuarantineUsage: Sendable, Hashable {
    package var tenant: String
    package var entries: Int
    /// Octets of their files.
    package var stored: Int
    /// Unix time of the oldest one.
    package var oldest: Int

    package init(tenant: String, entries: Int, stored: Int, oldest: Int) {
        self.tenant = tenant
        self.entries = entries
        self.stored = stored
        self.oldest = oldest
    }
}
