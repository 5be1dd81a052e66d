import Foundation
import TestSupport
import Testing

/// Where amavisd-release is; nil when it is not there.
private let amavisdRelease: String? = [
    Programs.package + "/build/tools/amavisd/usr/sbin/amavisd-release", "/usr/sbin/amavisd-release",
].first { FileManager.default.fileExists(atPath: $0) }

/// Release requests by Debian's `amavisd-release`, whose socket has a fixed path: it is run where `/var/lib` is another one.
@Suite(.enabled(if: amavisdRelease != nil && Programs.isRoot, "needs root and Debian's amavisd-new: make test-deps"))
struct ReleaseRequestTests {
    private struct Stage {
        let hop: ScriptedNextHop
        let gateway: GatewayProcess
        let socket: String

        /// A gateway that takes release requests and keeps mail that a rule holds.
        init(format: String = "resend") throws {
            let scratch = try Scratch(.disk)
            hop = try ScriptedNextHop(lmtp: false)
            var configuration = try GatewayConfiguration(nextHops: [hop.address])
            socket = scratch.path + "/release.sock"
            try scratch.give("", mode: 0o777)
            configuration.settings["quarantine.release_listener"] = "\"unix:\(socket)\""
            configuration.settings["quarantine.release_format"] = format
            let rules = try scratch.write("header_checks", "/^Subject: hold/ HOLD for review\n")
            configuration.settings["header_checks"] = "[\"regexp:\(rules)\"]"
            gateway = try GatewayProcess(configuration)
            self.scratch = scratch
        }

        private let scratch: Scratch

        /// Keeps a message; its identifier and secret.
        func keep(_ content: [UInt8]) throws -> (id: String, secret: String) {
            let before = Set(gateway.quarantined)
            let reply = try send(Mail(to: ["a@example.net", "b@example.net"], content: content), to: gateway.port)
            #expect(reply.code == 250)
            let id = try #require(gateway.quarantined.first { !before.contains($0) })
            let page = try mailreeve("quarantine", "show", "--config", gateway.configurationFile, id)
            let secret = try #require(page.lines.first { $0.hasPrefix("secret ") })
            return (id, String(secret.split(separator: " ").last ?? ""))
        }

        /// The replies, which it writes to standard error.
        func release(_ arguments: String...) throws -> [String] {
            let script = """
                mount -t tmpfs none /var/lib && mkdir /var/lib/amavis && ln -s "$1" /var/lib/amavis/amavisd.sock
                shift
                exec "$@"
                """
            let result = try runTool(
                "unshare", ["-m", "sh", "-c", script, "sh", socket, try #require(amavisdRelease)] + arguments)
            #expect(result.status == 0, "\(result)")
            return result.errorText.split(separator: "\n").map(String.init)
        }
    }

    private static let held = Array("Subject: hold me\r\nFrom: s@example.org\r\n\r\ntext\r\n".utf8)

    @Test func release() async throws {
        try await Lanes.run {
            let stage = try Stage()
            let (id, secret) = try stage.keep(Self.held)
            // A wrong secret, none, and another's identifier release nothing.
            for arguments in [[id, "wrong"], [id, ""], ["spam-AbSentEntry1.gz", secret]] {
                let result = try stage.release(arguments[0], arguments[1])
                #expect(result.count == 1 && result[0].hasPrefix("550 "), "\(result)")
            }
            #expect(stage.hop.deliveries.isEmpty)

            let all = try stage.release(id, secret)
            #expect(all.count == 2 && all.allSatisfy { $0.hasPrefix("250 ") }, "\(all)")
            let delivery = try #require(stage.hop.deliveries.first)
            #expect(delivery.recipients == ["a@example.net", "b@example.net"])
            #expect(delivery.mail.hasPrefix("FROM:<sender@example.org>"))
            #expect(delivery.content.suffix(Self.held.count) == Self.held[...])
            #expect(delivery.content.starts(with: Array("X-Mailreeve-Release: t=".utf8)))

            // As amavis names files, and to another.
            let other = try stage.release("spam-\(id).gz", secret, "admin@example.net")
            #expect(other.count == 1 && other[0].hasPrefix("250 "), "\(other)")
            #expect(stage.hop.deliveries.last?.recipients == ["admin@example.net"])
            let listed = try mailreeve("quarantine", "list", "--released", "--config", stage.gateway.configurationFile)
            #expect(listed.lines.count == 1 && listed.lines[0].hasPrefix(id), "\(listed)")
            _ = try stage.gateway.log.wait(
                for: "Quarantined message release: \(id) <sender@example.org> -> <a@example.net>,")
        }
    }

    /// In the form that the settings say; what is to be judged again goes as it came.
    @Test(arguments: ["plain", "attach"])
    func formsOfReleases(_ format: String) async throws {
        try await Lanes.run {
            let stage = try Stage(format: format)
            let (id, secret) = try stage.keep(Self.held)
            let all = try stage.release(id, secret, "admin@example.net")
            #expect(all.count == 1 && all[0].hasPrefix("250 "), "\(all)")
            let delivery = try #require(stage.hop.deliveries.first)
            let text = String(decoding: delivery.content, as: UTF8.self)
            #expect(delivery.mail.hasPrefix("FROM:<>") && delivery.recipients == ["admin@example.net"])
            let type = format == "plain" ? "text/plain; charset=us-ascii" : "message/rfc822"
            #expect(text.contains("\r\nContent-Type: \(type)\r\n"), "\(text)")
            #expect(text.contains(String(decoding: Self.held, as: UTF8.self)))
        }
    }

    @Test func infectedMailIsNotReleased() async throws {
        try await Lanes.run {
            let stage = try Stage()
            let (id, secret) = try stage.keep(try Samples.sample("eicar-attached"))
            let result = try stage.release(id, secret)
            #expect(
                result.count == 1 && result[0].hasPrefix("550 5.3.5 ") && result[0].contains("infected"), "\(result)")
            #expect(result[0].contains("`mailreeve quarantine release --force` only"), "\(result)")
            #expect(stage.hop.deliveries.isEmpty)
        }
    }

    /// Requests by hand: `requeue`, a verdict that is asked for, nonsense; the daemon goes on.
    @Test func otherRequests() async throws {
        try await Lanes.run {
            let stage = try Stage()
            let (id, secret) = try stage.keep(Self.held)
            let program = """
                import socket, sys
                s = socket.socket(socket.AF_UNIX)
                s.connect(sys.argv[1])
                s.settimeout(20)
                s.sendall(sys.stdin.buffer.read())
                if sys.argv[2] == "close": s.shutdown(socket.SHUT_WR)
                data = b""
                while not data.endswith(b"\\r\\n\\r\\n"):
                    piece = s.recv(4096)
                    if not piece: break
                    data += piece
                sys.stdout.buffer.write(data)
                """
            func ask(_ text: String, closing: Bool = false) throws -> String {
                let arguments = ["-c", program, stage.socket, closing ? "close" : "wait"]
                return try runTool("python3", arguments, input: Array(text.utf8)).text
            }
            let requeued = try ask("request=requeue\r\nmail_id=\(id)\r\nsecret_id=\(secret)\r\n\r\n")
            #expect(
                requeued.hasPrefix("version_server=2\r\nlog_id=") && requeued.contains("setreply=250 2."), "\(requeued)"
            )
            #expect(stage.gateway.quarantined.count == 2)
            let verdict = try ask("request=AM.PDP\r\nsender=<>\r\n\r\n")
            #expect(
                verdict.contains("return_value=tempfail\r\n") && verdict.contains("setreply=451 4.5.0 "), "\(verdict)")
            for bad in [
                "nonsense\r\n", "request=release\r\n\r\n", "request=release\r\nmail_id=../x\r\n\r\n",
                "request=release\r\nmail_id=\(id)\r\nsecret_id=\(secret)\r\nrecipient=<>\r\n\r\n",
                String(repeating: "x", count: 100_000),
            ] {
                let answer = try ask(bad)
                #expect(!answer.contains("setreply=250"), "\(answer)")
            }
            #expect(stage.hop.deliveries.isEmpty)
            let again = try ask("request=release\r\nmail_id=\(id)\r\nsecret_id=\(secret)\r\n\r\n")
            #expect(again.contains("setreply=250 2."), "\(again)")
            // Who closes his side behind his request hears its answer.
            let sent = stage.hop.deliveries.count
            let closed = try ask("request=release\r\nmail_id=\(id)\r\nsecret_id=\(secret)\r\n\r\n", closing: true)
            #expect(closed.contains("setreply=250 2.") && closed.hasSuffix("\r\n\r\n"), "\(closed)")
            #expect(stage.hop.deliveries.count == sent + 1)
            for recipient in ["", "<>", "<a b@x>"] {
                let refused = try ask(
                    "request=release\r\nmail_id=\(id)\r\nsecret_id=\(secret)\r\nrecipient=\(recipient)\r\n\r\n")
                #expect(refused.contains("setreply=550 5.3.5 not%20released:%20recipient="), "\(refused)")
                #expect(refused.contains("%20is%20no%20address"))
            }
        }
    }
}
