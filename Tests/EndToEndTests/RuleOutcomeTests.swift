import Foundation
import TestSupport
import Testing

/// What becomes of mail that rules of the gateway met, where Postfix's cleanup is no measure: behind the queue, over limits,
/// after a reload, in decoded text.
@Suite(
    .enabled(if: PostfixInstance.isPossible, PostfixInstance.missing),
    .enabled(if: Clients.arePossible, Clients.missing))
struct RuleOutcomeTests {
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
            try gateway.log.wait(for: change)
            try gateway.log.wait(for: "pcre map \(table), line 2: error in regex at offset 1")
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
            try gateway.log.wait(for: "the number of warnings") { $0.hasSuffix("warning: " + told) }
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
            try gateway.log.wait(for: "FILTER scan:nowhere has no entry in rules.filters")
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
