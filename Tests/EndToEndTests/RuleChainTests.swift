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

    /// `rules.hold: header`: the field that we add makes the Postfix behind us hold the message.
    @Test func holdIsLeftToTheMTABehind() async throws {
        try await Lanes.run {
            let scratch = try Scratch(.disk)
            let table = try scratch.write("header_checks", "/^Subject: odd/ HOLD look at it\n")
            var options = PostfixInstance.Options()
            // As docs/POSTFIX.md has it.
            options.reinjection = [
                "receive_override_options=no_unknown_recipient_checks,no_milters", "cleanup_service_name=cleanup-hold",
            ]
            options.services = [
                """
                cleanup-hold unix n - n - 0 cleanup
                  -o { header_checks = pcre:{{/^X-Mailreeve-Hold:/ HOLD}} }
                  -o mime_header_checks= -o nested_header_checks= -o body_checks=
                """
            ]
            let chain = try Chain(.afterQueueSMTP, options) { configuration in
                configuration.settings["header_checks"] = "pcre:\(table)"
                configuration.settings["rules.hold"] = "header"
            }
            for word in ["odd", "even"] {
                let swaks = try Swaks(
                    port: chain.postfix.port, to: ["\(word)@example.net"],
                    content: crlf("From: sender@example.org\nSubject: \(word)\n\ntext\n"))
                #expect(swaks.status == 0)
            }
            try chain.postfix.awaitLog("hold: header X-Mailreeve-Hold: look at it", "to=<odd@example.net>")
            let even = try chain.postfix.mailboxes.await(to: "even@example.net")
            #expect(even.fields("X-Mailreeve-Hold").isEmpty)
            #expect(chain.postfix.mailboxes.entries(to: "odd@example.net").isEmpty)
            #expect(chain.gateway.quarantined.isEmpty)
            // Once the administrator lets it go it is delivered as it is.
            try chain.postfix.command("postsuper", "-H", "ALL")
            try chain.postfix.command("postqueue", "-f")
            let odd = try chain.postfix.mailboxes.await(to: "odd@example.net")
            #expect(odd.fields("X-Mailreeve-Hold") == ["look at it"])
        }
    }

    /// After the queue a refusal would become a bounce to a forged sender.
    @Test func afterTheQueueNothingBounces() async throws {
        try await Lanes.run {
            let scratch = try Scratch(.disk)
            let table = try scratch.write(
                "header_checks",
                "/^Subject: bad/ REJECT no\n/^Subject: gone/ DISCARD\n/^Subject: odd/ REPLACE Subject: even\n")
            let chain = try Chain(.afterQueueSMTP) { $0.settings["header_checks"] = "pcre:\(table)" }
            for word in ["bad", "gone", "odd"] {
                let swaks = try Swaks(
                    port: chain.postfix.port, to: ["\(word)@example.net"],
                    content: crlf("From: sender@example.org\nSubject: \(word)\n\ntext\n"))
                #expect(swaks.status == 0)
            }
            try chain.postfix.awaitEmptyQueue()
            #expect(chain.postfix.senders.entries.isEmpty)
            #expect(chain.postfix.mailboxes.entries.map { $0.fields("Subject") } == [["even"]])
            // What was refused is kept, what the rule wants discarded is not.
            #expect(chain.gateway.quarantined.count == 1)
            try chain.awaitLine("Blocked OTHER {DiscardedInbound,Quarantined}", "<bad@example.net>")
            try chain.awaitLine("Blocked OTHER {DiscardedInbound}", "<gone@example.net>")
        }
    }

    @Test func aReloadTakesChangedTables() async throws {
        try await Lanes.run {
            let gateway = try GatewayProcess(
                try GatewayConfiguration(nextHops: ["smtp:[127.0.0.1]:1"], beforeQueue: true))
            let table = try gateway.disk.write("rules", "/^Subject: one/ REJECT first\n")
            gateway.configuration.settings["header_checks"] = "pcre:\(table)"
            try gateway.writeConfiguration()
            #expect(try gateway.reload().contains("reloaded"))
            func reply(_ subject: String) throws -> String {
                try Swaks(
                    port: gateway.port, content: crlf("From: sender@example.org\nSubject: \(subject)\n\ntext\n")
                ).decisive
            }
            #expect(try reply("one") == "550 5.7.1 first")
            try gateway.disk.write("rules", "/^Subject: one/ REJECT second\n/(/ x\n")
            let told = try mailreeve("reload", "--config", gateway.configurationFile).lines
            let change =
                "header_checks, mime_header_checks, nested_header_checks: pcre:\(table) has changed, 1 rules before, 2 now"
            #expect(told.first == change && told.last == "reloaded", "\(told)")
            #expect(told.contains { $0.hasPrefix("warning: pcre map \(table), line 2: error in regex") }, "\(told)")
            #expect(try reply("one") == "550 5.7.1 second")
            let lines = gateway.allLines
            #expect(lines.contains { $0.contains(change) })
            #expect(lines.contains { $0.contains("pcre map \(table), line 2: error in regex at offset 1") })
            // What cannot be done here is refused, and the old rules stay.
            try gateway.disk.write("rules", "/^Subject: one/ FILTER smtp:[192.0.2.1]:25\n")
            #expect(try gateway.reload().contains("reload failed"))
            #expect(
                gateway.allLines.contains {
                    $0.contains("add 'smtp:[192.0.2.1]:25 => smtp:[host]:port' to rules.filters")
                })
            #expect(try reply("one") == "550 5.7.1 second")
            gateway.configuration.settings["rules.strict"] = "yes"
            try gateway.disk.write("rules", "/(/ x\n")
            try gateway.writeConfiguration()
            #expect(try gateway.reload().contains("reload failed"))
            #expect(try reply("one") == "550 5.7.1 second")
        }
    }

    /// No mail is kept back for want of a line in the log; what would change it is not passed over.
    @Test func warningsBeyondTheLimitAreCounted() async throws {
        try await Lanes.run {
            let hop = try ScriptedNextHop(lmtp: false)
            var configuration = try GatewayConfiguration(nextHops: [hop.address], beforeQueue: true)
            configuration.settings["body_checks"] = "\"pcre:{{/(warn)/ WARN $$1} {/(score)/ SCORE 0.001 T $$1}}\""
            configuration.settings["rules.firing_limit"] = "5"
            let gateway = try GatewayProcess(configuration)
            func reply(_ line: String, _ count: Int) throws -> String {
                let body = String(repeating: line + "\n", count: count)
                return try Swaks(port: gateway.port, content: crlf("From: sender@example.org\n\n" + body)).decisive
            }
            #expect(try reply("warn", 20).hasPrefix("250 "))
            let told = "15 more warnings of rules, beyond rules.firing_limit or rules.group_limit"
            #expect(gateway.allLines.contains { $0.hasSuffix("warning: " + told) })
            #expect(try reply("score", 5).hasPrefix("250 2.0.0"))
            #expect(try reply("score", 6).contains("quarantined"))
        }
    }

    /// What a rule wants and cannot be done: the mail goes nowhere, even where everything unchecked may pass.
    @Test func whatCannotBeDoneGoesNowhere() async throws {
        try await Lanes.run {
            let hop = try ScriptedNextHop(lmtp: false)
            var configuration = try GatewayConfiguration(nextHops: [hop.address], beforeQueue: true)
            configuration.policies["default", default: [:]]["unchecked"] = "{scanner-failed: pass}"
            configuration.settings["header_checks"] =
                "\"pcre:{{/^Subject: f (.*)/ FILTER scan:$$1} {/^Subject: r (.*)/ REDIRECT $$1}}\""
            configuration.settings["body_checks"] = "\"pcre:{{/evil/ REJECT no}}\""
            let gateway = try GatewayProcess(configuration)
            func reply(_ subject: String, _ body: String = "x") throws -> String {
                let mail = "From: sender@example.org\nSubject: \(subject)\n\n\(body)\n"
                return try Swaks(port: gateway.port, content: crlf(mail)).decisive
            }
            #expect(try reply("x").hasPrefix("250 "))
            #expect(try reply("f nowhere").hasPrefix("451 4.3.0 Temporary failure, id="))
            #expect(try reply("f nowhere", "evil") == "550 5.7.1 no")
            #expect(try reply("r a b@example.net").hasPrefix("451 4.3.0 Temporary failure, id="))
            #expect(gateway.allLines.contains { $0.contains("FILTER scan:nowhere has no entry in rules.filters") })
            #expect(hop.deliveries.count == 1)
        }
    }

    /// What Postfix cannot see: encoded words, transfer encodings, HTML, names in any form.
    @Test func decodedTextIsLookedUp() async throws {
        try await Lanes.run {
            var configuration = try GatewayConfiguration(nextHops: ["smtp:[127.0.0.1]:1"], beforeQueue: true)
            // Rules on files would refuse the program before the table is asked.
            configuration.policies["default", default: [:]]["banned"] = "pass"
            configuration.settings["decoded_header_checks"] = "\"pcre:{{/^Subject: GR\u{DC}N G.ld$$/ REJECT subject}}\""
            configuration.settings["decoded_body_checks"] = "\"pcre:{{/^free money now/ REJECT body}}\""
            configuration.settings["attachment_checks"] =
                "\"pcre:{{/^name: .*[.]exe$$/ REJECT name} {/^type: image.x-odd/ REJECT type}}\""
            let gateway = try GatewayProcess(configuration)
            func reply(_ text: String) throws -> String {
                try Swaks(port: gateway.port, content: crlf("From: sender@example.org\n" + text)).decisive
            }
            #expect(try reply("Subject: =?utf-8?q?gr=C3=BCn?=\n =?utf-8?b?IGdlbGQ=?=\n\nx\n") == "550 5.7.1 subject")
            #expect(
                try reply(
                    "MIME-Version: 1.0\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\nZnJlZSBtb25leSBub3c=\n"
                )
                    == "550 5.7.1 body")
            #expect(
                try reply("MIME-Version: 1.0\nContent-Type: text/html\n\n<p>free <b>mo</b><!-- x -->ney\nnow</p>\n")
                    == "550 5.7.1 body")
            #expect(
                try reply(
                    "MIME-Version: 1.0\nContent-Type: message/rfc822\n\nContent-Type: application/x;\n name*=utf-8''%65%2Eex%65\n\nx\n"
                )
                    == "550 5.7.1 name")
            #expect(try reply("MIME-Version: 1.0\nContent-Type: image/x-odd\n\nx\n") == "550 5.7.1 type")
            // Nothing fires: only then is the next hop asked, which is not there.
            #expect(try reply("Subject: x\n\nx\n").hasPrefix("451 4."))
        }
    }
}
