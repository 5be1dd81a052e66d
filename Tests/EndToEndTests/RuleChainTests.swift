import Foundation
import TestSupport
import Testing

/// The same rules in Postfix and in the gateway before Postfix's queue: the same mail arrives at the same recipients, the
/// client hears the same, and the log says the same.
@Suite(
    .enabled(if: PostfixInstance.isPossible, PostfixInstance.missing),
    .enabled(if: Clients.arePossible, Clients.missing))
struct RuleChainTests {
    /// One message, and what a rule does to it: the rules look for its word.
    private struct Case {
        var word: String
        /// Action of a header rule on `Subject: WORD ...`.
        var header: String?
        /// Action of a body rule on the line `mark WORD here`.
        var body: String?
        /// Action of a rule on a part's `Content-Type: text/x-WORD`.
        var mime: String?
    }

    private static let redirected = "elsewhere@example.net"
    private static let copied = "copy@example.net"

    private static func cases(filter: Int) -> [Case] {
        [
            Case(word: "plain"),
            Case(word: "reject", header: "REJECT"), Case(word: "rejecttext", header: "REJECT we said $1"),
            Case(word: "rejectcode", header: "REJECT 5.1.3 bad thing"),
            Case(word: "later", header: "REJECT 4.7.1 later"),
            Case(word: "bodyreject", body: "REJECT body $1"), Case(word: "mimereject", mime: "REJECT part"),
            Case(word: "discard", header: "DISCARD"), Case(word: "hold", header: "HOLD for now"),
            Case(word: "warn", header: "WARN look at $1", body: "WARN and here"), Case(word: "info", header: "INFO"),
            Case(word: "pass", header: "PASS enough", body: "REJECT never"), Case(word: "dunno", header: "DUNNO"),
            Case(word: "headerignore", header: "IGNORE"), Case(word: "headerstrip", header: "STRIP gone"),
            Case(word: "bodyignore", body: "IGNORE"), Case(word: "bodystrip", body: "STRIP gone"),
            Case(word: "headerprepend", header: "PREPEND X-New: $1 and more"),
            Case(word: "bodyprepend", body: "PREPEND new line $1"),
            Case(word: "headerreplace", header: "REPLACE Subject: other $1"),
            Case(word: "bodyreplace", body: "REPLACE new $1"),
            Case(word: "mimereplace", mime: "REPLACE Content-Type: text/x-other"),
            Case(word: "badprepend", header: "PREPEND no header"), Case(word: "unknown", header: "NOSUCH thing"),
            Case(word: "redirect", header: "REDIRECT \(redirected)"), Case(word: "bcc", header: "BCC \(copied)"),
            Case(word: "filter", header: "FILTER smtp:[127.0.0.1]:\(filter)"),
            Case(word: "bcchold", header: "BCC \(copied)", body: "HOLD both"),
            Case(word: "bccredirect", header: "BCC \(copied)", body: "REDIRECT \(redirected)"),
            Case(word: "redirectbcc", header: "REDIRECT \(redirected)", body: "BCC \(copied)"),
            Case(word: "fold", header: "REPLACE Subject: folded $2"),
            Case(word: "notext", header: ""),
            Case(word: "longtext", header: "REJECT " + String(repeating: "long ", count: 98)),
        ]
    }

    private static func tables(_ cases: [Case]) -> (header: String, mime: String, body: String) {
        var (header, mime, body) = ("", "", "")
        for each in cases {
            if let action = each.header { header += "/^Subject: (\(each.word)) (.*)$/ \(action)\n" }
            if let action = each.mime { mime += "/^Content-Type: text\\/x-(\(each.word))/ \(action)\n" }
            if let action = each.body { body += "/^mark (\(each.word)) here$/ \(action)\n" }
        }
        return (header, mime, body)
    }

    private static func message(_ word: String) -> [UInt8] {
        crlf(
            """
            From: sender@example.org
            To: someone@example.net
            Subject: \(word) first
             second line
            Message-ID: <\(word)@example.org>
            Date: Mon, 2 Jan 2023 03:04:05 +0000
            MIME-Version: 1.0
            Content-Type: multipart/mixed; boundary=cut

            --cut
            Content-Type: text/x-\(word)

            before
            mark \(word) here
            after

            --cut--

            """)
    }

    /// What a client heard, without what differs by nature: the queue's name, and who says so.
    private static func reply(_ swaks: Swaks) -> String {
        let queued = "Ok: queued as "
        return swaks.decisive.hasPrefix("250 2.0.0 ") && swaks.decisive.contains(queued) ? queued : swaks.decisive
    }

    /// Lines of rules in a log, from their verb on.
    private static func ruleLines(_ lines: [String]) -> [String] {
        let verbs = [
            "reject", "warning", "info", "filter", "pass", "discard", "hold", "prepend", "replace", "redirect", "bcc",
            "strip",
        ]
        return lines.compactMap { line in
            for verb in verbs {
                for place in ["header", "body"] {
                    if let found = line.range(of: ": \(verb): \(place) ") { return String(line[found.lowerBound...]) }
                }
            }
            return nil
        }.sorted()
    }

    @Test func everyActionDoesWhatPostfixDoes() async throws {
        try await Lanes.run {
            let scratch = try Scratch(.disk)
            let other = try PostfixInstance(.plain)
            let cases = Self.cases(filter: other.port)
            let tables = Self.tables(cases)
            let header = try scratch.write("header_checks", tables.header)
            let mime = try scratch.write("mime_header_checks", tables.mime)
            let body = try scratch.write("body_checks", tables.body)
            for path in [header, mime, body] {
                _ = try runTool("touch", ["-d", "1 minute ago", path])
            }
            var options = PostfixInstance.Options()
            options.main = [
                "header_checks = pcre:\(header)", "mime_header_checks = pcre:\(mime)", "body_checks = pcre:\(body)",
            ]
            let plain = try PostfixInstance(.plain, options)
            let chain = try Chain(.beforeQueue) { configuration in
                configuration.settings["header_checks"] = "pcre:\(header)"
                configuration.settings["mime_header_checks"] = "[ pcre:\(mime) ]"
                configuration.settings["body_checks"] = "pcre:\(body)"
                configuration.settings["rules.filters"] =
                    "[ \"smtp:[127.0.0.1]:\(other.port) => smtp:[127.0.0.1]:\(other.port)\" ]"
            }
            for each in cases {
                let recipient = "\(each.word)@example.net"
                let content = Self.message(each.word)
                let one = try Swaks(port: plain.port, to: [recipient], content: content)
                let two = try Swaks(port: chain.postfix.port, to: [recipient], content: content)
                #expect(Self.reply(one) == Self.reply(two), "\(each.word)")
            }
            // FILTER was delivered there twice: by Postfix, and by the gateway.
            try poll("the filtered mail", seconds: 30) { other.mailboxes.entries(to: "filter@example.net").count == 2 }
            try chain.postfix.awaitEmptyQueue()
            let held: Set = ["hold@example.net", "bcchold@example.net"]
            try poll("Postfix's deliveries", seconds: 30) {
                plain.mailboxes.entries.count == chain.postfix.mailboxes.entries.count
            }
            for recipient in cases.map({ "\($0.word)@example.net" }) + [Self.redirected, Self.copied] {
                let expected = try plain.mailboxes.entries(to: recipient).map {
                    try TracedMail($0.content, filtered: false).rest
                }.sorted { $0.lexicographicallyPrecedes($1) }
                let found = try chain.postfix.mailboxes.entries(to: recipient).map {
                    try TracedMail($0.content, filtered: true).rest
                }.sorted { $0.lexicographicallyPrecedes($1) }
                #expect(found.count == expected.count, "\(recipient)")
                for (one, two) in zip(found, expected) { #expect(difference(one, two) == nil, "\(recipient)") }
                if held.contains(recipient) { #expect(found.isEmpty) }
            }
            #expect(chain.gateway.quarantined.count == held.count)
            // Before the queue the whole message is read before the reply, so every line is there.
            let theirs = Self.ruleLines(plain.log.filter { $0.contains("cleanup") })
            let ours = Self.ruleLines(chain.gateway.allLines)
            #expect(theirs.count > 20)
            for (one, two) in zip(ours, theirs) { #expect(one == two) }
            #expect(ours.count == theirs.count)
        }
    }

    /// Where lines are cut, where body_checks stops, and what stands in which table.
    @Test func theSameTextsAreLookedUp() async throws {
        try await Lanes.run {
            let scratch = try Scratch(.disk)
            let rules = """
                /^a{2047}\\r$/ WARN cr
                /^a{2048}$/ WARN piece
                /^a+$/ WARN rest
                /^d+$/ REPLACE e
                /^mark/ INFO
                /^[A-Za-z-]+:.*[^ ]/ INFO
                /^--/ INFO
                /^>?From / INFO

                """
            let table = try scratch.write("rules", rules)
            _ = try runTool("touch", ["-d", "1 minute ago", table])
            var options = PostfixInstance.Options()
            options.main = ["header_checks = pcre:\(table)", "body_checks = pcre:\(table)"]
            let plain = try PostfixInstance(.plain, options)
            let chain = try Chain(.beforeQueue) { configuration in
                configuration.settings["header_checks"] = "pcre:\(table)"
                configuration.settings["body_checks"] = "pcre:\(table)"
            }
            let top =
                "From: sender@example.org\nSubject: x\nMessage-ID: <1@example.org>\nDate: Mon, 2 Jan 2023 03:04:05 +0000\n"
            var long = top + "\n"
            for length in [2046, 2047, 2048, 2049, 4095, 4096, 4097] {
                long += String(repeating: "a", count: length) + "\n"
            }
            long += String(repeating: "d", count: 5000) + "\nafter\n"
            var big = top + "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\npreamble\n"
            for part in 0..<2 {
                big += "--x\nContent-Type: text/plain\nX-Part: \(part)\n\n"
                for _ in 0..<511 { big += String(repeating: "some text, ", count: 9) + "\n" }
                for number in 0..<20 { big += "mark \(1000 + number)\n" }
            }
            big += "--x--\nmark in the epilogue\n"
            let nested =
                top
                + "Content-Type: multipart/digest; boundary=\"a b\"\n\n--a b\n\nX-In: one\nContent-Id: <x>\n\nmark\n"
                + "--a b\nContent-Type: message/rfc822\n\nX-In: two\nno field\nX-Not: three\n--a b--\nmark\n"
            let odd =
                top + "X-Long: " + String(repeating: "z", count: 3000)
                + "\n more\nno field here\nX-Not: field\n\nmark\n"
            for (number, text) in [long, big, nested, odd].enumerated() {
                for port in [plain.port, chain.postfix.port] {
                    let swaks = try Swaks(port: port, to: ["m\(number)@example.net"], content: crlf(text))
                    #expect(swaks.status == 0, "\(number) \(swaks.decisive)")
                }
            }
            try chain.postfix.awaitEmptyQueue()
            try plain.awaitEmptyQueue()
            // The gateway sees the Received field of the Postfix before it as well, which that one adds after its own checks.
            let theirs = Self.ruleLines(plain.log.filter { $0.contains("cleanup") }).filter {
                !$0.contains("header Received:")
            }
            let ours = Self.ruleLines(chain.gateway.allLines).filter { !$0.contains("header Received:") }
            #expect(theirs.count > 60)
            for (one, two) in zip(ours, theirs) { #expect(one == two) }
            #expect(ours.count == theirs.count)
            for number in 0..<4 {
                let one = try chain.postfix.mailboxes.await(to: "m\(number)@example.net")
                let two = try plain.mailboxes.await(to: "m\(number)@example.net")
                let (found, expected) = (
                    try TracedMail(one.content, filtered: true).rest, try TracedMail(two.content, filtered: false).rest
                )
                #expect(difference(found, expected) == nil, "\(number)")
            }
        }
    }
}
