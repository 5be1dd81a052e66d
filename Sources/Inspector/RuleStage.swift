internal import Bytes
internal import Checks
internal import InspectionLink
internal import Linux
internal import MIME
internal import MailModel
internal import Patterns

/// The rules of all lists, compiled before the first fork and shared by all workers.
struct RuleSet {
    /// `RuleTables.number`.
    let number: Int
    /// What is wrong with the tables, in Postfix's words.
    let problems: [String]
    /// A rule somewhere cannot be used.
    let hasUnusable: Bool
    fileprivate let lists: CheckLists
    fileprivate let limits: RuleTables.Limits
    fileprivate let failsClosed: Bool
    fileprivate let session: MatchSession

    init(_ tables: RuleTables) throws(TableNameError) {
        var problems: [String] = []
        var hasUnusable = false
        var patternLimits = PatternLimits()
        patternLimits.matchSteps = tables.limits.matchSteps
        session = MatchSession(limits: patternLimits)
        // A table is compiled once for all lists that match octets, and once for those that match characters.
        var compiled: [Int: PatternTable] = [:]
        var lists: [CheckList: [PatternTable]] = [:]
        for list in tables.lists {
            for index in list.tables {
                let key = list.list.readsCharacters ? ~index : index
                if compiled[key] == nil {
                    let source = tables.tables[index]
                    let name = try TableName(source.name)
                    let table = PatternTable(
                        RuleTable(name, text: source.text), readsCharacters: list.list.readsCharacters)
                    for problem in table.problems where !problems.contains(problem.logged(name)) {
                        problems.append(problem.logged(name))
                        if problem.isSkipped { hasUnusable = true }
                    }
                    session.prepare(for: table)
                    compiled[key] = table
                }
                if let table = compiled[key] { lists[list.list, default: []].append(table) }
            }
        }
        self.lists = CheckLists(lists)
        self.problems = problems
        self.hasUnusable = hasUnusable
        number = tables.number
        limits = tables.limits
        failsClosed = tables.failsClosed
    }

    func has(_ list: CheckList) -> Bool { lists.has(list) }
}

/// Looks the texts of one message up, and notes which rules fire.
struct RuleStage {
    private let rules: RuleSet
    private let deadline: Int
    private(set) var firings: [RuleFiring] = []
    /// Rules that fired when no more could be noted, and would only have been logged.
    private(set) var unlogged = 0
    private(set) var givenUp: [RuleGivenUp] = []
    /// Names of limits that were reached: the message was not looked up beyond them.
    private(set) var limitsHit: [String] = []
    private var groupBytes = 0
    private let links: LinkTexts
    /// A rule ended the look-up, or a limit did.
    private(set) var isEnded = false

    init(_ rules: RuleSet) {
        self.rules = rules
        deadline = monotonicNow() + rules.limits.milliseconds * 1_000_000
        links = LinkTexts(limit: rules.limits.links)
        rules.session.clearFailures()
    }

    /// There were more links than are looked up.
    private(set) var areLinksCut = false
    /// Links are looked up.
    private var wantsLinks: Bool { rules.has(.link) }
    /// Collects the links of attached files; nil where nothing is looked up in them.
    var fileLinks: FileLinks? { wantsLinks ? FileLinks(limit: rules.limits.links) : nil }

    /// Header fields and body lines as they stand in the message: the four lists of Postfix.
    mutating func takeMessage(_ message: Span<UInt8>) {
        let lists: [CheckList] = [.header, .mimeHeader, .nestedHeader, .body, .decodedHeader]
        guard lists.contains(where: rules.has) else { return }
        var limits = TextLimits()
        limits.headerSize = rules.limits.headerSize
        limits.lineLength = rules.limits.lineLength
        limits.boundaryLength = rules.limits.boundaryLength
        limits.nesting = rules.limits.nesting
        var text = MessageText(limits: limits)
        var stage = self
        text.feed(message) { stage.take($0, $1) }
        text.finish { stage.take($0, $1) }
        self = stage
        // Postfix refuses such a message, since it could not tell headers from text any more.
        if text.isTooDeep { reach("mime-nesting") }
    }

    private mutating func take(_ subject: Subject, _ text: Span<UInt8>) -> Bool {
        guard text.count > 0 else { return true }
        guard let list = subject.list(bodySize: rules.limits.bodySize) else { return true }
        lookUp(text, in: list, range: subject.range)
        if list.isHeader, !isEnded, rules.has(.decodedHeader) { takeDecoded(text, range: subject.range) }
        return !isEnded
    }

    /// A header field unfolded, its encoded words decoded (RFC 2047), in UTF-8.
    private mutating func takeDecoded(_ field: Span<UInt8>, range: Range<Int>) {
        let unfolded = DecodedTexts.unfolded(field)
        let decoded = EncodedWords.areIn(unfolded) ? EncodedWords.spelled(unfolded) : unfolded
        lookUp(DecodedTexts.seen(decoded).span, in: .decodedHeader, range: range)
    }

    /// The lines of a part's text as people read it, all of them: what stands behind padding is read too. Then its links,
    /// hidden ones too.
    mutating func takeText(_ text: TextContent, offset: Int) {
        guard !isEnded, rules.has(.decodedBody) || wantsLinks else { return }
        let lines = DecodedTexts.seen(text.html?.visible ?? text.text)
        var stage = self
        DecodedTexts.lines(lines.span, lineLength: rules.limits.lineLength) { line in
            stage.lookUp(line, in: .decodedBody, range: offset..<offset)
            return !stage.isEnded
        }
        if wantsLinks, !stage.isEnded {
            for page in text.linkPages where !stage.isEnded { stage.takeLinks(page, offset: offset) }
            stage.takeLinks(texts: [lines, text.flowed, text.script], offset: offset)
        }
        self = stage
    }

    /// Links of attached files and documents.
    mutating func takeLinks(ofFiles files: FileLinks) {
        guard !isEnded else { return }
        if files.hasMore { areLinksCut = true }
        takeLinks(LinkPage(targets: files.links, bases: []), offset: 0)
        for page in files.pages where !isEnded { takeLinks(page, offset: 0) }
    }

    private mutating func takeLinks(
        _ page: LinkPage = LinkPage(targets: [], bases: []), texts: [[UInt8]] = [], offset: Int
    ) {
        guard !isEnded else { return }
        var stage = self
        links.take(page.targets, bases: page.bases, texts: texts) { link in
            stage.lookUp(link.span, in: .link, range: offset..<offset)
            return !stage.isEnded
        }
        if links.hasMore { stage.areLinksCut = true }
        self = stage
    }

    /// Names and types of all parts and files: `name: ` and a name, `type: ` and a media type.
    mutating func takeFiles(_ parts: [PartDescription]) {
        guard rules.has(.attachment) else { return }
        for part in parts where !isEnded {
            for text in DecodedTexts.file(names: part.names, types: [part.declaredType, part.detectedType]) {
                lookUp(text.span, in: .attachment, range: 0..<0)
            }
        }
    }

    /// Looks one text up in a list; the first table that answers wins.
    mutating func lookUp(_ text: Span<UInt8>, in list: CheckList, range: Range<Int>) {
        guard !isEnded, text.count > 0, rules.has(list) else { return }
        for (index, listed) in rules.lists[list].enumerated() {
            let match = listed.table.lookup(text, rules.session)
            if rules.session.failureCount > 0 { noteFailures(list, index) }
            guard let match else { continue }
            note(match, listed.actions, RuleFiring(list: list, table: index, line: match.line, range: range), text)
            break
        }
        if monotonicNow() > deadline { reach("rules-time", ends: true) }
    }

    private mutating func note(_ match: TableMatch, _ actions: RuleActions, _ firing: RuleFiring, _ text: Span<UInt8>) {
        var firing = firing
        for group in match.groups {
            firing.groups.append(group.map { range in text.extracting(range).array })
        }
        guard let action = actions.action(line: match.line, firing.groups) else { return }
        if action == .dunno { return }
        let bytes = firing.groups.reduce(0) { $0 + ($1?.count ?? 0) }
        guard firings.count < rules.limits.firings, bytes <= rules.limits.groupBytes - groupBytes else {
            // No mail is kept back for want of a line in the log.
            if action.isOnlyLogged { return unlogged += 1 }
            return reach("rule-firings", ends: true)
        }
        groupBytes += bytes
        firing.text = text.extracting(0..<min(text.count, RuleFiring.textShown)).array
        firings.append(firing)
        isEnded = action.endsInspection
    }

    /// Notes the rules of a table on which an engine gave up since the last text.
    private mutating func noteFailures(_ list: CheckList, _ table: Int) {
        for failure in rules.session.failures {
            if let index = givenUp.firstIndex(where: {
                $0.list == list && $0.table == table && $0.line == failure.line
            }) {
                givenUp[index].times += 1
            } else if givenUp.count < RuleGivenUp.countLimit {
                givenUp.append(
                    RuleGivenUp(
                        list: list, table: table, line: failure.line, times: 1,
                        words: clamped(failure.text, to: RuleGivenUp.wordsLimit)))
            }
        }
        rules.session.clearFailures()
        if rules.failsClosed { reach("pattern-steps") }
    }

    private mutating func reach(_ limit: String, ends: Bool = false) {
        if !limitsHit.contains(limit) { limitsHit.append(limit) }
        if ends { isEnded = true }
    }
}
