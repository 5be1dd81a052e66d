import Checks
import Configuration
@testable import Gateway
import InspectionLink
import MailModel
import Policy
import Stores
import TestSupport
import Testing

/// An inspector says which rules fired; what follows is read in the gateway's own tables, and no lie gets further.
@Suite struct RuleJudgementTests {
    private static let message = Array(
        "From: a@b\r\nSubject: one\r\n two\r\nX: y\r\n\r\nline one\r\nline two\r\n".utf8)
    private static let subject = 11..<31
    private static let firstLine = 39..<49

    private let messages: StoredMessages

    init() throws { messages = try StoredMessages() }

    private func book(_ change: (inout RuleSettings) -> Void) throws -> RuleBook {
        var settings = RuleSettings()
        change(&settings)
        return try RuleBook(settings, number: 1)
    }

    private func inline(_ rules: String...) -> [TableName] {
        [TableName(type: .pcre, place: "{" + rules.map { "{\($0)}" }.joined(separator: " ") + "}")]
    }

    private func judge(_ firings: [RuleFiring], _ book: RuleBook?) throws -> RuleJudgement {
        let report = Report(messageSize: Self.message.count, firings: firings)
        return try RuleJudgement(report, book: book, message: EditableMessage(try messages.store(Self.message)))
    }

    private func firing(
        _ list: CheckList, line: Int = 1, _ range: Range<Int> = subject, groups: [[UInt8]?] = []
    ) -> RuleFiring {
        RuleFiring(list: list, table: 0, line: line, range: range, groups: groups, text: Array("text".utf8))
    }

    @Test func actionsComeFromOurOwnTable() throws {
        let book = try book { $0.header = inline("/(.)/ REJECT we say $1", "/x/ BCC c@d", "/y/ REDIRECT e@f") }
        let refused = try judge([firing(.header, groups: [nil, Array("this".utf8)])], book)
        #expect(refused.ruling == .reject(EnhancedStatus(5, 7, 1), "we say this"))
        let copied = try judge([firing(.header, line: 2)], book)
        #expect(copied.ruling == nil && copied.redirect == nil)
        #expect(copied.bcc.map(\.path) == [MailPath("c@d")])
        let routed = try judge([firing(.header, line: 2), firing(.header, line: 3)], book)
        #expect(routed.ruling == nil && routed.bcc.isEmpty)
        #expect(routed.redirect?.path == MailPath("e@f"))
    }

    /// A typing error in an action is said when the table is loaded, not when the rule fires.
    @Test func textsThatAreNoActionAreSaidAtOnce() throws {
        let book = try book {
            $0.header = inline("/a/ REJCT no", "/b/ WARN", "/c/ DELAY 1h", "/(d)/ $1", "/e/ BCC nobody")
        }
        #expect(book.warnings.count == 3)
        #expect(book.warnings[0].hasSuffix("line 1: unknown command in header_checks map: REJCT no"))
        #expect(book.warnings[1].contains("line 3: DELAY is no action of Postfix"))
        #expect(book.warnings[2].contains("line 5: bad BCC address"))
    }

    /// Postfix makes such a status a temporary one: said when the table is loaded, with what is done.
    @Test func aRefusalThatSaysSuccessIsSaidAtOnce() throws {
        let book = try book { $0.header = inline("/a/ REJECT 2.1.5 fine", "/b/ REJECT 5.1.5 no") }
        #expect(book.warnings.count == 1)
        #expect(
            book.warnings[0].hasSuffix(
                "line 1: REJECT 2.1.5 in header_checks map: the status of a refusal begins with 4 or 5; 4.1.5 is said"))
        #expect(try judge([firing(.header)], book).ruling == .reject(EnhancedStatus(4, 1, 5), "fine"))
    }

    /// Postfix warns of each; an inspector can only name rules that are there.
    @Test func matchesThatWereGivenUpAreSaid() throws {
        let book = try book { $0.body = inline("/a/ REJECT", "if /b/", "/c/ WARN", "endif") }
        func judge(_ line: Int, list: CheckList = .body, table: Int = 0) throws -> RuleJudgement {
            let given = RuleGivenUp(list: list, table: table, line: line, times: 3, words: "match limit\u{1B} exceeded")
            let report = Report(messageSize: Self.message.count, givenUp: [given])
            return try RuleJudgement(report, book: book, message: EditableMessage(try messages.store(Self.message)))
        }
        for line in [1, 2] {
            let judgement = try judge(line)
            #expect(judgement.givenUp == 3)
            #expect(judgement.ruling == nil)
            let name = try #require(inline("/a/ REJECT", "if /b/", "/c/ WARN", "endif").first)
            #expect(judgement.warnings == ["pcre map \(name.place), line \(line): match limit\u{1B} exceeded, 3 times"])
            let lines = judgement.logLines(id: "1", envelope: Envelope(reversePath: MailPath("a@b"), recipients: []))
            #expect(lines.count == 1)
            #expect(lines.allSatisfy { !$0.contains("\u{1B}") })
        }
        #expect(throws: RuleJudgement.Refusal.self) { try judge(9) }
        #expect(throws: RuleJudgement.Refusal.self) { try judge(1, list: .header) }
        #expect(throws: RuleJudgement.Refusal.self) { try judge(1, table: 1) }
    }

    /// One copy less than the rules ask for would be mail lost.
    @Test func moreCopiesThanTheLimitAreNotDropped() throws {
        let book = try book { $0.body = inline("/(.*)/ BCC $1@example.net") }
        func judge(_ count: Int) throws -> RuleJudgement {
            try self.judge(
                (0..<count).map { firing(.body, Self.firstLine, groups: [nil, Array("r\($0)".utf8)]) }, book)
        }
        #expect(try judge(CheckOutcome.bccLimit).bcc.count == CheckOutcome.bccLimit)
        let more = try judge(CheckOutcome.bccLimit + 1)
        #expect(more.ruling == .failed && more.warnings.contains { $0.contains("more than 100 recipients") })
    }

    /// What a rule wants and cannot be done puts the mail off; who is refused is refused all the same.
    @Test func whatCannotBeDonePutsTheMailOff() throws {
        let book = try book {
            $0.header = inline("/(a)/ FILTER scan:$1", "/(b)/ REDIRECT $1", "/c/ HOLD", "/d/ REJECT no", "/e/ DISCARD")
            $0.body = inline("/(.*)/ PREPEND X: $1$1$1", "/f/ WARN")
            $0.editLimit = 2000
        }
        let (filter, redirect) = (
            firing(.header, groups: [nil, Array("x".utf8)]),
            firing(.header, line: 2, groups: [nil, Array("x y@z".utf8)])
        )
        for firings in [[filter], [redirect], [filter, firing(.header, line: 3)]] {
            let judged = try judge(firings, book)
            #expect(judged.ruling == .failed && judged.redirect == nil && judged.nextHop == nil && judged.bcc.isEmpty)
            #expect(judged.warnings.count == 1)
        }
        #expect(try judge([filter, firing(.header, line: 4)], book).ruling == .reject(EnhancedStatus(5, 7, 1), "no"))
        #expect(try judge([filter, firing(.header, line: 5)], book).ruling == .discard(""))
        func edit(_ octets: Int) throws -> RuleJudgement {
            let group = [UInt8](repeating: 0x61, count: octets)
            return try judge([firing(.body, Self.firstLine, groups: [nil, group])], book)
        }
        // `X: `, three times the group, CRLF.
        #expect(try edit(665).ruling == nil)
        #expect(try edit(666).ruling == .failed)
    }

    /// Lines of the log that a worker left out are told of.
    @Test func warningsThatWereLeftOutAreCounted() throws {
        var report = Report(messageSize: Self.message.count)
        report.unloggedFirings = 7
        let judged = try RuleJudgement(
            report, book: try book { $0.body = inline("/a/ WARN") },
            message: EditableMessage(try messages.store(Self.message)))
        #expect(judged.ruling == nil && judged.warnings.count == 1 && judged.warnings[0].hasPrefix("7 more warnings"))
    }

    /// One action a text: a list that fires twice at one place, or goes back, is not believed.
    @Test func firingTwiceAtOnePlaceIsALie() throws {
        let book = try book {
            $0.header = inline("/a/ IGNORE")
            $0.nestedHeader = inline("/a/ IGNORE")
        }
        #expect(throws: RuleJudgement.Refusal.self) { try judge([firing(.header), firing(.header)], book) }
        #expect(try judge([firing(.header)], book).outcome.edits.count == 1)
    }

    @Test func rulesThatAreNotThereAreLies() throws {
        let book = try book { $0.header = inline("/a/ REJECT", "if /b/", "/c/ WARN", "endif") }
        #expect(throws: RuleJudgement.Refusal.self) { try judge([firing(.body)], book) }
        #expect(throws: RuleJudgement.Refusal.self) { try judge([firing(.header, line: 2)], book) }
        #expect(throws: RuleJudgement.Refusal.self) { try judge([firing(.header, line: 9)], book) }
        var other = firing(.header)
        other.table = 1
        #expect(throws: RuleJudgement.Refusal.self) { try judge([other], book) }
        #expect(throws: RuleJudgement.Refusal.self) { try judge([firing(.header)], nil) }
        #expect(try judge([], nil).ruling == nil)
    }

    @Test func editsTouchOneFieldOrOneLine() throws {
        let book = try book {
            $0.header = inline("/a/ IGNORE")
            $0.body = inline("/a/ REPLACE new")
        }
        #expect(try judge([firing(.header)], book).outcome.edits.map(\.range) == [Self.subject])
        #expect(try judge([firing(.body, Self.firstLine)], book).outcome.edits.map(\.text) == [Array("new\r\n".utf8)])
        // A piece of a line takes no line end with it.
        #expect(try judge([firing(.body, 39..<43)], book).outcome.edits.map(\.text) == [Array("new".utf8)])
        for range in [0..<31, 12..<31, 11..<25, 11..<30, 11..<37, 24..<31, 37..<39, 0..<60, 59..<60] {
            #expect(throws: RuleJudgement.Refusal.self, "\(range)") { try judge([firing(.header, range)], book) }
        }
        for range in [39..<59, 37..<49, 49..<60, 0..<59, 59..<59] {
            #expect(throws: RuleJudgement.Refusal.self, "\(range)") { try judge([firing(.body, range)], book) }
        }
    }

    @Test func nextHopsAreTheSettingsOwn() throws {
        let route = FilterRoute(filter: "smtp:[a]:1", nextHop: .tcp(.smtp, host: "192.0.2.1", port: 25))
        let book = try book {
            $0.header = inline("/a/ FILTER smtp:[a]:1", "/(b)/ FILTER smtp:[$1]:1")
            $0.filters = [route]
        }
        #expect(try judge([firing(.header)], book).nextHop == SetupBuilder.hop(route.nextHop))
        let evil = try judge([firing(.header, line: 2, groups: [nil, Array("evil".utf8)])], book)
        #expect(evil.ruling == .failed && evil.nextHop == nil)
        #expect(try judge([firing(.header, line: 2, groups: [nil, Array("a".utf8)])], book).nextHop != nil)
    }

    @Test func whatCannotBeDoneIsRefusedAtOnce() {
        for (list, rule) in [
            (\RuleSettings.header, "/a/ FILTER smtp:[b]:1"), (\.decodedBody, "/a/ IGNORE"),
            (\.attachment, "/a/ REPLACE x"),
        ] {
            #expect(throws: GatewayError.self, "\(rule)") { try book { $0[keyPath: list] = inline(rule) } }
        }
        // Postfix loads these and puts the mail off.
        for (list, rule) in [
            (\RuleSettings.header, "/a/ REDIRECT @"), (\.body, "/a/ BCC no blanks@here"),
            (\.header, "/a/ NOSUCH"), (\.header, "/a/"),
        ] {
            #expect(throws: Never.self, "\(rule)") { try book { $0[keyPath: list] = inline(rule) } }
            #expect(throws: GatewayError.self, "\(rule)") {
                try book {
                    $0[keyPath: list] = inline(rule)
                    $0.strict = true
                }
            }
        }
        #expect(throws: GatewayError.self) {
            try book { $0.header = [TableName(type: .pcre, place: "/nonexistent/table")] }
        }
    }

    @Test func holdIsKeptOrMarked() throws {
        let kept = try judge([firing(.header)], try book { $0.header = inline("/a/ HOLD why") })
        #expect(kept.ruling == .hold("why"))
        #expect(kept.holdField(.mailreeve).isEmpty)
        let marked = try judge(
            [firing(.header)],
            try book {
                $0.header = inline("/a/ HOLD why")
                $0.hold = .header
            })
        #expect(marked.ruling == nil)
        #expect(marked.holdField(.mailreeve) == "X-Mailreeve-Hold: why\r\n")
    }

    @Test func changesAreTold() throws {
        let old = try book { $0.header = inline("/a/ WARN") }
        let new = try book {
            $0.header = inline("/a/ WARN", "/b/ WARN")
            $0.body = inline("/c/ WARN")
        }
        #expect(new.changes(from: new).isEmpty)
        // The order is told of each list, whatever was told of another.
        let ordered = try self.book {
            $0.header = inline("/n/ WARN")
            $0.body = inline("/a/ WARN") + inline("/b/ WARN")
        }
        let turned = try self.book {
            $0.header = inline("/o/ WARN")
            $0.body = inline("/b/ WARN") + inline("/a/ WARN")
        }
        #expect(turned.changes(from: ordered).contains("body_checks: another order"))
        let told = new.changes(from: old)
        #expect(told.contains { $0.hasPrefix("header_checks, ") && $0.hasSuffix(" is new, 2 rules") })
        #expect(told.contains { $0.hasPrefix("header_checks, ") && $0.hasSuffix(" is no longer asked") })
        #expect(told.contains { $0.hasPrefix("body_checks: ") && $0.hasSuffix(" is new, 1 rules") })
    }

    @Test func theLogLineIsCleanups() {
        var client = ClientFacts(address: "192.0.2.1", helo: Array("mail.example".utf8), transmission: .esmtp)
        client.forwarded = ForwardedClient()
        client.forwarded?.name = Array("host.example".utf8)
        client.forwarded?.address = Array("192.0.2.9".utf8)
        let envelope = Envelope(
            reversePath: MailPath("a@b"),
            recipients: [Recipient(path: MailPath("c@d")), Recipient(path: MailPath("e@f"))],
            client: client)
        let line = RuleLogLine.text(
            id: "1-2", verb: "reject", place: "header", content: Array("Subject: x\n y\u{1B}[2J\u{202E}".utf8),
            text: Array("5.7.1 no".utf8), envelope: envelope)
        #expect(
            line
                == "1-2: reject: header Subject: x? y?[2J? from host.example[192.0.2.9]; from=<a@b> to=<c@d> proto=ESMTP "
                + "helo=<mail.example>: 5.7.1 no")
    }
}
