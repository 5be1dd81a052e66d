import Checks
import Foundation
import MailModel
import Patterns
import TestSupport
import Testing

/// Real rule files in a running Postfix over real mail: its cleanup(8) logs the same rules on the same texts as are found
/// here. `make differential` takes all mail.
@Suite(
    .enabled(if: PostfixInstance.isPossible, PostfixInstance.missing),
    .enabled(if: Samples.sharedCorpora != nil, Samples.corporaMissing))
struct CleanupCorpusTests {
    private static let files: [String] = SharedCorpora.names(in: "postfix-checks/checks").flatMap { owner in
        SharedCorpora.names(in: "postfix-checks/checks/\(owner)").map { "postfix-checks/checks/\(owner)/\($0)" }
    }

    /// A message as smtpd(8) would get it: CRLF line ends, nothing that it takes for anomalies of the protocol.
    private static func wire(_ message: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        for byte in message where byte != 0x0D && byte != 0 {
            if byte == 0x0A { out.append(0x0D) }
            out.append(byte)
        }
        return out.suffix(2) == [0x0D, 0x0A] ? out : out + [0x0D, 0x0A]
    }

    /// Verb, place, beginning of the text and the rule's words, as the log has them.
    private static func expected(_ message: [UInt8], _ table: PatternTable, _ session: MatchSession) -> [String] {
        var outcome = CheckOutcome()
        // smtpd(8) puts its own field on top, which is looked up as well.
        let trace = Array(
            ("Received: from client.example (localhost [127.0.0.1])\r\n\tby mx.example.net (Postfix) with ESMTP id 0123456789\r\n"
                + "\tfor <rcpt@example.net>; Mon,  2 Jan 2023 03:04:05 +0000 (UTC)\r\n").utf8)
        var text = MessageText()
        let take: (Subject, Span<UInt8>) -> Bool = { subject, text in
            let list: CheckList
            switch subject.kind {
            case .header(_, isMIME: true), .header(.part, _): list = .mimeHeader
            case .header(.primary, _): list = .header
            case .header(.nested, _): list = .nestedHeader
            case .body(let offset):
                guard offset < 51_200 else { return true }
                list = .body
            }
            guard text.count > 0, let match = table.lookup(text, session),
                let rule = table.table.rule(line: match.line),
                case .match(_, _, let result) = rule.operation
            else { return true }
            let bytes = text.withUnsafeBufferPointer { Array($0) }
            outcome.take(
                CheckAction(result.expanded(bytes, match.groups), in: list),
                RuleFiring(
                    list: list, table: 0, line: match.line, range: subject.range,
                    text: Array(bytes.prefix(RuleFiring.textShown))), isContinued: subject.isContinued)
            return !outcome.isEnded
        }
        let whole = trace + message
        text.feed(whole.span, take)
        text.finish(take)
        return outcome.entries.map { entry in
            plain(
                "\(entry.verb): \(entry.list.isHeader ? "header" : "body") \(String(decoding: entry.content, as: UTF8.self))"
            )
                + " ... "
                + plain(String(decoding: entry.text, as: UTF8.self))
        }
    }

    /// Postfix prints what is not UTF-8 octet by octet, here it is one mark for each character: neither is compared.
    private static func plain(_ text: String) -> String {
        String(text.unicodeScalars.filter { $0.isASCII && $0.value >= 0x20 && $0 != "?" && $0.value != 0x7F })
    }

    private static func logged(_ line: String) -> String? {
        guard line.contains("/cleanup["), let start = line.range(of: "]: ")?.upperBound,
            let verb = line[start...].range(of: ": ")?.upperBound
        else { return nil }
        let rest = line[verb...]
        guard let origin = rest.range(of: " from localhost[127.0.0.1]; from=<", options: .backwards) else { return nil }
        let words = rest[origin.upperBound...].range(of: ">: ").map { String(rest[$0.upperBound...]) } ?? ""
        return plain(String(rest[..<origin.lowerBound])) + " ... " + plain(words)
    }

    @Test(arguments: files)
    func cleanupSaysTheSame(_ file: String) async throws {
        try await Lanes.run {
            let path = try #require(SharedCorpora.path) + "/" + file
            let name = TableName(type: .pcre, place: path)
            let table = PatternTable(RuleTable(name, text: [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))))
            let session = MatchSession()
            let mails = try SharedCorpora.spamAssassin(every: Differential.step == 1 ? 1 : 480).map(Self.wire)
            let scratch = try Scratch(.disk)
            let copy = try scratch.copy(path, to: "table")
            _ = try runTool("touch", ["-d", "1 minute ago", copy])
            var options = PostfixInstance.Options()
            options.main = [
                "header_checks = pcre:\(copy)", "body_checks = pcre:\(copy)", "smtpd_data_restrictions =",
                "smtpd_forbid_bare_newline = no", "hopcount_limit = 1000", "smtpd_error_sleep_time = 0",
                "smtpd_soft_error_limit = 100001", "smtpd_hard_error_limit = 100000",
                // What happens after cleanup(8) is not compared, and thousands of deliveries take long.
                "virtual_transport = discard:",
            ]
            let postfix = try PostfixInstance(.plain, options)
            let jobs = mails.map { SMTPLib.Job(recipients: ["rcpt@example.net"], content: $0) }
            _ = try SMTPLib.send(jobs, port: postfix.port)
            try postfix.awaitEmptyQueue(seconds: Differential.step == 1 ? 900 : 60)
            let theirs = postfix.log.compactMap(Self.logged)
            let ours = mails.flatMap { Self.expected($0, table, session) }
            for (one, two) in zip(ours, theirs) where !one.contains("from client.example") { #expect(one == two) }
            #expect(ours.count == theirs.count, "\(file)")
        }
    }
}
