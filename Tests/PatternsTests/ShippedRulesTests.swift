import Checks
import Foundation
import MIME
import MailModel
import Patterns
import TestSupport
import Testing

/// The rules that are shipped: each fires on its sample, and does not on the message that only looks like one.
@Suite struct ShippedRulesTests {
    private static let lists: [CheckList] = [.header, .mimeHeader, .body, .attachment]

    private static func load(_ list: CheckList) throws -> PatternTable {
        let path = "\(Programs.package)/rules/\(list.rawValue)"
        return PatternTable(
            RuleTable(
                TableName(type: .pcre, place: path), text: [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))))
    }

    /// The names of the rules of a list that fire on a sample.
    private static func fired(_ sample: String, _ list: CheckList) throws -> [String] {
        let table = try load(list)
        let session = MatchSession()
        let bytes = [UInt8](
            try Data(contentsOf: URL(fileURLWithPath: "\(Programs.package)/rules/samples/\(sample).eml")))
        var names: [String] = []
        var text = MessageText()
        let take: (Subject, Span<UInt8>) -> Bool = { subject, text in
            let own: CheckList
            switch subject.kind {
            case .header(_, isMIME: true), .header(.part, _): own = .mimeHeader
            case .header: own = .header
            case .body: own = .body
            }
            if own == list, text.count > 0, let match = table.lookup(text, session) {
                names.append(name(of: match.line, table))
            }
            return true
        }
        text.feed(bytes.span, take)
        text.finish(take)
        guard list == .attachment else { return names }
        for part in MIMEReader.read(Mbox.canonical(bytes).span).parts {
            for text in DecodedTexts.file(names: part.names, types: [part.mediaType]) {
                if let match = table.lookup(text.span, session) { names.append(Self.name(of: match.line, table)) }
            }
        }
        return names
    }

    private static func name(of line: Int, _ table: PatternTable) -> String {
        guard let rule = table.table.rule(line: line), case .match(_, _, let result) = rule.operation else { return "" }
        let words = String(decoding: result.expanded([]), as: UTF8.self)
        return words.split(separator: "[").last.map { String($0.dropLast()) } ?? ""
    }

    @Test(arguments: lists)
    func everyRuleHasBothSamples(_ list: CheckList) throws {
        let table = try Self.load(list)
        #expect(table.problems.isEmpty)
        #expect(table.singleRules.count == 5)
        for rule in table.singleRules {
            let name = Self.name(of: rule.line, table)
            #expect(try Self.fired("\(name)-fires", list).contains(name), "\(name)")
            #expect(try !Self.fired("\(name)-passes", list).contains(name), "\(name)")
        }
    }

    /// Forms in which programs and attackers write the name of a file.
    @Test(arguments: [
        ("attachment; filename=\"a;b.exe\"", "M1"), ("attachment;\n\tfilename*0=a.e; filename*1=\"b.vbs\"", "M1"),
        ("attachment; filename*=utf-8''a.exe", "M3"), ("attachment; filename*=utf-8'en'a%2Ejse", "M3"),
        ("attachment; filename*0*=utf-8''a%20b.ps1%20", "M3"), ("attachment; filename=\"a;b.iso\"", "M4"),
        ("attachment; filename=\"a;b.{00021401-0000-0000-c000-000000000046}\"", "M2"),
        ("attachment; filename=\"exe\"; x=\"a.exe\"", ""), ("attachment; filename*=utf-8''a.exe.txt", ""),
    ])
    func formsOfNames(_ value: String, _ rule: String) throws {
        let table = try Self.load(.mimeHeader)
        let match = table.lookup(Array("Content-Disposition: \(value)".utf8).span, MatchSession())
        #expect(match.map { Self.name(of: $0.line, table) } ?? "" == rule)
    }

    @Test(arguments: lists)
    func lintHasNothingAgainstThem(_ list: CheckList) throws {
        let findings = RuleLint.findings(try Self.load(list).table, in: list)
        #expect(findings.filter { $0.severity == .dead } == [])
    }

    /// Nothing in the honest mail of the corpus is refused by them.
    @Test(.enabled(if: SharedCorpora.path != nil, "shared/corpora is not beside the package"))
    func honestMailPasses() throws {
        var refused = 0
        var read = 0
        let tables = try Dictionary(uniqueKeysWithValues: Self.lists.map { ($0, try Self.load($0)) })
        let session = MatchSession()
        for message in try SharedCorpora.spamAssassin(every: 20) {
            read += 1
            var text = MessageText()
            let take: (Subject, Span<UInt8>) -> Bool = { subject, text in
                let list: CheckList
                switch subject.kind {
                case .header(_, isMIME: true), .header(.part, _): list = .mimeHeader
                case .header: list = .header
                case .body: list = .body
                }
                if text.count > 0, let table = tables[list], let match = table.lookup(text, session),
                    let rule = table.table.rule(line: match.line), case .match(_, _, let result) = rule.operation,
                    String(decoding: result.expanded([]), as: UTF8.self).hasPrefix("REJECT")
                {
                    refused += 1
                }
                return true
            }
            text.feed(message.span, take)
            text.finish(take)
        }
        #expect(read > 300)
        // A third of it is spam and worms of its time.
        #expect(refused < 25)
    }
}
