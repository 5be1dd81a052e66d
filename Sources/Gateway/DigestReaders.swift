internal import Configuration
internal import MailModel
internal import Policy
internal import Stores

/// Recipients of an entry whom digests tell of it, by the settings that hold for them now.
struct DigestReader: Sendable {
    /// Place in the entry's envelope.
    let place: Int
    /// In the form in which addresses are looked up.
    let address: [UInt8]
    /// His mailbox, and how it is written in mail: without an extension.
    let mailbox: [UInt8]
    let recipient: MailPath
    let language: String
}

extension PolicyBook {
    /// Those of `local_domains` whose settings want a digest, and keep mail of this category from them.
    /// - Throws: a look-up that gave up.
    func digestReaders(of entry: Quarantine.Entry) throws -> [DigestReader] {
        let listener = settings.listeners.first { $0.address.description == entry.listener } ?? settings.listeners.first
        let known = entry.policy.flatMap { settings.policies[$0] == nil ? nil : $0 }
        let resolution = try PolicyResolution(
            self, policy: known ?? "default", listener?.placement ?? .afterQueue,
            Circumstances(
                listener: entry.listener ?? "", client: IPAddress(entry.envelope.client.originalAddress),
                sender: entry.envelope.reversePath, isAuthenticated: false),
            recipients: entry.envelope.recipients)
        return try entry.envelope.recipients.enumerated().compactMap { place, recipient in
            let group = try resolution.group(of: place)
            guard group.isLocal, group.policy.digestCategories.contains(entry.category),
                !group.policy.delivers(entry.category)
            else { return nil }
            let mailbox = AddressExtension.removed(
                from: recipient.path, delimiters: Array(settings.recipientDelimiter.utf8))
            return DigestReader(
                place: place, address: LookupAddress.whole(recipient.path), mailbox: LookupAddress.whole(mailbox),
                recipient: mailbox, language: group.policy.noticeLanguage)
        }
    }
}
