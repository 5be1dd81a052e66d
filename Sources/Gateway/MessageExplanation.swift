internal import Checks
internal import Configuration
internal import Foundation
internal import MailModel
internal import Policy
internal import Relay
internal import RemoteChecks
internal import Stores

/// Why a message got its verdict, as the journal keeps it for `mailreeve explain`. Fields may be added, never renamed; in JSON
/// their names are in snake case. All texts are escaped.
package struct MessageExplanation: Codable, Sendable {
    package struct Test: Codable, Sendable {
        package var name: String
        package var score: Double
        /// nil in events of programs before it was kept.
        package var description: String?
        package var evidence: String
    }

    package struct Fact: Codable, Sendable {
        /// Who says so: a scanner, or a reason for `unchecked`.
        package var source: String
        package var text: String
    }

    package struct Outcome: Codable, Sendable {
        package var address: String
        package var disposition: String
        package var reply: String
        /// Why the sender was not told; nil where nothing spoke against it.
        package var suppression: String?
        /// Who got the message in his place; nil where he got it himself, or nobody did.
        package var redirectedTo: String?
    }

    /// What was decided for recipients with the same settings.
    package struct Group: Codable, Sendable {
        /// The first of them, and how many there are.
        package var recipients: [String]
        package var count: Int
        package var deciding: String
        package var destiny: String
        package var settings: [String]
        package var levels: [String: Double]
        package var wouldChange: [String]?
    }

    package var listener: String
    package var placement: String
    package var policy: String
    /// All that hold, the one that names the message first.
    package var categories: [String]
    /// The category that decided, what the policy wants for it, and the settings that say so.
    package var deciding: String
    package var destiny: String
    package var settings: [String]
    package var score: Double
    /// The levels in force.
    package var levels: [String: Double]
    package var tests: [Test]
    package var findings: [Fact]
    package var unchecked: [Fact]
    /// How often each kind was met.
    package var anomalies: [String: Int]
    package var rules: [String]
    /// The scanners that were asked, and what came of it; nil where there are none.
    package var scanners: [Fact]?
    /// What an earlier copy of the message was told counted for this one; nil where it did not.
    package var cached: Bool?
    package var recipients: [Outcome]
    /// The author, where lists ask for him, and the domain that answers for him; nil where none does.
    package var author: String?
    /// Who got a copy because a rule or the policy says so; nil where nobody did.
    package var copiedTo: [String]?
    /// Where its copies are, first `local` for the quarantine of this host; nil where there is none.
    package var copies: [String]?
    /// Texts under the message, those that were not added with the reason; nil where none was wanted.
    package var disclaimers: [String]?
    /// What was taken out of HTML, and why what should be was not; nil where nothing was to be.
    package var sanitized: [String]?
    /// The first groups; nil where one setting holds for all.
    package var groups: [Group]?
    /// What went wrong on our side.
    package var causes: [String]
    /// What would have ended otherwise, a sentence each.
    package var wouldChange: [String]

    /// Facts of one kind that are kept: hostile mail may have a hundred thousand.
    private static let factsKept = 100
    /// Groups, and recipients of one, that are kept.
    private static let groupsKept = 20
    private static let recipientsShown = 3
    /// A copy that is in the quarantine of this host.
    package static let localCopy = "local"

    /// Reads what `bytes` gives.
    package init(json: [UInt8]) throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        self = try decoder.decode(MessageExplanation.self, from: Data(json))
    }

    /// One JSON object on one line.
    var bytes: [UInt8] {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Scores from tables and models are finite; were one not, the rest is worth more than this object.
        return Array((try? encoder.encode(self)) ?? Data("{}".utf8))
    }

    init(_ work: MessageWork, _ event: MessageEvent) {
        let verdict = work.verdict
        let policy =
            work.leading?.policy ?? SetupBuilder.contentPolicy(Settings.PolicySettings(), work.listener.placement)
        let category = policy.decidingCategory(for: verdict)
        listener = work.message.listener
        placement = work.listener.placement.rawValue
        self.policy = work.policyName
        categories = verdict.categories.map(\.rawValue)
        deciding = category.rawValue
        destiny = policy.destiny(for: verdict).rawValue
        settings = work.origins(
            DecidingSettings.keys(category, verdict, policy) + (work.leading.map(DecidingSettings.textKeys) ?? []),
            work.leading?.layers ?? [])
        score = verdict.score
        levels = DecidingSettings.levels(policy)
        tests = verdict.tests.prefix(Self.factsKept).map {
            Test(
                name: Escaping.text($0.name), score: $0.score, description: Escaping.text($0.meaning, limit: 500),
                evidence: Escaping.text($0.evidence, limit: 1000))
        }
        findings = (work.report?.findings ?? []).prefix(Self.factsKept).map {
            Fact(
                source: Escaping.text($0.scanner),
                text: "\($0.kind.rawValue): \(Escaping.text($0.name)) \(Escaping.text($0.evidence, limit: 300))")
        }
        var banned: [BannedContent] = []
        for content in work.groups.flatMap(\.banned.contents) where !banned.contains(content) { banned.append(content) }
        findings += banned.prefix(Self.factsKept).map {
            Fact(source: Escaping.text($0.rule, limit: 500), text: "banned: \(Escaping.text($0.text, limit: 500))")
        }
        unchecked = verdict.unchecked.prefix(Self.factsKept).map {
            Fact(source: $0.reason.rawValue, text: Escaping.text($0.detail, limit: 300))
        }
        anomalies = event.anomalyCounts
        rules = work.rules.outcome.entries.prefix(Self.factsKept).map { entry in
            let place = work.rules.book?.table(entry.list, entry.table).map { "\($0.name.place):\(entry.line)" } ?? ""
            return Escaping.text(
                "\(entry.list.rawValue) \(place): \(entry.verb) \(String(decoding: entry.text, as: UTF8.self))",
                limit: 500)
        }
        scanners = work.scannerOutcomes.isEmpty ? nil : work.scannerOutcomes.map(Self.fact)
        cached = work.isFromCache ? true : nil
        recipients = work.results.enumerated().compactMap { index, result in
            guard let outcome = result else { return nil }
            let recipient = outcome.recipient
            return Outcome(
                address: recipient.path.description, disposition: outcome.kind.rawValue, reply: outcome.reply.summary,
                suppression: outcome.kind == .bounce ? work.suppression(for: recipient)?.rawValue : nil,
                redirectedTo: work.redirectedTo[index]?.description)
        }
        author = work.vouchedAuthor.map {
            "\(Escaping.text($0.path.bytes, limit: 320)), \(Escaping.text($0.voucher, limit: 255)) answers for it"
        }
        copiedTo = work.copiedTo.isEmpty ? nil : work.copiedTo.map(\.description)
        copies = Self.copies(event, work)
        disclaimers = event.disclaimers.isEmpty ? nil : event.disclaimers.map { Escaping.text($0, limit: 120) }
        sanitized = event.sanitized.isEmpty ? nil : event.sanitized.map { Escaping.text($0, limit: 120) }
        groups = work.groups.count < 2 ? nil : work.groups.prefix(Self.groupsKept).map { Self.group($0, work) }
        causes = event.causes.map { Escaping.text($0, limit: 500) }
        wouldChange = DecidingSettings.alternatives(verdict, policy)
    }

    private static func fact(_ outcome: ScannerOutcome) -> Fact {
        if let skipped = outcome.skipped, outcome.answer?.findings.isEmpty == true {
            let words = outcome.isNeedless ? "not asked, short circuit" : "has not looked at the whole message"
            return Fact(
                source: Escaping.text(outcome.settings.name),
                text: "\(words): \(Escaping.text(skipped, limit: 300))")
        }
        let time = "\(outcome.microseconds / 1000) ms"
        let found = outcome.answer.map { $0.isInfected ? "infected" : "\($0.tests.count) tests" }
        return Fact(
            source: Escaping.text(outcome.settings.name),
            text: found.map { "answered in \(time): \($0)" }
                ?? "no answer after \(time): \(Escaping.text(outcome.failure ?? "", limit: 300))")
    }

    /// Where its copies are, first `local` for the quarantine of this host; nil where there is none.
    static func copies(_ event: MessageEvent, _ work: MessageWork) -> [String]? {
        event.quarantineID.map { _ in
            (work.groups.contains { $0.keepsCopy && work.copyPlace(of: $0) == nil } ? [localCopy] : [])
                + event.copyPlaces.map { Escaping.text($0.bytes, limit: 320) }
        }
    }

    private static func group(_ group: RecipientGroup, _ work: MessageWork) -> Group {
        let category = group.policy.decidingCategory(for: group.verdict)
        return Group(
            recipients: group.recipients.prefix(recipientsShown).map {
                work.message.envelope.recipients[$0].path.description
            },
            count: group.recipients.count, deciding: category.rawValue,
            destiny: group.policy.destiny(for: group.verdict).rawValue,
            settings: work.origins(
                DecidingSettings.keys(category, group.verdict, group.policy) + DecidingSettings.textKeys(group),
                group.layers),
            levels: DecidingSettings.levels(group.policy),
            wouldChange: DecidingSettings.alternatives(group.verdict, group.policy))
    }

    /// Points with three decimals at most.
    package static func points(_ value: Double) -> String {
        "\((value * 1000).rounded() / 1000)"
    }
}

extension MessageWork {
    /// Where the values of keys of a policy come from: the weightiest layer that sets each, or the listener's policy.
    fileprivate func origins(_ keys: [String], _ layers: [PolicyBook.Layer]) -> [String] {
        keys.map { key in
            if [DecidingSettings.ruleHold, DecidingSettings.releaseMark, DecidingSettings.allowedByRecipient].contains(
                key)
            {
                return key
            }
            guard let layer = layers.last(where: { $0.overlay.keys.contains(key) }) else {
                return "policies.\(listener.policyName).\(key)"
            }
            let explained = PolicyExplanation.explained(layer, setup.settings)
            return Escaping.text(
                explained.path.map { "\($0).\(key)" } ?? "\(explained.label): \(key)", limit: 500)
        }
    }
}

extension JournalRecord {
    /// What the journal keeps of a message.
    init(_ work: MessageWork, _ event: MessageEvent, explanation: [UInt8]) {
        let client = event.envelope.client
        let forwarded = client.forwarded?.address.map { " \(Escaping.text($0, limit: 60))" } ?? ""
        self.init(
            mailID: event.mailID, logID: event.id, time: work.time, category: event.verdict.category,
            isPassed: event.isPassed, isBlocked: event.isBlocked, sender: event.envelope.reversePath.description,
            recipients: event.addresses.map(\.description),
            subject: Escaping.text(work.facts.subjectText, limit: 500),
            messageID: Escaping.text(event.messageID, limit: 300),
            client: Escaping.text(client.address, limit: 60) + forwarded, size: event.size,
            score: event.isInspected ? event.verdict.score : nil, quarantineID: event.quarantineID,
            queuedAs: event.queuedAs.map { Escaping.text($0, limit: 64) }.joined(separator: "/"),
            line: work.lines(event).map(\.line).joined(separator: "\n"),
            explanation: explanation)
    }
}
