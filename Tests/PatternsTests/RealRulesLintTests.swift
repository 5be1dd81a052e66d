import Checks
import MIME
import MailModel
import Patterns
import TestSupport
import Testing

/// The rule files of real sites: what lint calls dead in them never fires on real mail.
@Suite(.enabled(if: SharedCorpora.path != nil, "shared/corpora is not beside the package"))
struct RealRulesLintTests {
    private static let folder = "postfix-checks/checks"

    private static var files: [String] {
        SharedCorpora.names(in: folder).flatMap { owner in
            SharedCorpora.names(in: "\(folder)/\(owner)").map { "\(folder)/\(owner)/\($0)" }
        }
    }

    /// Texts of messages by list, each once.
    private static func texts(_ messages: [[UInt8]]) -> [CheckList: Set<[UInt8]>] {
        var out: [CheckList: Set<[UInt8]>] = [:]
        for message in messages {
            var text = MessageText()
            let take: (Subject, Span<UInt8>) -> Bool = { subject, text in
                guard text.count > 0, let list = subject.list(bodySize: 0) else { return true }
                let octets = text.withUnsafeBufferPointer { Array($0) }
                out[list, default: []].insert(octets)
                guard list.isHeader else { return true }
                let decoded = DecodedTexts.seen(Array(EncodedWords.decoded(DecodedTexts.unfolded(octets.span)).utf8))
                out[.decodedHeader, default: []].insert(decoded)
                return true
            }
            text.feed(message.span, take)
            text.finish(take)
        }
        return out
    }

    /// Lists that a file may be for: those that fall back on header_checks, and fields decoded; lines of the body.
    private static func lists(_ name: String, _ type: TableType) -> [CheckList] {
        if name.hasSuffix("body_checks") { return [.body] }
        return type == .pcre ? [.header, .mimeHeader, .decodedHeader] : [.header]
    }

    /// Every file as both kinds of table.
    @Test func whatIsCalledDeadNeverFires() throws {
        let texts = Self.texts(try SharedCorpora.spamAssassin(every: Differential.step))
        var dead = 0
        var fired = 0
        #expect(Self.files.count == 20)
        for name in Self.files {
            let bytes = try #require(SharedCorpora.bytes(name))
            for type in TableType.allCases {
                let table = RuleTable(TableName(type: type, place: name), text: bytes)
                for list in Self.lists(name, type) {
                    let findings = RuleLint.findings(table, in: list).filter {
                        $0.severity == .dead && $0.text.hasPrefix("never fires")
                    }
                    let never = Set(findings.map(\.line))
                    dead += never.count
                    let compiled = PatternTable(table, readsCharacters: list.readsCharacters)
                    let session = MatchSession()
                    for text in texts[list] ?? [] {
                        guard let line = compiled.lookup(text.span, session)?.line else { continue }
                        fired += 1
                        let words = "\(name) \(type) \(list) line \(line): \(String(decoding: text, as: UTF8.self))"
                        #expect(!never.contains(line), "\(words)")
                    }
                }
            }
        }
        #expect(dead > 100 && fired > 500, "\(dead) \(fired)")
    }
}
