internal import Checks
package import Configuration
package import MailModel
internal import Policy
internal import Relay

/// Which settings hold for whom: a listener's policy, the banks that the mail meets, the recipient's own settings, each laid
/// over the one before. Read once when the settings are; a look-up touches no disk.
package struct PolicyBook: Sendable {
    /// What is known of a message before its content.
    package struct Circumstances: Sendable {
        /// Name of the listener.
        var listener: String
        /// The original client; nil when nothing is known of it.
        var client: IPAddress?
        var sender: MailPath
        /// The original client had authenticated with the MTA.
        var isAuthenticated: Bool
        /// The address in `From:`, where its domain answers for the message (DKIM); nil for all other mail.
        var author: MailPath?
        /// Names of the viruses in it, once they are known.
        var viruses: [String] = []

        package init(
            listener: String, client: IPAddress?, sender: MailPath, isAuthenticated: Bool, author: MailPath? = nil
        ) {
            self.listener = listener
            self.client = client
            self.sender = sender
            self.isAuthenticated = isAuthenticated
            self.author = author
        }
    }

    /// One layer of settings, and where it comes from.
    struct Layer: Sendable {
        enum Source: Hashable, Sendable {
            /// Index in `banks`.
            case bank(Int)
            /// Index in `recipients`.
            case recipient(Int)
            /// A line of a table; with what it says where a pattern put into it what it has matched, for then it says something
            /// else to each recipient.
            case table(LookupName, line: Int, [UInt8]?)
        }

        var source: Source
        var overlay: PolicyOverlay
    }

    let settings: Settings
    /// Some bank or list is about authors.
    let asksForAuthors: Bool
    private let tables: LookupTables
    /// Entries of `recipients` by the keys that they name.
    private let recipientKeys: [[UInt8]: [(entry: Int, isMeant: Bool)]]
    /// Entries of `recipients` whose match asks tables.
    private let recipientsWithTables: [Int]
    /// Settings that stand in tables, by table and line; not those into which a pattern puts what it has matched.
    private let tableOverlays: [LookupName: [Int: PolicyOverlay]]
    /// Keys whose value some pattern makes out of an address, and the line of the table where one of them does.
    let patternKeys: [String: SettingPlace]
    /// Languages that policies, banks, recipients and tables name, and where one of them does: a key, or a line of a table.
    let noticeLanguages: [String: SettingPlace]
    /// Sets of rules on files that they name, and where.
    let bannedSets: [[String]: SettingPlace]
    /// Texts under messages that they name, and where.
    let disclaimers: [String: SettingPlace]
    /// Places outside the quarantine that get copies, and where one is named.
    let copyPlaces: [CopyPlace: SettingPlace]

    /// Reads all tables. Blocks on a disk.
    /// - Throws: `SettingFaults` with everything that is wrong with a table.
    package init(_ settings: Settings) throws {
        var faults: [SettingFault] = []
        self.init(settings, faults: &faults)
        try SettingFaults.refuse(faults)
    }

    /// Reads all tables. Blocks on a disk.
    /// - Parameter faults: gets what is wrong with them; where that is anything, the book serves to look for more only.
    init(_ settings: Settings, faults: inout [SettingFault]) {
        self.settings = settings
        var keys: [[UInt8]: [(entry: Int, isMeant: Bool)]] = [:]
        var asking: [Int] = []
        for (index, entry) in settings.recipients.enumerated() {
            for case .key(let key, let isMeant) in entry.match.elements {
                keys[key, default: []].append((index, isMeant))
            }
            if !entry.match.tables.isEmpty { asking.append(index) }
        }
        recipientKeys = keys
        recipientsWithTables = asking
        var tables = LookupTables()
        tables.read(
            settings.recipientTables.enumerated().map { ($1, .key("recipient_tables[\($0)]")) }, faults: &faults)
        let lines = RecipientTables(settings.recipientTables, tables, faults: &faults)
        let policies = PlacedPolicy.all(settings, lines.placed)
        asksForAuthors =
            lines.patternKeys.keys.contains("allow_authors") || settings.banks.contains { !$0.authors.isEmpty }
            || policies.contains { !$0.values.allowAuthors.isEmpty }
        tables.read(settings.lookupTables + policies.flatMap(\.tables), faults: &faults)
        self.tables = tables
        for policy in policies {
            for name in policy.values.senderPoints.tables {
                for entry in tables[name]?.values ?? []
                where !entry.isPartial
                    && Configuration.points(String(decoding: entry.text, as: UTF8.self)) == nil
                {
                    let text = "sender_points: '\(Escaping.text(entry.text, limit: 60))' are no points"
                    faults.append(SettingFault(place: .table(name.place, line: entry.line), text: text))
                }
            }
        }
        if settings.digests.releaseAddress.isEmpty, let place = policies.places(of: "digest", \.digest)[true] {
            faults.append(SettingFault(place: place, text: "digest: yes needs digests.release_address"))
        }
        tableOverlays = lines.overlays
        patternKeys = lines.patternKeys
        noticeLanguages = policies.places(of: "notice_language", \.noticeLanguage)
        bannedSets = policies.places(of: "banned_rules", \.bannedRules)
        disclaimers = policies.places(of: "disclaimer", \.disclaimer).filter { $0.key != Settings.noDisclaimer }
        var places: [CopyPlace: SettingPlace] = [:]
        for category in Category.allCases {
            let named = policies.places(of: "quarantine_to.\(category.rawValue)", \.[placeFor: category])
            for case (.elsewhere(let place), let setting) in named.map({ ($0, $1) }) {
                places[place] = min(places[place] ?? setting, setting)
            }
        }
        copyPlaces = places
    }

    /// Every set of rules on files that is asked for must be there.
    /// - Throws: `SettingFaults`.
    func checkSets(_ rules: BannedRules) throws { try SettingFaults.refuse(missingSets(rules)) }

    /// The sets of rules on files that are asked for and that the rules do not have.
    func missingSets(_ rules: BannedRules) -> [SettingFault] {
        bannedSets.flatMap { names, place in
            names.filter { rules.set(named: $0) == nil }.map { name in
                let known = rules.sets.map(\.name).joined(separator: ", ")
                return SettingFault(
                    place: place, text: "there is no set '\(name)' in banned.rules, which has \(known)")
            }
        }
    }

    /// An address in the forms in which it is looked up.
    func address(_ path: MailPath) -> LookupAddress {
        LookupAddress(path, delimiters: settings.recipientDelimiter)
    }

    // MARK: Layers

    /// The banks that mail meets, in the order in which they are laid over the listener's policy.
    /// - Parameter sender: that of the mail.
    func banks(_ mail: Circumstances, _ sender: LookupAddress) throws -> [Layer] {
        var layers: [Layer] = []
        for (index, bank) in settings.banks.enumerated() where try holds(bank, mail, sender) {
            layers.append(Layer(source: .bank(index), overlay: bank.overlay))
        }
        return layers
    }

    /// A worse virus beside the one that is meant is not treated like it.
    private static func areMeant(_ names: [String], by parts: [String]) -> Bool {
        !names.isEmpty
            && names.allSatisfy { name in
                let name = name.lowercased()
                return parts.contains { name.contains($0.lowercased()) }
            }
    }

    private func holds(_ bank: Settings.Bank, _ mail: Circumstances, _ sender: LookupAddress) throws -> Bool {
        if !bank.listeners.isEmpty, !bank.listeners.contains(where: { $0.description == mail.listener }) {
            return false
        }
        if let wanted = bank.authenticated, wanted != mail.isAuthenticated { return false }
        if !bank.clients.isEmpty {
            guard let client = mail.client, tables.holds(bank.clients, client) else { return false }
        }
        guard bank.viruses.isEmpty || Self.areMeant(mail.viruses, by: bank.viruses) else { return false }
        guard try bank.senders.isEmpty || tables.holds(bank.senders, sender) else { return false }
        guard !bank.authors.isEmpty else { return true }
        guard let author = mail.author else { return false }
        return try tables.holds(bank.authors, address(author))
    }

    /// The settings of a recipient, the weightiest last: of two that set a key the more specific one counts, of two equal ones
    /// the first of the file, and `recipients` before `recipient_tables`.
    func layers(_ recipient: LookupAddress) throws -> [Layer] {
        var found: [(rank: Int, order: Int, layer: Layer)] = []
        var seen: Set<Int> = []
        for (rank, key) in recipient.keys.enumerated() {
            for (entry, isMeant) in recipientKeys[key] ?? [] where seen.insert(entry).inserted && isMeant {
                found.append((rank, entry, layer(entry)))
            }
        }
        for entry in recipientsWithTables where !seen.contains(entry) {
            for name in settings.recipients[entry].match.tables {
                guard let answer = try tables[name]?.lookup(recipient) else { continue }
                let isMeant = try tables.holds(AddressList([.table(name)]), recipient)
                if isMeant { found.append((rank(answer, recipient), entry, layer(entry))) }
                break
            }
        }
        let ordered = found.sorted { ($0.rank, $0.order) > ($1.rank, $1.order) }.map(\.layer)
        return try tableLayers(recipient) + ordered
    }

    private func layer(_ entry: Int) -> Layer {
        Layer(source: .recipient(entry), overlay: settings.recipients[entry].overlay)
    }

    private func rank(_ answer: LookupTable.Answer, _ address: LookupAddress) -> Int {
        answer.key.flatMap { address.keys.firstIndex(of: $0) } ?? 0
    }

    /// What `recipient_tables` say, the weightiest last.
    private func tableLayers(_ recipient: LookupAddress) throws -> [Layer] {
        var layers: [Layer] = []
        for name in settings.recipientTables.reversed() {
            for answer in try tables[name]?.lookupAll(recipient) ?? [] {
                let place = "\(name.text), line \(answer.line)"
                let known = tableOverlays[name]?[answer.line]
                let overlay: PolicyOverlay
                do throws(ValueError) {
                    if let known { overlay = known } else { overlay = try RecipientTables.overlay(answer.value) }
                } catch {
                    throw LookupTable.GaveUp(description: "\(place): \(error.message)")
                }
                // Which one it would be is known too late to read it.
                if let missing = overlay.values.tables.first(where: { tables[$0.name] == nil })?.name {
                    throw LookupTable.GaveUp(description: "\(place): \(missing.text) beside what a pattern has matched")
                }
                let source = Layer.Source.table(name, line: answer.line, known == nil ? answer.value : nil)
                layers.append(Layer(source: source, overlay: overlay))
            }
        }
        return layers
    }

    // MARK: Senders

    /// True for recipients that are ours. Where nothing says which, all are, but for those of mail that our users send.
    func isLocal(_ recipient: LookupAddress, originating: Bool) throws -> Bool {
        guard let domains = settings.localDomains else { return !originating }
        return try tables.holds(domains, recipient)
    }

    /// What a policy's lists, and the recipient himself, say of the sender and the author. An allowed sender of a domain of ours is
    /// believed only where the mail is originating: anybody can write our own addresses.
    func standing(
        _ sender: LookupAddress, author: MailPath?, _ policy: Settings.PolicySettings, isAllowedByRecipient: Bool
    ) throws -> SenderStanding {
        let isListed = try !policy.allowSenders.isEmpty && tables.holds(policy.allowSenders, sender)
        var isAllowed = isListed || isAllowedByRecipient
        if isAllowed, !policy.originating, let domains = settings.localDomains, try tables.holds(domains, sender) {
            isAllowed = false
        }
        var allowedBy: SenderStanding.AllowList? = isAllowed ? (isListed ? .senders : .recipient) : nil
        if allowedBy == nil, !policy.allowAuthors.isEmpty, let author,
            try tables.holds(policy.allowAuthors, address(author))
        {
            allowedBy = .authors
        }
        return SenderStanding(
            allowedBy: allowedBy,
            isDenied: try !policy.denySenders.isEmpty && tables.holds(policy.denySenders, sender),
            points: try policy.senderPoints.isEmpty ? 0 : tables.points(policy.senderPoints, sender) ?? 0)
    }
}

extension Settings {
    /// Every table that is asked for addresses, but for those of policies, and where each is named.
    fileprivate var lookupTables: [(name: LookupName, place: SettingPlace)] {
        func named(_ tables: [LookupName], _ key: String) -> [(name: LookupName, place: SettingPlace)] {
            tables.map { ($0, .key(key)) }
        }
        var all = named(localDomains?.tables ?? [], "local_domains")
        for (index, bank) in banks.enumerated() {
            all += named(bank.clients.tables, "banks[\(index)].clients")
            all += named(bank.senders.tables, "banks[\(index)].senders")
            all += named(bank.authors.tables, "banks[\(index)].authors")
        }
        for (index, entry) in recipients.enumerated() { all += named(entry.match.tables, "recipients[\(index)].match") }
        return all
    }
}
