internal import Checks
internal import Configuration
internal import MailModel
internal import Policy

/// From the rules on names and types of files that an inspector says hold to what is banned. The inspector is not believed: a
/// rule that the gateway's own copy does not have ends the message as a failure of ours. It can lie about which of the rules
/// hold, but about the message that it was given only.
struct BannedJudgement: Sendable {
    /// Files that are banned, in the order of the report; at most `shown`.
    private(set) var contents: [BannedContent] = []
    /// Further files that are banned.
    private(set) var further = 0
    /// Points of rules that score.
    private(set) var tests: [ScoredTest] = []
    /// What would be banned but for the allow list, in words for the log.
    private(set) var allowed: [String] = []

    /// Files that are told of: a message may hold thousands.
    static let shown = 20

    /// Nothing is banned.
    init() {}

    /// Reads the firings of a report.
    /// - Parameters:
    ///   - sets: names of the sets that the policy asks, in its order.
    ///   - envelope: whom the allow list is asked about.
    ///   - now: Unix time.
    init(_ report: Report, book: RuleBook?, sets: [String], envelope: Envelope, now: Int) throws {
        guard !report.banned.isEmpty else { return }
        guard let book else { throw RuleJudgement.Refusal(detail: "files are banned where there are no rules") }
        let order = try sets.map { name in
            guard let set = book.banned.set(named: name) else {
                throw RuleJudgement.Refusal(detail: "there is no set \(name) in these rules")
            }
            return set
        }
        var firings: [Int: [BannedFiring]] = [:]
        for firing in report.banned {
            guard book.banned.sets.indices.contains(firing.set),
                book.banned.sets[firing.set].rules.indices.contains(firing.rule),
                report.parts.indices.contains(firing.part), report.parts.indices.contains(firing.matched)
            else { throw RuleJudgement.Refusal(detail: "a rule on files holds that is not there") }
            firings[firing.part, default: []].append(firing)
        }
        for part in firings.keys.sorted() {
            try decide(firings[part] ?? [], order, report, book, envelope, now)
        }
    }

    /// Asks the sets in their order until one has decided.
    private mutating func decide(
        _ firings: [BannedFiring], _ order: [Int], _ report: Report, _ book: RuleBook, _ envelope: Envelope, _ now: Int
    ) throws {
        for set in order {
            for firing in firings where firing.set == set {
                let rule = book.banned.sets[set].rules[firing.rule]
                switch rule.action {
                case .score(let points, let name):
                    addTest(name, points, rule)
                case .allow:
                    return
                case .skip:
                    throw RuleJudgement.Refusal(detail: "a rule that decides nothing holds")
                case .ban:
                    try ban(firing, rule, report, book, envelope, now)
                    return
                }
            }
        }
    }

    /// A test counts once, however many files it holds for.
    private mutating func addTest(_ name: String, _ points: Int, _ rule: BannedRule) {
        guard !tests.contains(where: { $0.name == name }) else { return }
        tests.append(ScoredTest(name: name, score: Double(points) / 1000, description: rule.reason))
    }

    private mutating func ban(
        _ firing: BannedFiring, _ rule: BannedRule, _ report: Report, _ book: RuleBook, _ envelope: Envelope, _ now: Int
    ) throws {
        let chain = Self.chain(firing.part, report)
        guard chain.contains(firing.matched) else {
            throw RuleJudgement.Refusal(detail: "a rule holds for what is not around its file")
        }
        // From outside: the part of the message that people see, what is banned, and the file in it.
        let matched = chain.firstIndex(of: firing.matched) ?? 0
        let told = [max(Self.carrier(chain, report), matched), matched, 0]
        var attributes: [String] = []
        for (index, place) in told.enumerated() where !told[..<index].contains(place) {
            let part = chain[place]
            attributes.append(BannedContent.attributes(of: report.parts[part], names: Self.names(part, report)))
        }
        let own = Self.names(firing.matched, report)
        let names = own.isEmpty ? Self.names(firing.part, report) : own
        let content = BannedContent(
            part: firing.part, path: report.parts[firing.part].path, attributes: attributes.joined(separator: " | "),
            names: names, reason: rule.reason, rule: rule.place.description)
        if let entries = Self.entries(chain, report, book, envelope, now) {
            guard allowed.count < Self.shown else { return }
            let words = Set(entries.map { "\($0.owner): \($0.reason) (\($0.place))" }).sorted()
            allowed.append("\(content.text): allowed by \(words.joined(separator: ", "))")
        } else if contents.count < Self.shown {
            contents.append(content)
        } else {
            further += 1
        }
    }

    /// A file and the containers around it, from the file on.
    private static func chain(_ part: Int, _ report: Report) -> [Int] {
        var out = [part]
        while let container = report.parts[out[out.count - 1]].container { out.append(container) }
        return out
    }

    /// Where the part of the message stands in a chain that carries its file: the innermost that stands in the raw message and
    /// is one of a multipart, or the message itself.
    private static func carrier(_ chain: [Int], _ report: Report) -> Int {
        chain.firstIndex { part in
            guard report.parts[part].place != nil else { return false }
            guard let container = report.parts[part].container else { return true }
            return report.parts[container].declaredType.hasPrefix("multipart/")
        } ?? 0
    }

    /// The names of a part; where it has none, those that follow from the compressed file around it.
    private static func names(_ part: Int, _ report: Report) -> [String] {
        let own = report.parts[part].names
        guard own.isEmpty, let container = report.parts[part].container else { return own }
        return CompressedNames.inside(types: report.parts[container].types, names: report.parts[container].names)
    }

    /// What lets a file through for every recipient; nil when one of them has no entry. The digests are the worker's word: one
    /// that would lie about them could as well not have told that the file is banned.
    private static func entries(
        _ chain: [Int], _ report: Report, _ book: RuleBook, _ envelope: Envelope, _ now: Int
    ) -> [BannedAllowList.Entry]? {
        guard !book.allowList.entries.isEmpty else { return nil }
        let digests = chain.map { report.parts[$0].sha256 }.filter { !$0.isEmpty }
        var out: [BannedAllowList.Entry] = []
        for recipient in envelope.recipients {
            guard
                let entry = book.allowList.entry(
                    sender: envelope.reversePath, recipient: recipient.path, digests: digests, now: now)
            else { return nil }
            out.append(entry)
        }
        return out.isEmpty ? nil : out
    }
}
