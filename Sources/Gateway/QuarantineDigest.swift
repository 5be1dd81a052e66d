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
        /// The recipient in the entry's envelope, by his place and in the form in which addresses are looked up.
        let place: Int
        let address: [UInt8]
    }

    /// What one recipient is told.
    package struct Letter: Sendable {
        /// Without an extension.
        package let recipient: MailPath
        /// The same in the form in which addresses are looked up: who he is to `DigestMemory`.
        package let mailbox: MailPath
        let language: String
        /// The policy of the newest message, by whose next hops the letter goes.
        let policy: String?
        /// The newest first; no more than `digests.messages`.
        package fileprivate(set) var items: [Item] = []
        /// Everything that he is told of.
        package fileprivate(set) var mail: [DigestMemory.Mail] = []
        /// Messages beyond `items`.
        package var further: Int { mail.count - items.count }
    }

    /// What recipients are told, and what cannot be told of now.
    package struct Letters: Sendable {
        package fileprivate(set) var letters: [Letter] = []
        /// Mail whose key is not set.
        package fileprivate(set) var unread: [DigestMemory.Owed] = []
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

    /// The letters about mail, by recipients. Entries that are gone or damaged are left out; the latter are reported, as are those whose
    /// key is not set. Blocks on a disk.
    /// - Parameters:
    ///   - mail: is for all whom their settings let be told.
    ///   - owed: is for those of them who are owed it.
    ///   - first: the mailbox with whose letter they begin, or with the next one; those before it are the last ones.
    /// - Throws: a look-up of settings that gave up; a disk that cannot be read.
    package func letters(_ mail: [DigestMemory.Mail], owed: [DigestMemory.Owed] = [], from first: MailPath? = nil)
        throws -> Letters
    {
        var out = Letters()
        var letters: [[UInt8]: Letter] = [:]
        var locked: [String: Int] = [:]
        let debts = Dictionary(grouping: owed, by: \.mail)
        for one in Set(mail).union(debts.keys).sorted(by: { ($0.time, $0.id) > ($1.time, $1.id) }) {
            let debt = debts[one]
            let entry: Quarantine.Entry
            do throws(Quarantine.Failure) {
                entry = try quarantine.files.entry(one.id)
            } catch {
                switch error {
                case .unknown: break
                case .damaged: report("digest: \(error)")
                case .locked(_, let key):
                    locked[key, default: 0] += 1
                    out.unread += debt ?? [DigestMemory.Owed(mail: one)]
                case .system, .unavailable: throw error
                }
                continue
            }
            // Where nobody knew whom it is for it is for all.
            let mailboxes = debt.flatMap { debt in
                debt.contains { $0.mailbox == nil } ? nil : Set(debt.compactMap { $0.mailbox?.bytes })
            }
            try add(entry, of: one, for: mailboxes, to: &letters)
        }
        for (key, count) in locked.sorted(by: { $0.key < $1.key }) {
            report("digest: \(count) messages wait: they are encrypted with key \(key), which is not set")
        }
        let sorted = letters.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value)
        let start = first.flatMap { first in
            sorted.firstIndex { !$0.mailbox.bytes.lexicographicallyPrecedes(first.bytes) }
        }
        out.letters = Array(sorted[(start ?? 0)...] + sorted[..<(start ?? 0)])
        return out
    }

    /// - Parameter mailboxes: those who are told of it; nil for all.
    private func add(
        _ entry: Quarantine.Entry, of mail: DigestMemory.Mail, for mailboxes: Set<[UInt8]>?,
        to letters: inout [[UInt8]: Letter]
    ) throws {
        let readers = try policies.digestReaders(of: entry)
        guard !readers.isEmpty, QuarantineRelease.isHarmless(entry, quarantine.files) else { return }
        // A mailbox is told once, by whichever of its addresses.
        var told = Set(readers.filter { isReleased(entry.id, $0.address) }.map(\.mailbox))
        for reader in readers where mailboxes?.contains(reader.mailbox) ?? true {
            guard told.insert(reader.mailbox).inserted else { continue }
            var letter =
                letters[reader.mailbox]
                ?? Letter(
                    recipient: reader.recipient, mailbox: MailPath(bytes: reader.mailbox), language: reader.language,
                    policy: entry.policy)
            letter.mail.append(mail)
            if letter.items.count < settings.digests.messages {
                letter.items.append(
                    Item(
                        id: entry.id, time: entry.time, category: entry.category, sender: entry.envelope.reversePath,
                        subject: entry.subject, reason: entry.reason, place: reader.place, address: reader.address))
            }
            letters[reader.mailbox] = letter
        }
    }

    private func isReleased(_ id: String, _ address: [UInt8]) -> Bool {
        DigestToken.Action.allCases.contains {
            redeemed.contains(RedeemedLinks.Link(id: id, recipient: address, action: $0.rawValue))
        }
    }

    // MARK: - Texts

    /// A letter as a message, CRLF.
    func message(_ letter: Letter) -> [UInt8] {
        guard let templates = notices.templates(letter.language) else { return [] }
        var texts = letter.items.map { templates.digestMessage(facts(of: $0)) }
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

    private func facts(of item: Item) -> [TextTemplate.Fact: String] {
        var facts: [TextTemplate.Fact: String] = [
            .time: DateText.rfc3339(item.time), .mailID: item.id,
            .sender: "<\(Escaping.text(item.sender.bytes, limit: Self.shownText))>",
            .subject: Escaping.text(item.subject, limit: Self.shownText),
            .reason: Escaping.reason(item.reason, limit: Self.shownText),
            .release: link(.release, item),
        ]
        if !item.sender.isNull { facts[.releaseAndAllow] = link(.releaseAndAllow, item) }
        return facts
    }

    /// A link that makes the mail with which a message is released (RFC 6068).
    private func link(_ action: DigestToken.Action, _ item: Item) -> String {
        let token = DigestToken(
            key, action, id: item.id, place: item.place, recipient: item.address,
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
