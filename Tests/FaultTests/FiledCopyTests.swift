import Foundation
import TestSupport
import Testing

/// Copies that are kept in mbox files and Maildirs of this host: nothing is lost, half there, or there twice.
@Suite struct FiledCopyTests {
    /// A gateway whose infected mail is copied to files below a directory of its own.
    private struct Filed {
        let stage: Stage
        let scratch: Scratch
        var mbox: String { scratch.path + "/box" }
        var maildir: String { scratch.path + "/M" }

        init(_ keys: [String: String] = ["infected": "quarantine"], _ settings: [String: String] = [:]) throws {
            let scratch = try Scratch(.disk)
            self.scratch = scratch
            stage = try Stage(inspector: "lying-inspector") { configuration in
                configuration.settings["clamav.test_database"] = "/lie/dictated"
                configuration.settings.merge(settings.mapValues { $0.replacing("DIR", with: scratch.path) }) { $1 }
                configuration.policies["default"]?["quarantine_to"] = "{infected: 'mbox:\(scratch.path)/box'}"
                configuration.policies["default"]?.merge(keys) { $1 }
            }
        }

        /// Messages of the mbox file, as Python's `mailbox` finds them.
        func messages() throws -> [String] {
            let program = """
                import base64, mailbox, sys
                box = mailbox.mbox(sys.argv[1], create=False)
                for key in box.keys(): print(base64.b64encode(box.get_bytes(key, from_=True)).decode())
                """
            let result = try runTool("python3", ["-c", program, mbox])
            try #require(result.status == 0, "\(result)")
            return try result.lines.filter { !$0.isEmpty }.map {
                String(decoding: try #require(Data(base64Encoded: $0)), as: UTF8.self)
            }
        }

        func stored() throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: maildir + "/new").map {
                try String(contentsOfFile: "\(maildir)/new/\($0)", encoding: .utf8)
            }
        }
    }

    private static func mail(_ number: Int = 1, to recipients: [String] = ["a@one.example", "b@two.example"]) -> Mail {
        Mail(
            to: recipients,
            text: "X-Report: virus Eicar-Test\nFrom: a@b\nSubject: \(number)\n\nFrom here\n>From there\n.text\n")
    }

    /// By category and recipient, table included: each place has its own recipients.
    @Test func placesOfRecipients() async throws {
        try await Lanes.run {
            let table = try Scratch(.disk)
            try table.write(
                "table", "three.example quarantine_to.infected=none\nfour.example quarantine_to.infected=local\n")
            let filed = try Filed(
                ["infected": "discard"],
                [
                    "recipients": "[{match: [two.example], quarantine_to: {infected: 'maildir:DIR/M'}}]",
                    "recipient_tables": "['texthash:\(table.path)/table']",
                ])
            let stage = filed.stage
            let to = ["a@one.example", "b@two.example", "c@one.example", "n@three.example", "h@four.example"]
            #expect(try send(Self.mail(to: to), to: stage.gateway.port).code == 250)
            let line = try stage.gateway.log.wait(for: ") Blocked INFECTED ")
            let id = try #require(stage.gateway.quarantined.first)
            #expect(line.contains(", quarantine: \(id),maildir:\(filed.maildir),mbox:\(filed.mbox), "), "\(line)")
            let box = try filed.messages()
            #expect(box.count == 1 && box[0].hasPrefix("From sender@example.org "), "\(box)")
            for field in [
                "X-Envelope-From: <sender@example.org>", "X-Envelope-To: <a@one.example>,\n\t<c@one.example>",
                "X-Envelope-To-Blocked: <a@one.example>,\n\t<c@one.example>", "X-Quarantine-ID: <\(id)>",
            ] {
                #expect(box[0].contains("\n\(field)\n"), "\(field) in \(box[0])")
            }
            #expect(box[0].hasSuffix("Subject: 1\n\n>From here\n>>From there\n.text\n"), "\(box)")
            let stored = try filed.stored()
            #expect(stored.count == 1 && stored[0].hasPrefix("Return-Path: <sender@example.org>\r\n"), "\(stored)")
            // The journal has the places, too.
            let copies = ["local", "maildir:\(filed.maildir)", "mbox:\(filed.mbox)"]
            func run(_ command: String...) throws -> ToolResult {
                try runTool(
                    Programs.path("mailreeve"), command + ["--config", stage.gateway.disk.path + "/mailreeve.yaml"])
            }
            var why = ""
            try poll("the event") {
                let result = try run("explain", id)
                why = result.text
                return result.status == 0
            }
            #expect(why.contains("\nquarantine  \(id), copy: \(copies.joined(separator: ", "))\n"), "\(why)")
            let json = try run("log", "--json").text
            let wanted = "\"copies\":\(copies)".replacing(", ", with: ",")
            #expect(json.replacing("\\/", with: "/").contains(wanted), "\(json)")
            #expect(stored[0].contains("\r\nX-Envelope-To: <b@two.example>\r\n"), "\(stored)")
            #expect(stored[0].hasSuffix(String(decoding: Self.mail().content, as: UTF8.self)), "\(stored)")
            // Those of the table: none, and the quarantine of this host.
            #expect(stage.gateway.quarantined.count == 1)
            let page = try QuarantinePlace(stage.gateway).run("show", id)
            #expect(page.text.contains("<h@four.example>") && !page.text.contains("<n@three.example>"), "\(page)")
            stage.expectCleanEnd()
        }
    }

    /// Another program holds the lock: nobody has the message, the client keeps it; later it goes, with one copy.
    @Test(arguments: ["lockf", "dotlock"])
    func locked(_ how: String) async throws {
        try await Lanes.run {
            let filed = try Filed(["infected": "quarantine-and-pass"], ["timeouts.mbox_lock": "1s"])
            let (stage, mbox) = (filed.stage, filed.mbox)
            try filed.scratch.write("box", "", mode: 0o600)
            let program = """
                import fcntl, os, sys, time
                if sys.argv[2] == 'lockf':
                    box = open(sys.argv[1], 'ab+')
                    fcntl.lockf(box, fcntl.LOCK_EX)
                else:
                    open(sys.argv[1] + '.lock', 'x').close()
                print('held', flush=True)
                time.sleep(1000)
                """
            let holder = try RunningProgram("/usr/bin/env", ["python3", "-c", program, mbox, how])
            try holder.output.wait(for: "the lock") { $0 == "held" }
            for _ in 0..<2 {
                let reply = try send(Self.mail(), to: stage.gateway.port)
                #expect(reply.description.hasPrefix("451 4.5.0 Error in processing, id="), "\(reply)")
            }
            try stage.gateway.log.wait(for: "quarantine: the copy to <mbox:\(mbox)> was not taken: ")
            #expect(try stage.hop.deliveries.isEmpty && filed.messages().isEmpty)
            holder.kill()
            _ = holder.wait()
            try? FileManager.default.removeItem(atPath: mbox + ".lock")
            #expect(try send(Self.mail(), to: stage.gateway.port).code == 250)
            #expect(try filed.messages().count == 1 && stage.hop.deliveries.count == 1)
        }
    }

    /// The copy is there, the message is not: a retry makes no second copy.
    @Test func triesThatFail() async throws {
        try await Lanes.run {
            let filed = try Filed(["infected": "quarantine-and-pass"])
            let stage = filed.stage
            stage.hop.answer { step, _, _ in step == .dot ? .reply("450 4.2.0 later") : .usual }
            for _ in 0..<2 {
                #expect(try send(Self.mail(), to: stage.gateway.port).isTemporary)
                #expect(try filed.messages().count == 1 && stage.gateway.quarantined.isEmpty)
            }
            stage.hop.answer { _, _, _ in .usual }
            #expect(try send(Self.mail(), to: stage.gateway.port).code == 250)
            #expect(try filed.messages().count == 1 && stage.hop.deliveries.count == 1)
        }
    }

    /// The daemon is killed at any instant: what got 250 is there once, and nothing is there in part.
    @Test(.timeLimit(.minutes(5))) func killed() async throws {
        try await Lanes.run {
            let filed = try Filed()
            let stage = filed.stage
            let client = RetryingClient(port: stage.gateway.port, messages: 1_000_000) { Self.mail($0) }
            let result = try client.run(
                sessions: 4, seconds: 200, kills: longTests ? 30 : 6, seed: 225, of: stage.gateway)
            #expect(result.refused.isEmpty && result.accepted.count > 12)
            let messages = try filed.messages()
            let whole = "\n\n>From here\n>>From there\n.text\n"
            #expect(messages.allSatisfy { $0.hasPrefix("From sender@example.org ") && $0.hasSuffix(whole) })
            let numbers = messages.compactMap { message in
                message.components(separatedBy: "\nSubject: ").last.flatMap { Int($0.prefix(while: \.isNumber)) }
            }
            #expect(result.accepted.isSubset(of: Set(numbers)), "\(result.accepted.subtracting(numbers)) are lost")
            stage.expectCleanEnd()
        }
    }

    /// Files that others could put in the place of ours: neither `check-config` nor the daemon takes the settings.
    @Test func unsafePlaces() async throws {
        try await Lanes.run {
            let filed = try Filed()
            let (stage, scratch) = (filed.stage, filed.scratch)
            let open = try scratch.directory("open", mode: 0o777)
            let target = try scratch.write("target", "", mode: 0o600)
            symlink(target, scratch.path + "/link")
            let config = stage.gateway.disk.path + "/mailreeve.yaml"
            let good = try String(contentsOfFile: config, encoding: .utf8)
            let place = "mbox:\(filed.mbox)"
            // Nobody else's, and yet not for the gateway to write to.
            let closed = try scratch.directory("closed", mode: 0o700)
            let readable = try scratch.write("readable", "", mode: 0o400)
            let roots = try scratch.directory("roots", mode: 0o755)
            #expect(chmod(closed, 0o500) == 0)
            let isRoot = geteuid() == 0
            if isRoot { #expect(chown(roots, 0, 0) == 0) }
            for (wrong, words) in [
                ("mbox:\(closed)/box", "\(closed) cannot be written by the gateway's user"),
                ("maildir:\(closed)/box", "\(closed) cannot be written by the gateway's user"),
                ("maildir:\(closed)", "\(closed) cannot be written by the gateway's user"),
                ("mbox:\(readable)", "\(readable) cannot be written by the gateway's user"),
                isRoot
                    ? ("mbox:\(roots)/box", "\(roots) cannot be written by the gateway's user (")
                    : ("mbox:\(closed)/box", "\(closed) cannot be written by the gateway's user ("),
                ("mbox:\(open)/box", "\(open) can be written by others"),
                ("mbox:\(scratch.path)/link", "link is not a regular file"),
                ("maildir:\(target)", "target is not a directory"),
                ("bsmtp:\(target)", "target is not a directory"),
                ("bsmtp:\(closed)", "\(closed) cannot be written by the gateway's user"),
                ("bsmtp:\(closed)/B", "\(closed) cannot be written by the gateway's user"),
                ("bsmtp:\(open)/B", "\(open) can be written by others"),
                ("bsmtp:\(open)", "\(open) can be written by others"),
                ("maildir:\(scratch.path)/none/M", "No such file or directory"),
                ("mbox:/tmp/mailreeve-box", "/tmp can be written by others"),
            ] {
                try stage.gateway.disk.write("mailreeve.yaml", good.replacing(place, with: wrong))
                let result = try runTool(Programs.path("mailreeve"), ["check-config", config])
                let text = result.text + result.errorText
                let number = good.components(separatedBy: "\n").firstIndex { $0.contains(place) }.map { $0 + 1 } ?? 0
                #expect(result.status != 0 && text.contains(words), "\(result)")
                #expect(text.contains("mailreeve.yaml:\(number):"), "\(result)")
                let line = try stage.gateway.reload()
                #expect(line.contains("reload refused") || line.contains("reload failed"), "\(line)")
            }
            #expect(try send(Self.mail(), to: stage.gateway.port).code == 250)
            #expect(try filed.messages().count == 1)
        }
    }
}
