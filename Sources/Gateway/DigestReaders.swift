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
            let address = address(recipient.path)
            return DigestReader(
                place: place, address: address.whole, mailbox: address.mailbox,
                recipient: AddressExtension.removed(
                    from: recipient.path, delimiters: Array(settings.recipientDelimiter.utf8)),
                language: group.policy.noticeLanguage)
        }
    }
}

extension AllowedSenders {
    /// True when a recipient has allowed a sender: from his mailbox, or from this very address, of which lines were written that had an
    /// extension.
    func allows(_ sender: LookupAddress, to recipient: LookupAddress) -> Bool {
        allows(recipient: recipient.mailbox, sender: sender.whole)
            || allows(recipient: recipient.whole, sender: sender.whole)
    }
}
