import Foundation
import Glibc
import TestSupport
import Testing

/// Real clients speak to the gateway without an MTA between.
@Suite(.enabled(if: Clients.arePossible, Clients.missing))
struct ListenerTests {
    /// Keywords of the reply to EHLO.
    private static func features(_ port: Int, lmtp: Bool = false) throws -> Set<String> {
        let session = try MailSession(port: port, lmtp: lmtp)
        defer { session.quit() }
        return Set(session.extensions.dropFirst())
    }

    private static let always: Set<String> = ["PIPELINING", "8BITMIME", "SMTPUTF8", "DSN", "ENHANCEDSTATUSCODES"]

    @Test(arguments: [false, true])
    func features(lmtp: Bool) async throws {
        try await Lanes.run {
            let hop = try ScriptedNextHop(lmtp: false)
            var configuration = try GatewayConfiguration(nextHops: [hop.address])
            configuration.settings["limits.message_size"] = "123456"
            let gateway = try GatewayProcess(configuration)
            let offered = try Self.features(gateway.port, lmtp: lmtp)
            #expect(offered.isSuperset(of: Self.always), "\(offered)")
            #expect(offered.contains("SIZE 123456"), "\(offered)")
            #expect(
                offered.contains { $0.hasPrefix("XFORWARD ") && $0.contains("ADDR") && $0.contains("NAME") },
                "\(offered)")
            #expect(!offered.contains("STARTTLS") && !offered.contains("CHUNKING"), "\(offered)")
            let swaks = try Swaks(
                port: gateway.port, content: Samples.sample("clean"), "--protocol", lmtp ? "LMTP" : "ESMTP")
            #expect(
                swaks.status == 0 && swaks.decisive.contains("from MTA(smtp:[127.0.0.1]:\(hop.port))"),
                "\(swaks.transcript)")
            #expect(try #require(hop.deliveries.first).relayed.original == Samples.sample("clean"))
        }
    }

    @Test func startTLS() async throws {
        try await Lanes.run {
            let hop = try ScriptedNextHop(lmtp: false)
            let certificates = try Scratch(.disk)
            let (certificate, key) = (certificates.path + "/certificate.pem", certificates.path + "/key.pem")
            let made = try runTool(
                "openssl",
                [
                    "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-subj",
                    "/CN=gateway.example", "-addext", "subjectAltName=DNS:gateway.example", "-keyout", key, "-out",
                    certificate,
                ])
            try #require(made.status == 0, "\(made)")
            // Only the user of the gateway may read the key.
            _ = chown(key, Programs.serviceUser.user, Programs.serviceUser.group)
            var configuration = try GatewayConfiguration(nextHops: [hop.address])
            configuration.settings["tls.certificate"] = certificate
            configuration.settings["tls.key"] = key
            configuration.listeners[0].keys["starttls"] = "may"
            var strict = GatewayConfiguration.Listener(port: try Ports.free())
            strict.keys["starttls"] = "encrypt"
            configuration.listeners.append(strict)
            let gateway = try GatewayProcess(configuration)

            #expect(try Self.features(gateway.port).contains("STARTTLS"))
            for port in [gateway.port, strict.port] {
                let swaks = try Swaks(
                    port: port, content: Samples.sample("clean"), "--tls", "--tls-verify", "--tls-ca-path", certificate,
                    "--tls-sni", "gateway.example")
                #expect(swaks.status == 0, "\(swaks.transcript)")
                #expect(swaks.transcript.contains("=== TLS started with cipher TLSv1."), "\(swaks.transcript)")
                let added = try #require(hop.deliveries.last).relayed.added
                #expect(added.first?.contains("with ESMTPS id") ?? false, "\(added)")
            }
            let plain = try Swaks(port: strict.port, content: Samples.sample("clean"))
            #expect(plain.status != 0 && plain.transcript.contains("530 5.7.0 "), "\(plain.transcript)")
            #expect(hop.deliveries.count == 2)

            // Plaintext behind STARTTLS in one write could be taken for the encrypted session's.
            let session = try MailSession(port: gateway.port)
            try session.socket.send("STARTTLS\r\nNOOP\r\n")
            #expect(try session.socket.reply().description.hasPrefix("554 5.5.0 "))
            #expect(throws: (any Error).self) { try session.socket.reply() }
        }
    }

    /// Only networks that are named may say who the client is, or come in at all.
    @Test func networks() async throws {
        try await Lanes.run {
            let hop = try ScriptedNextHop(lmtp: false)
            var configuration = try GatewayConfiguration(nextHops: [hop.address])
            configuration.listeners[0].keys["xforward_clients"] = "[ 127.0.0.2/32 ]"
            var closed = GatewayConfiguration.Listener(port: try Ports.free())
            closed.keys["allowed_clients"] = "[ 127.0.0.2/32 ]"
            configuration.listeners.append(closed)
            let gateway = try GatewayProcess(configuration)

            let trusted = try MailSession(StreamSocket(port: gateway.port, from: "127.0.0.2"))
            #expect(trusted.extensions.contains { $0.hasPrefix("XFORWARD") })
            #expect(try trusted.socket.ask("XFORWARD NAME=mail.client.example ADDR=192.0.2.9 PORT=4711").code == 250)
            #expect(try trusted.send(.clean(1)).decisive.code == 250)
            let line = try gateway.awaitMessageLines(1)[0]
            #expect(line.contains("[127.0.0.2]:") && line.contains(" [192.0.2.9] <sender@example.org>"), "\(line)")

            let stranger = try MailSession(port: gateway.port)
            #expect(!stranger.extensions.contains { $0.hasPrefix("XFORWARD") })
            #expect(try stranger.socket.ask("XFORWARD ADDR=192.0.2.9").isPermanent)
            #expect(try stranger.send(.clean(2)).decisive.code == 250)
            #expect(try !gateway.awaitMessageLines(2)[1].contains("192.0.2.9"))

            let job = SMTPLib.Job(recipients: ["rcpt@example.net"], content: Mail.clean(3).content)
            #expect(try SMTPLib.send(job, port: closed.port, source: "127.0.0.2").code == 250)
            let refused = try Swaks(port: closed.port, content: Samples.sample("clean"))
            #expect(refused.status != 0, "\(refused.transcript)")
            #expect(
                refused.replies.first.map { $0.hasPrefix("5") || $0.hasPrefix("4") } ?? true, "\(refused.transcript)")
            #expect(hop.deliveries.count == 3)
        }
    }

    /// Postfix writes IPv6 addresses with a prefix.
    @Test func clientsOfIPv6() async throws {
        try await Lanes.run {
            let hop = try ScriptedNextHop(lmtp: false)
            var configuration = try GatewayConfiguration(nextHops: [hop.address])
            configuration.settings["banks"] = "[{name: SIX, clients: [\"2001:db8::/32\"], add_category: yes}]"
            let gateway = try GatewayProcess(configuration)
            for address in ["IPV6:2001:db8::1", "IPV6:2001:db9::1"] {
                let session = try MailSession(port: gateway.port)
                #expect(try session.socket.ask("XFORWARD ADDR=\(address)").code == 250)
                #expect(try session.send(.clean(1)).decisive.code == 250)
            }
            let lines = try gateway.awaitMessageLines(2)
            #expect(lines[0].contains("/SIX ") && lines[0].contains(" [2001:db8::1] "), "\(lines)")
            #expect(!lines[1].contains("/SIX "))
            let config = gateway.configurationFile
            try poll("both events") {
                try mailreeve("log", "--config", config, "--client", "2001:db").lines.count { !$0.isEmpty } == 2
            }
            #expect(
                try mailreeve("log", "--config", config, "--client", "2001:db8::1").lines.count { !$0.isEmpty } == 1)
        }
    }

    @Test func unixSocket() async throws {
        try await Lanes.run {
            let hop = try ScriptedNextHop(lmtp: false)
            let scratch = try Scratch(.disk)
            let path = scratch.path + "/lmtp.sock"
            var configuration = try GatewayConfiguration(nextHops: [hop.address])
            var unix = GatewayConfiguration.Listener(port: 0)
            unix.address = "unix:" + path
            unix.keys["mode"] = "0620"
            if Programs.isRoot { unix.keys["owner"] = "nobody:daemon" }
            configuration.listeners.append(unix)
            let gateway = try GatewayProcess(configuration)

            var status = stat()
            try #require(stat(path, &status) == 0)
            #expect(status.st_mode == S_IFSOCK | 0o620)
            if Programs.isRoot {
                #expect(status.st_uid == getpwnam("nobody")?.pointee.pw_uid)
                #expect(status.st_gid == getgrnam("daemon")?.pointee.gr_gid)
            }
            let swaks = try Swaks(socket: path, content: Samples.sample("clean"))
            #expect(swaks.status == 0, "\(swaks.transcript)")
            #expect(swaks.transcript.contains("LHLO swaks.client.example"))
            #expect(try #require(hop.deliveries.first).relayed.original == Samples.sample("clean"))
            // A socket that a killed gateway left behind does not keep the next one from starting.
            gateway.killHard()
            try #require(stat(path, &status) == 0)
            try gateway.restart()
            #expect(try Swaks(socket: path, content: Samples.sample("clean")).status == 0)
            #expect(gateway.terminate() == 0)
            #expect(stat(path, &status) != 0, "the socket is still there")
        }
    }

    /// Each listener has the policy that it names.
    @Test func policies() async throws {
        try await Lanes.run {
            let hop = try ScriptedNextHop(lmtp: false)
            let list = GatewayConfiguration.list([hop.address])
            var configuration = try GatewayConfiguration(nextHops: [hop.address])
            configuration.policies["refusing"] = ["next_hops": list, "infected": "reject", "quarantine": "no"]
            configuration.policies["lax"] = ["next_hops": list, "infected": "pass", "banned": "pass"]
            configuration.policies["waiting"] = ["next_hops": list, "infected": "tempfail"]
            for name in ["refusing", "lax", "waiting"] {
                configuration.listeners.append(GatewayConfiguration.Listener(port: try Ports.free(), policy: name))
            }
            configuration.listeners.append(GatewayConfiguration.Listener(port: try Ports.free(), beforeQueue: true))
            let gateway = try GatewayProcess(configuration)
            let sample = try Samples.sample("eicar-attached")
            var replies: [String] = []
            for listener in gateway.configuration.listeners {
                replies.append(try Swaks(port: listener.port, content: sample).decisive)
            }
            #expect(replies[0].hasPrefix("250 2.7.0 Ok, discarded, id="), "\(replies)")
            #expect(replies[1].hasPrefix("554 5.7.0 Reject, id="), "\(replies)")
            #expect(replies[2].hasPrefix("250 2.") && replies[2].contains("from MTA"), "\(replies)")
            #expect(replies[3].hasPrefix("45"), "\(replies)")
            #expect(replies[4].hasPrefix("554 5.7.0 Reject, id="), "\(replies)")
            #expect(hop.deliveries.map(\.relayed.original) == [sample])
            let lines = try gateway.awaitMessageLines(5)
            for (line, policy) in zip(lines, ["default", "refusing", "lax", "waiting", "default"]) {
                #expect(line.contains("}, \(policy) [127.0.0.1]:"), "\(line)")
            }
            // Kept: by default before and after the queue, and not where the policy says no.
            #expect(!lines[1].contains("quarantine: ") && lines[4].contains("quarantine: "))
        }
    }
}
