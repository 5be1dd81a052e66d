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

    private let directory: TemporaryDirectory
    private let spool: Spool

    init() throws {
        directory = try TemporaryDirectory(.disk)
        spool = Spool(
            limits: Spool.Limits(
                directory: directory.path, memoryPerMessage: 1 << 20, totalBytes: 1 << 30, messages: 100, freeSpace: 0))
    }

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
        return try RuleJudgement(report, book: book, message: EditableMessage(try spool.store(Self.message)))
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
        let routed = try judge([firing(.header, line: 2), firing(.header, line: 3)], book)
        #expect(routed.ruling == nil)
        #expect(routed.bcc.map(\.path) == [MailPath("c@d")])
        #expect(routed.redirect?.path == MailPath("e@f"))
    }

    /// A typing error in an action is said when the table is loaded, not when the rule fires.
    @Test func textsThatAreNoActionAreSaidAtOnce() throws {
        let book = try book {
            $0.header = inline("/a/ REJCT no", "/b/ WARN", "/c/ DELAY 1h", "/(d)/ $1", "/e/ BCC nobody")
        }
        #expect(book.warnings.count == 3)
        #expect(book.warnings[0].hasSuffix("line 1: unknown command in header_checks map: REJCT no"))
        #expect(book.warnings[1].hasSuffix("line 3: unknown command in header_checks map: DELAY 1h"))
        #expect(book.warnings[2].contains("line 5: bad BCC address"))
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
        #expect(throws: RuleJudgement.Refusal.self) {
            try judge([firing(.header, line: 2, groups: [nil, Array("evil".utf8)])], book)
        }
        #expect(try judge([firing(.header, line: 2, groups: [nil, Array("a".utf8)])], book).nextHop != nil)
    }

    @Test func whatCannotBeDoneIsRefusedAtOnce() {
        for (list, rule) in [
            (\RuleSettings.header, "/a/ FILTER smtp:[b]:1"), (\.decodedBody, "/a/ IGNORE"),
            (\.attachment, "/a/ REPLACE x"),
            (\.header, "/a/ REDIRECT @"), (\.body, "/a/ BCC no blanks@here"),
        ] {
            #expect(throws: GatewayError.self, "\(rule)") { try book { $0[keyPath: list] = inline(rule) } }
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
        let told = new.changes(from: old)
        #expect(told.contains { $0.hasPrefix("header_checks: ") && $0.hasSuffix(" is new, 2 rules") })
        #expect(told.contains { $0.hasPrefix("header_checks: ") && $0.hasSuffix(" is no longer asked") })
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
