import Bytes
import Checks
import Configuration
import Linux
import MIME
import MailModel
import Patterns

/// Lists of tables that stored mail is looked up in.
struct RuleReplay {
    private let lists: CheckLists
    private let settings: RuleSettings
    private let session: MatchSession

    /// - Parameter settings: what limits the texts and the matches.
    init(_ lists: [CheckList: [PatternTable]], _ settings: RuleSettings) {
        self.lists = CheckLists(lists)
        self.settings = settings
        var limits = PatternLimits()
        limits.matchSteps = settings.matchLimit
        session = MatchSession(limits: limits)
        for table in self.lists.all { session.prepare(for: table) }
    }

    /// A rule, wherever it stands.
    private struct Place: Hashable {
        var list: CheckList
        var table: Int
        var line: Int
    }

    /// Where a text stands in its message.
    private struct Origin {
        var range: Range<Int>
        /// A piece of a line that goes on behind it.
        var isContinued: Bool
    }

    /// A list has tables.
    func has(_ list: CheckList) -> Bool { lists.has(list) }

    /// Gives every text of a message with its list, in the order in which they are looked up.
    /// - Parameter use: returns false when no more are wanted.
    private func texts(
        _ message: Span<UInt8>, files: [[UInt8]], _ use: (CheckList, Origin, Span<UInt8>) -> Bool
    ) {
        let limits = settings.textLimits
        var text = MessageText(limits: limits)
        var goesOn = true
        let take: (Subject, Span<UInt8>) -> Bool = { subject, text in
            guard text.count > 0 else { return true }
            guard let list = subject.list(bodySize: settings.bodySize) else { return true }
            let origin = Origin(range: subject.range, isContinued: subject.isContinued)
            goesOn = use(list, origin, text)
            if goesOn, list.isHeader, has(.decodedHeader) {
                let unfolded = DecodedTexts.unfolded(text)
                let decoded = EncodedWords.areIn(unfolded) ? EncodedWords.spelled(unfolded) : unfolded
                goesOn = use(.decodedHeader, origin, DecodedTexts.seen(decoded).span)
            }
            return goesOn
        }
        text.feed(message, take)
        text.finish(take)
        let origin = Origin(range: 0..<0, isContinued: false)
        if goesOn, has(.decodedBody) || has(.link) {
            let links = LinkTexts(limit: settings.linkLimit)
            let tree = MIMEReader.read(message)
            for index in tree.parts.indices where goesOn && tree.parts[index].kind.hasContent {
                let part = tree.parts[index]
                guard TextContent.isText(part.mediaType) else { continue }
                var content: [UInt8] = []
                _ = tree.decodeBody(of: index, in: message, into: &content, limit: Self.partLimit)
                let read = TextContent.read(
                    content.span, mediaType: part.mediaType, charset: part.charset, limit: Self.partLimit,
                    deletesSpaces: part.deletesSpaces)
                let lines = DecodedTexts.seen(read.html?.visible ?? read.text)
                DecodedTexts.lines(lines.span, lineLength: limits.lineLength) { line in
                    goesOn = use(.decodedBody, origin, line)
                    return goesOn
                }
                guard goesOn, has(.link) else { continue }
                for page in read.linkPages + [LinkPage(targets: [], bases: [])] where goesOn {
                    let texts = page.targets.isEmpty ? [lines, read.flowed, read.script] : []
                    links.take(page.targets, bases: page.bases, texts: texts) { link in
                        goesOn = use(.link, origin, link.span)
                        return goesOn
                    }
                }
            }
        }
        guard has(.attachment) else { return }
        for text in files where goesOn { goesOn = use(.attachment, origin, text.span) }
    }

    /// Octets of one part that are decoded.
    private static let partLimit = 16_777_216

    /// What the rules make of one message.
    private func outcome(_ message: Span<UInt8>, files: [[UInt8]], _ fired: (Place) -> Void = { _ in }) -> CheckOutcome
    {
        var outcome = CheckOutcome()
        texts(message, files: files) { list, origin, text in
            for (index, listed) in lists[list].enumerated() {
                guard let match = listed.table.lookup(text, session) else { continue }
                let groups = match.groups.map { $0.map { text.extracting($0).array } }
                guard let action = listed.actions.action(line: match.line, groups) else { continue }
                fired(Place(list: list, table: index, line: match.line))
                outcome.take(
                    action,
                    RuleFiring(
                        list: list, table: index, line: match.line, range: origin.range,
                        text: text.extracting(0..<min(text.count, RuleFiring.textShown)).array),
                    isContinued: origin.isContinued)
                break
            }
            return !outcome.isEnded
        }
        return outcome
    }

    /// The messages of a file.
    static func messages(_ bytes: [UInt8]) -> [[UInt8]] {
        let bytes = Mbox.canonical(bytes)
        let ranges = Mbox.messages(in: bytes.span, separators: .likeTheFirst)
        if ranges.isEmpty { return [bytes] }
        return ranges.map { Mbox.unquoted(bytes.span.extracting($0)) }
    }

    // MARK: What they do

    /// Prints each rule that fired.
    func tell(_ mail: [(name: String, bytes: [UInt8])], _ files: ReplayedFiles?, profile: Bool) {
        var counts: [Place: (times: Int, messages: Int, last: Int)] = [:]
        var total = 0
        var spent = 0
        var texts: [(CheckList, [UInt8])] = []
        for message in mail.flatMap({ Self.messages($0.bytes) }) {
            let files = files?[total] ?? []
            total += 1
            let start = processorNow()
            _ = outcome(message.span, files: files) { place in
                let before = counts[place] ?? (times: 0, messages: 0, last: 0)
                counts[place] = (before.times + 1, before.messages + (before.last == total ? 0 : 1), total)
            }
            spent += processorNow() - start
            guard profile else { continue }
            self.texts(message.span, files: files) { list, _, text in
                texts.append((list, text.withUnsafeBufferPointer { Array($0) }))
                return true
            }
        }
        say("\(total) messages in \(spent / 1000) us of processor time")
        let ordered = counts.sorted { ($0.value.times, $1.key.line) > ($1.value.times, $0.key.line) }
        for (place, count) in ordered {
            say("\(count.times) times in \(count.messages) messages: \(words(place))")
        }
        if profile { tellCosts(texts) }
    }

    private func words(_ place: Place) -> String {
        let table = lists[place.list][place.table].table.table
        guard let rule = table.rule(line: place.line) else { return "" }
        return "\(place.list.rawValue) \(table.name.text) line \(place.line): "
            + String(decoding: rule.text, as: UTF8.self)
    }

    /// Every rule alone on every text: what it costs when no other keeps it from being tried.
    private func tellCosts(_ texts: [(CheckList, [UInt8])]) {
        var costs: [(nanoseconds: Int, words: String)] = []
        for list in CheckList.allCases where has(list) {
            let subjects = texts.filter { $0.0 == list }.map(\.1)
            for (index, table) in lists[list].map(\.table).enumerated() {
                for rule in table.singleRules {
                    let start = processorNow()
                    for text in subjects { table.tryRule(rule, text.span, session) }
                    let spent = processorNow() - start
                    costs.append((spent, words(Place(list: list, table: index, line: rule.line))))
                }
            }
        }
        say("costliest rules, each tried on every text:")
        for cost in costs.sorted(by: { $0.nanoseconds > $1.nanoseconds }).prefix(50) {
            say("\(cost.nanoseconds / 1000) us: \(cost.words)")
        }
    }

    // MARK: What differs

    /// Prints each message that another set of rules treats differently.
    func compare(with old: RuleReplay, _ mail: [(name: String, bytes: [UInt8])], _ files: ReplayedFiles?) {
        var (total, differing) = (0, 0)
        for (name, bytes) in mail {
            for (number, message) in Self.messages(bytes).enumerated() {
                let files = files?[total] ?? []
                total += 1
                let (was, now) = (old.outcome(message.span, files: files), outcome(message.span, files: files))
                guard Self.summary(was) != Self.summary(now) else { continue }
                differing += 1
                say("\(name) message \(number + 1): \(Self.summary(was)) -> \(Self.summary(now))")
            }
        }
        say("\(differing) of \(total) messages differ")
    }

    private static func summary(_ outcome: CheckOutcome) -> String {
        let words = outcome.entries.map { "\($0.verb) \(String(decoding: $0.text, as: UTF8.self))" }
        let edits = outcome.edits.count - outcome.entries.count { ["strip", "prepend", "replace"].contains($0.verb) }
        var all = words + (edits > 0 ? ["\(edits) ignored"] : [])
        // No line of the log tells of a rule without text.
        if case .reject(let status, _) = outcome.decision, !outcome.entries.contains(where: { $0.verb == "reject" }) {
            all.append("put off with \(status)")
        }
        return all.isEmpty ? "nothing" : all.joined(separator: ", ")
    }

    private func say(_ text: String) {
        Terminal.write(Array(RuleFiles.shown(text).utf8) + [0x0A])
    }
}
