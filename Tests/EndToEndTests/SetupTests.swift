import Foundation
import Glibc
import TestSupport
import Testing

/// What `mailreeve setup postfix` says makes a Postfix without a filter into one with it.
@Suite(
    .enabled(if: PostfixInstance.isPossible, PostfixInstance.missing),
    .enabled(if: Clients.arePossible, Clients.missing))
struct SetupTests {
    struct Way: Sendable, CustomTestStringConvertible {
        var beforeQueue = false
        var transport = "lmtp"
        /// Made with postconf, or printed lines put into the files.
        var apply = true
        var testDescription: String { "\(beforeQueue ? "before" : "after")-queue \(transport) apply: \(apply)" }
    }

    private static let ways = [
        Way(), Way(transport: "smtp"), Way(beforeQueue: true), Way(apply: false), Way(transport: "smtp", apply: false),
    ]

    @Test(arguments: ways)
    func workingChain(way: Way) async throws {
        try await Lanes.run {
            let postfix = try PostfixInstance(.plain)
            let reinjection = try Ports.free()
            let gateway = try GatewayProcess(
                try GatewayConfiguration(nextHops: ["smtp:[127.0.0.1]:\(reinjection)"], beforeQueue: way.beforeQueue))
            let arguments =
                [
                    "setup", "postfix", "--mode", way.beforeQueue ? "before-queue" : "after-queue", "--protocol",
                    way.transport,
                    "--listen", "127.0.0.1:\(gateway.port)", "--reinject", "127.0.0.1:\(reinjection)", "--entry",
                    "127.0.0.1:\(postfix.port)/inet",
                ]
            if way.apply { try Self.apply(arguments, postfix) } else { try Self.append(arguments, postfix) }
            try Self.reload(postfix)
            try poll("the re-injection port") { try !Ports.isFree(reinjection) }

            let clean = try Swaks(port: postfix.port, content: Samples.sample("clean"))
            #expect(clean.status == 0, "\(clean.transcript)")
            let entry = try postfix.mailboxes.await(to: "rcpt@example.net")
            #expect(try TracedMail(entry.content, filtered: true).rest == Samples.stored(Samples.sample("clean")))
            let infected = try Swaks(port: postfix.port, content: Samples.sample("eicar-attached"))
            #expect(
                infected.decisive.hasPrefix(way.beforeQueue ? "554 5.7.0 Reject" : "250 "), "\(infected.transcript)")
            try gateway.log.wait(for: "Blocked INFECTED")
            try postfix.awaitEmptyQueue()
            #expect(postfix.mailboxes.entries.count == 1)
            // Whatever Postfix has to say of its settings; a warning on a process that is ended is none of that.
            let complaints = postfix.log.filter { line in
                line.contains("fatal:")
                    || line.contains("warning:") && (line.contains(".cf") || line.contains("parameter"))
            }
            #expect(complaints.isEmpty)
            let protocolName = way.beforeQueue ? "smtpd" : way.transport
            #expect(way.beforeQueue || postfix.log.contains { $0.contains("postfix/\(protocolName)[") })
        }
    }

    private static func mailreeve(_ arguments: [String]) throws -> ToolResult {
        try runTool(
            Programs.path("mailreeve"), arguments,
            environment: ["LD_LIBRARY_PATH": PostfixInstance.tree + "/usr/lib/postfix"])
    }

    private static func files(_ postfix: PostfixInstance) throws -> [String] {
        try ["main.cf", "master.cf"].map {
            try String(contentsOfFile: postfix.directory + "/etc/" + $0, encoding: .utf8)
        }
    }

    private static func apply(_ arguments: [String], _ postfix: PostfixInstance) throws {
        let apply =
            arguments + [
                "--apply", "--config-directory", postfix.directory + "/etc", "--postconf",
                PostfixInstance.tree + "/usr/sbin/postconf",
            ]
        let first = try mailreeve(apply)
        #expect(first.status == 0 && first.text.contains("done; `postfix reload`"), "\(first)")
        let made = try files(postfix)
        let second = try mailreeve(apply)
        #expect(second.status == 0, "\(second)")
        #expect(second.lines == ["nothing to change"])
        #expect(try files(postfix) == made)
    }

    /// Appends the printed lines to the files that they name.
    private static func append(_ arguments: [String], _ postfix: PostfixInstance) throws {
        let printed = try mailreeve(arguments)
        #expect(printed.status == 0, "\(printed)")
        let halves = printed.text.components(separatedBy: "# master.cf\n")
        try #require(halves.count == 2)
        for (name, text) in zip(["main.cf", "master.cf"], halves) {
            let path = postfix.directory + "/etc/" + name
            let before = try String(contentsOfFile: path, encoding: .utf8)
            try (before + "\n" + text).write(toFile: path, atomically: true, encoding: .utf8)
        }
    }

    /// What `postfix reload` does.
    private static func reload(_ postfix: PostfixInstance) throws {
        // Postfix waits until files that were just changed are two seconds old.
        for name in ["main.cf", "master.cf"] {
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSinceNow: -60)], ofItemAtPath: postfix.directory + "/etc/" + name)
        }
        let text = try String(contentsOfFile: postfix.directory + "/queue/pid/master.pid", encoding: .utf8)
        let pid = try #require(Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)))
        try #require(kill(pid, SIGHUP) == 0)
        try postfix.awaitLog("reload -- version")
    }

    @Test func wrongUse() throws {
        for arguments in [
            ["--mode", "sideways"], ["--listen", "nowhere"], ["--entry", "smtp"], ["--processes", "0"],
        ] {
            #expect(try Self.mailreeve(["setup", "postfix"] + arguments).status == 64, "\(arguments)")
        }
        let scratch = try Scratch(.disk)
        let result = try Self.mailreeve(
            ["setup", "postfix", "--apply", "--config-directory", scratch.path + "/none", "--postconf", "/bin/false"])
        #expect(result.status == 1 && result.errorText.hasPrefix("setup postfix: "), "\(result)")
    }
}
