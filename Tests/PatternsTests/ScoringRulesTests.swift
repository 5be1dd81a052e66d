import Checks
import Foundation
import MailModel
import Patterns
import TestSupport
import Testing

/// The shipped rules that only count: each fires on its sample and not on the text that looks a little like it, and none of
/// them is enough alone.
@Suite struct ScoringRulesTests {
    private static func table(_ table: ShippedTable) throws -> PatternTable {
        let name = TableName(table)
        return PatternTable(RuleTable(name, text: try #require(try name.heldLines())))
    }

    /// The test that a rule adds.
    private static func score(_ line: Int, _ table: PatternTable, _ list: CheckList) throws -> (
        points: Int, name: String
    ) {
        let rule = try #require(table.table.rule(line: line))
        guard case .match(_, _, let result) = rule.operation,
            case .score(let points, let name, let text) = CheckAction(result.expanded([]), in: list)
        else {
            Issue.record("line \(line) does not score")
            return (0, "")
        }
        #expect(!text.isEmpty)
        return (points, name)
    }

    private static func list(_ table: ShippedTable) -> CheckList {
        table == .decodedHeader ? .decodedHeader : .decodedBody
    }

    @Test(arguments: ShippedTable.allCases)
    func eachCountsAndNoneIsEnough(_ shipped: ShippedTable) throws {
        let (table, list) = (try Self.table(shipped), Self.list(shipped))
        #expect(table.problems.isEmpty)
        #expect(RuleLint.findings(table.table, in: list) == [])
        var names: Set<String> = []
        for rule in table.singleRules {
            let (points, name) = try Self.score(rule.line, table, list)
            #expect((500...2000).contains(points), "\(name)")
            #expect(names.insert(name).inserted, "\(name)")
        }
        let samples = try Self.samples(shipped)
        #expect(Set(samples.filter(\.fires).map(\.name)) == names)
        #expect(Set(samples.filter { !$0.fires }.map(\.name)) == names)
        let session = MatchSession()
        session.prepare(for: table)
        for sample in samples {
            let match = table.lookup(Array(sample.text.utf8).span, session)
            let name = try match.map { try Self.score($0.line, table, list).name }
            #expect(sample.fires ? name == sample.name : name == nil, "\(sample): \(name ?? "nothing")")
        }
    }

    private static func samples(_ shipped: ShippedTable) throws -> [(fires: Bool, name: String, text: String)] {
        let path = "\(Programs.package)/rules/samples/\(shipped.rawValue)"
        return try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").filter { $0.first != "#" }.map {
            let words = $0.split(separator: " ", maxSplits: 2).map(String.init)
            try #require(words.count == 3)
            return (words[0] == "+", words[1], words[2])
        }
    }

    @Test func onlyWhatIsShippedHasSuchAName() {
        #expect(throws: TableNameError.self) { try TableName("shipped:header_checks") }
        #expect(throws: TableNameError.self) { try TableName("shipped:") }
        let name = try? TableName("shipped:decoded_body_checks")
        #expect(name == TableName(.decodedBody) && name?.text == "shipped:decoded_body_checks")
        #expect((try? TableName("pcre:/etc/checks").heldLines()) == .some(nil))
    }
}
