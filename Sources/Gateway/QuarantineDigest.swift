package import Configuration
internal import Linux
package import MailModel
internal import Policy
package import Stores

/// Finds what recipients are told of by a digest: mail in the quarantine that was kept from them, that their settings let them release,
/// and that no scanner found a virus in.
package struct QuarantineDigest: Sendable {
    /// One message for one recipient. All texts are from mail.
    package struct Item: Sendable {
        package let id: String
        /// Unix time.
        package let time: Int
        package let category: MailModel.Category
        package let sender: MailPath
        package let subject: String
        let reason: String
        /// Place of the recipient in the entry's envelope.
        let place: Int
    }

    /// What one recipient is told.
    package struct Letter: Sendable {
        package let recipient: MailPath
        let language: String
        /// The policy of the newest message, by whose next hops the letter goes.
        let policy: String?
        /// The newest first; no more than `digests.messages`.
        package fileprivate(set) var items: [Item]
        /// Messages beyond those.
        package fileprivate(set) var further = 0
    }

    let settings: Settings
    let hostname: String
    private let quarantine: IndexedQuarantine
    private let policies: PolicyBook
    private let notices: NoticeBook
    private let key: ReleaseKey
    private let redeemed: RedeemedLinks
    /// Unix time.
    private let time: Int
    /// Hears of entries that cannot be read.
    private let report: @Sendable (String) -> Void

    /// Entries that are looked up in one step.
    private static let step = 1000
    /// Characters of a text of a stranger's, each of which may take ten octets: a line stays below 998 (RFC 5322 section 2.1.1).
    private static let shownText = 80

    /// Reads tables, texts and the key. Blocks on a disk.
    /// - Parameter time: Unix time.
    package init(
        _ settings: Settings, _ quarantine: IndexedQuarantine, time: Int, report: @escaping @Sendable (String) -> Void
    ) throws {
        guard !settings.digests.releaseAddress.isEmpty else { throw GatewayError("digests.release_address is not set") }
        self.settings = settings
        self.quarantine = quarantine
        self.time = time
        self.report = report
        hostname = SetupBuilder(settings).hostname
        policies = try PolicyBook(settings)
        notices = try NoticeBook(settings, policies, before: nil)
        key = try ReleaseKey(settings.stateDirectory)
        redeemed = RedeemedLinks(directory: settings.redeemedDirectory)
    }

    /// Mail of this host that was kept in a time, the oldest first. Blocks on a disk.
    package func mail(since: Int, until: Int) throws -> [DigestMemory.Mail] {
        var query = QuarantineQuery(limit: Self.step)
        (query.node, query.since, query.until) = (quarantine.index.ownNode, since, until)
        query.oldestFirst = true
        var out: [DigestMemory.Mail] = []
        while true {
            let page = try quarantine.search(query)
            // What is never told of need not be read.
            out += page.filter { digestCategories.contains($0.category) }.map {
                DigestMemory.Mail(id: $0.id, time: $0.time)
            }
            guard page.count == query.limit, let last = page.last else { return out }
            query.after = PlaceInTime(time: last.time, id: last.id)
        }
    }

    /// The letters about mail, by recipients. Entries that are gone or damaged are left out; the latter are reported. Blocks on a disk.
    /// - Throws: a look-up of settings that gave up; an entry that cannot be read now.
    package func letters(_ mail: [DigestMemory.Mail]) throws -> [Letter] {
        var letters: [[UInt8]: Letter] = [:]
        for one in mail.reversed() {
            let entry: Quarantine.Entry
            do throws(Quarantine.Failure) {
                entry = try quarantine.files.entry(one.id)
            } catch {
                // What may be read later is to be told of later.
                guard error.isOfMessage else { throw error }
                if case .damaged = error { report("digest: \(error)") }
                continue
            }
            // Who released it to all has told them.
            if entry.released != nil, entry.envelope.recipients.count == 1 { continue }
            try add(entry, to: &letters)
        }
        return letters.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value)
    }

    private func add(_ entry: Quarantine.Entry, to letters: inout [[UInt8]: Letter]) throws {
        let readers = try policies.digestReaders(of: entry)
        guard !readers.isEmpty, QuarantineRelease.isHarmless(entry, quarantine.files) else { return }
        for reader in readers {
            let links = DigestToken.Action.allCases.map {
                RedeemedLinks.Link(id: entry.id, recipient: reader.address, action: $0.rawValue)
            }
            if links.contains(where: redeemed.contains) { continue }
            let path = entry.envelope.recipients[reader.place].path
            var letter =
                letters[reader.address]
                ?? Letter(recipient: path, language: reader.language, policy: entry.policy, items: [])
            if letter.items.count < settings.digests.messages {
                letter.items.append(
                    Item(
                        id: entry.id, time: entry.time, category: entry.category, sender: entry.envelope.reversePath,
                        subject: entry.subject, reason: entry.reason, place: reader.place))
            } else {
                letter.further += 1
            }
            letters[reader.address] = letter
        }
    }

    // MARK: - Texts

    /// A letter as a message, CRLF.
    func message(_ letter: Letter) -> [UInt8] {
        guard let templates = notices.templates(letter.language) else { return [] }
        var texts = letter.items.map { templates.digestMessage(facts(of: $0, for: letter.recipient)) }
        if letter.further > 0 { texts.append("... (\(letter.further))\n") }
        let notice = templates.notice(
            .digest,
            [
                .hostname: hostname, .recipients: "<\(letter.recipient)>",
                .messages: texts.joined(separator: "\n").trimmingLastLineEnd,
            ])
        return NoticeMessage.message(
            notice, from: hostname, to: letter.recipient, id: "digest-\(Quarantine.newID())", time: time)
    }

    private func facts(of item: Item, for recipient: MailPath) -> [TextTemplate.Fact: String] {
        var facts: [TextTemplate.Fact: String] = [
            .time: DateText.rfc3339(item.time), .mailID: item.id,
            .sender: "<\(Escaping.text(item.sender.bytes, limit: Self.shownText))>",
            .subject: Escaping.text(item.subject, limit: Self.shownText),
            .reason: Escaping.reason(item.reason, limit: Self.shownText),
            .release: link(.release, item, recipient),
        ]
        if !item.sender.isNull { facts[.releaseAndAllow] = link(.releaseAndAllow, item, recipient) }
        return facts
    }

    /// A link that makes the mail with which a message is released (RFC 6068).
    private func link(_ action: DigestToken.Action, _ item: Item, _ recipient: MailPath) -> String {
        let token = DigestToken(
            key, action, id: item.id, place: item.place, recipient: LookupAddress.whole(recipient),
            expiry: time + settings.digests.linkTime)
        let address = settings.digests.releaseAddress.utf8.map { octet in
            let isPlain =
                (0x30...0x39).contains(octet) || (0x40...0x5A).contains(octet) || (0x61...0x7A).contains(octet)
                || [0x2D, 0x2E, 0x5F, 0x7E].contains(octet)
            return isPlain ? String(UnicodeScalar(octet)) : "%" + String(octet, radix: 16, uppercase: true)
        }
        return "mailto:\(address.joined())?subject=\(token.text)"
    }
}

extension String {
    /// Without the line end at its end.
    fileprivate var trimmingLastLineEnd: String { hasSuffix("\n") ? String(dropLast()) : self }
}
