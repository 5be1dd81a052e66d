internal import Checks
internal import Configuration
internal import Foundation
internal import MailModel
internal import Policy
internal import Relay
internal import Stores

/// Why a message got its verdict, as the journal keeps it for `mailreeve explain`. Fields may be added, never renamed; in JSON
/// their names are in snake case. All texts are escaped.
package struct MessageExplanation: Codable, Sendable {
    package struct Test: Codable, Sendable {
        package var name: String
        package var score: Double
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
    package var recipients: [Outcome]
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
        settings = work.origins(Self.keys(category, verdict, policy), work.leading?.layers ?? [])
        score = verdict.score
        levels = Self.levels(policy)
        tests = verdict.tests.prefix(Self.factsKept).map {
            Test(name: Escaping.text($0.name), score: $0.score, evidence: Escaping.text($0.evidence, limit: 1000))
        }
        findings = (work.report?.findings ?? []).prefix(Self.factsKept).map {
            Fact(
                source: Escaping.text($0.scanner),
                text: "\($0.kind.rawValue): \(Escaping.text($0.name)) \(Escaping.text($0.evidence, limit: 300))")
        }
        unchecked = verdict.unchecked.prefix(Self.factsKept).map {
            Fact(source: $0.reason.rawValue, text: Escaping.text($0.detail, limit: 300))
        }
        anomalies = event.anomalyCounts
        rules = work.rules.outcome.entries.prefix(Self.factsKept).map {
            Escaping.text("\($0.list.rawValue): \($0.verb) \(String(decoding: $0.text, as: UTF8.self))", limit: 500)
        }
        recipients = event.outcomes.map {
            Outcome(
                address: $0.recipient.path.description, disposition: $0.kind.rawValue, reply: $0.reply.summary)
        }
        groups = work.groups.count < 2 ? nil : work.groups.prefix(Self.groupsKept).map { Self.group($0, work) }
        causes = event.causes.map { Escaping.text($0, limit: 500) }
        wouldChange = Self.alternatives(verdict, policy)
    }

    private static func group(_ group: RecipientGroup, _ work: MessageWork) -> Group {
        let category = group.policy.decidingCategory(for: group.verdict)
        return Group(
            recipients: group.recipients.prefix(recipientsShown).map {
                work.message.envelope.recipients[$0].path.description
            },
            count: group.recipients.count, deciding: category.rawValue,
            destiny: group.policy.destiny(for: group.verdict).rawValue,
            settings: work.origins(keys(category, group.verdict, group.policy), group.layers),
            levels: levels(group.policy))
    }

    private static func levels(_ policy: ContentPolicy) -> [String: Double] {
        ["tag": policy.levels.tag, "tag2": policy.levels.tag2, "kill": policy.levels.kill]
    }

    /// The keys of a policy that name the destiny; none where a rule's own action does.
    private static func keys(
        _ category: MailModel.Category, _ verdict: Verdict, _ policy: ContentPolicy
    ) -> [String] {
        let isLoved = policy.lovers.contains(category) || category == .spammy && policy.lovers.contains(.spam)
        if isLoved { return ["lovers"] }
        return switch category {
        case .clean: []
        case .unchecked: verdict.reasons.filter(UncheckedReason.judged.contains).map { "unchecked.\($0.rawValue)" }
        case .rule:
            switch verdict.ruling {
            case .hold: [ruleHold]
            case .reject(let status, _) where status.status == 5: ["rule"]
            case .reject, .discard, nil: []
            }
        case .badHeader: ["bad_header"]
        default: [category.rawValue]
        }
    }

    /// A rule that holds mail is no key of a policy.
    fileprivate static let ruleHold = "rules.hold"

    /// What each category, had it not held, and other scores would have changed.
    private static func alternatives(_ verdict: Verdict, _ policy: ContentPolicy) -> [String] {
        let now = policy.disposition(for: verdict)
        var out: [String] = []
        for category in verdict.categories where category != .clean {
            var other = verdict
            other.categories.removeAll { $0 == category }
            if other.categories.isEmpty { other.categories = [.clean] }
            let then = policy.disposition(for: other)
            out.append(
                then == now
                    ? "were it not \(category.rawValue), it would still be: \(now.rawValue)"
                    : "were it not \(category.rawValue), it would be: \(then.rawValue)")
        }
        for (name, level) in [("tag2", policy.levels.tag2), ("kill", policy.levels.kill)] {
            let distance = points(abs(level - verdict.score))
            out.append(
                SpamLevels.reaches(verdict.score, level)
                    ? "the score is \(distance) above levels.\(name)" : "the score is \(distance) below levels.\(name)")
        }
        return out
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
            if key == MessageExplanation.ruleHold { return key }
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
    init(_ work: MessageWork, _ event: MessageEvent) {
        let client = event.envelope.client
        let forwarded = client.forwarded?.address.map { " \(Escaping.text($0, limit: 60))" } ?? ""
        self.init(
            mailID: event.mailID, logID: event.id, time: work.time, category: event.verdict.category,
            isPassed: event.isPassed, sender: event.envelope.reversePath.description,
            recipients: event.envelope.recipients.map { $0.path.description },
            subject: Escaping.text(work.facts.subjectText, limit: 500),
            messageID: Escaping.text(event.messageID, limit: 300),
            client: Escaping.text(client.address, limit: 60) + forwarded, size: event.size,
            score: event.verdict.tests.isEmpty ? nil : event.verdict.score, quarantineID: event.quarantineID,
            queuedAs: event.queuedAs.map { Escaping.text($0, limit: 64) }.joined(separator: "/"), line: event.line,
            explanation: MessageExplanation(work, event).bytes)
    }
}
