import MailModel
import Testing
import TestSupport

@testable import Checks

/// Postfix's own test inputs and what its test programs printed of them.
@Suite(.enabled(if: SharedCorpora.path != nil, "shared/corpora is not beside the package"))
struct ReferenceTests {
    private static let folder = "mime/postfix/global/"

    /// The limits that Postfix's test programs set.
    private static var limits: TextLimits {
        var limits = TextLimits()
        limits.headerSize = 2000
        limits.boundaryLength = 2000
        limits.nesting = 20
        return limits
    }

    /// What `use` gets of a file, records of 1,024 octets as in the test programs.
    private static func read(
        _ name: String, _ use: (MIMEState, Subject, [UInt8], TextRecords.Place?) -> Void, end: () -> Void
    ) throws {
        let input = try #require(SharedCorpora.bytes(folder + name))
        var records = TextRecords(.smtp(lineLength: 1024))
        var state = MIMEState(limits: limits)
        var isPast = false
        func take(_ place: TextRecords.Place, _ text: Span<UInt8>) -> Bool {
            var seen: [(Subject, [UInt8])] = []
            let goesOn = state.take(place, text) { subject, text in
                seen.append((subject, text.withUnsafeBufferPointer { Array($0) }))
                return true
            }
            for (subject, text) in seen {
                if case .body = subject.kind, !isPast {
                    isPast = true
                    end()
                }
                use(state, subject, text, place)
            }
            return goesOn
        }
        _ = records.feed(input.span) { take($0, $1) }
        _ = records.finish { take($0, $1) }
        var seen: [(Subject, [UInt8])] = []
        _ = state.finish(at: input.count) { subject, text in
            seen.append((subject, text.withUnsafeBufferPointer { Array($0) }))
            return true
        }
        for (subject, text) in seen { use(state, subject, text, nil) }
        if !isPast { end() }
    }

    private static func line(_ subject: Subject, _ text: [UInt8]) -> [UInt8] {
        switch subject.kind {
        case .header(let block, _):
            let word =
                switch block {
                case .primary: "MAIN"
                case .part: "MULT"
                case .nested: "NEST"
                }
            return Array("\(word) \(subject.headerOffset)\t|".utf8) + text + [0x0A]
        case .body(let offset):
            return Array("BODY \(subject.isContinued ? "L" : "N") \(offset)\t|".utf8) + text
                + (subject.isContinued ? [] : [0x0A])
        }
    }

    @Test(arguments: [
        "mime_test", "mime_nest", "mime_dom", "mime_trunc", "mime_garb1", "mime_garb2", "mime_garb3", "mime_garb4",
    ])
    func splitsAsPostfix(_ name: String) throws {
        var out: [UInt8] = []
        try Self.read(
            name + ".in",
            { _, subject, text, _ in
                out += Self.line(subject, text)
            },
            end: { out += Array("HEADER END\n".utf8) })
        out += Array("BODY END\n".utf8)
        let reference = try #require(SharedCorpora.bytes(Self.folder + name + ".ref"))
        let expected = String(decoding: reference, as: UTF8.self).split(
            separator: "\n", omittingEmptySubsequences: false
        ).filter { !$0.hasPrefix("mime_state: ") && !$0.hasPrefix("./mime_state: ") }
        #expect(
            String(decoding: out, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false) == expected)
    }

    /// The actions of Postfix's own test: one action for each of the four tables, on every text that is not empty.
    @Test(arguments: [
        ("null", ["", "", "", ""]),
        ("warn", ["warn", "warn", "warn", "warn"]),
        ("ignore", ["ignore", "ignore", "ignore", "ignore"]),
        ("prepend", ["prepend header: head", "prepend header: mime", "prepend header: nest", "prepend body"]),
        ("replace", ["replace header: head", "replace header: mime", "replace header: nest", "replace body"]),
        ("strip", ["strip header line", "strip mime header line", "strip nested header", "strip body line"]),
    ])
    func actsAsPostfix(_ name: String, _ actions: [String]) throws {
        var out: [UInt8] = []
        var number = 0
        try Self.read(
            "mime_test.in",
            { _, subject, text, _ in
                let list: CheckList
                switch subject.kind {
                case .header(_, isMIME: true), .header(.part, _): list = .mimeHeader
                case .header(.primary, _): list = .header
                case .header(.nested, _): list = .nestedHeader
                case .body: list = .body
                }
                let index = [.header, .mimeHeader, .nestedHeader, .body].firstIndex(of: list) ?? 0
                var line = Array("\(number) ".utf8) + Self.line(subject, text)
                number += 1
                guard !text.isEmpty, !actions[index].isEmpty else {
                    out += line
                    return
                }
                let action = CheckAction(Array(actions[index].utf8), in: list)
                if let logged = action.logged {
                    let shown = text.map { $0 < 0x20 ? 0x3F : $0 }
                    out += Array("header_body_checks: test-queueID: \(logged.verb): ".utf8)
                    out += Array((list.isHeader ? "header " : "body ").utf8) + shown
                    out += (logged.text.isEmpty ? [] : Array(": ".utf8) + logged.text) + [0x0A]
                }
                switch action {
                case .ignore, .strip: line = []
                case .prepend(let more): line = more + [0x0A] + line
                case .replace(let other):
                    line = Array("\(number - 1) ".utf8) + Self.line(subject, other)
                default: break
                }
                out += line
            },
            end: { out += Array("HEADER END\n".utf8) })
        out += Array("BODY END\n".utf8)
        let reference = try #require(SharedCorpora.bytes(Self.folder + "header_body_checks_\(name).ref"))
        let expected = String(decoding: reference, as: UTF8.self).split(
            separator: "\n", omittingEmptySubsequences: false
        ).filter { !$0.hasPrefix("header_body_checks: warning: ") }
        #expect(
            String(decoding: out, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false) == expected)
    }
}
