import Foundation
import Glibc
import MailModel
import Relay
import SMTP
import Testing

/// Front door and back door against each other: TLS, Unix sockets, Maildirs.
@Suite struct TransportTests {
    private func secureDoor(_ certificate: ThrowawayCertificate, host: String = "127.0.0.1") async throws -> DoorFixture
    {
        let context = try TLSContexts.server(certificateFile: certificate.certificate, keyFile: certificate.key)
        return try await DoorFixture(changing: {
            $0.tls = context
            $0.session.startTLS = .encrypt
            $0.endpoint = .tcp(host: host, port: 0)
        })
    }

    @Test(arguments: NextHopOptions.TLSMode.allCases, ["127.0.0.1", "localhost"])
    func startTLSOut(mode: NextHopOptions.TLSMode, host: String) async throws {
        let certificate = try ThrowawayCertificate()
        defer { certificate.remove() }
        let peer = try await secureDoor(certificate)
        let hop = NextHop.smtp(.tcp(host: host, port: await peer.port()))
        let context = try TLSContexts.client(mode, trustFile: certificate.certificate)
        let fixture = try await ClientFixture {
            $0.tls = mode
            $0.tlsContext = context
        }
        let content = largeMessage(150_000)
        for _ in 0..<2 {
            let replies = await fixture.deliver(try fixture.message(content), [hop])
            // The peer wants TLS: without it MAIL is refused.
            #expect(replies.first?.hasPrefix(mode == .none ? "530" : "250") == true, "\(replies)")
        }
        if mode != .none {
            #expect(peer.receiver.taken.map { digest($0.content) } == [digest(content), digest(content)])
            #expect(peer.receiver.taken.allSatisfy { $0.envelope.client.secured })
            #expect(peer.door.status.accepted == 1)
        }
        fixture.end()
        await peer.end()
    }

    @Test func unknownCertificateIsNoNextHopUnderVerify() async throws {
        let (certificate, other) = (try ThrowawayCertificate(), try ThrowawayCertificate())
        defer {
            certificate.remove()
            other.remove()
        }
        let peer = try await secureDoor(certificate)
        let context = try TLSContexts.client(.verify, trustFile: other.certificate)
        let fixture = try await ClientFixture {
            $0.tls = .verify
            $0.tlsContext = context
        }
        let hop = NextHop.smtp(.tcp(host: "127.0.0.1", port: await peer.port()))
        let replies = await fixture.deliver(try fixture.message(), [hop])
        #expect(replies.first?.hasPrefix("unavailable") == true)
        #expect(replies.first?.lowercased().contains("certificate") == true, "\(replies)")
        fixture.end()
        await peer.end()
    }

    @Test func tlsThatIsNotOfferedIsNoNextHopUnderEncrypt() async throws {
        let peer = try ScriptedPeer()
        let context = try TLSContexts.client(.encrypt)
        let fixture = try await ClientFixture {
            $0.tls = .encrypt
            $0.tlsContext = context
        }
        #expect(
            await fixture.deliver(try fixture.message(), [peer.hop]).first?.contains("STARTTLS is not offered") == true)
        #expect(peer.messages.isEmpty)
        fixture.end()
        peer.stop()
    }

    @Test(arguments: [true, false]) func unixSocketNextHop(lmtp: Bool) async throws {
        let directory = try temporaryDirectory()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let endpoint = Endpoint.unix(path: directory + "/s")
        let peer = try await DoorFixture(changing: { $0.endpoint = endpoint })
        let fixture = try await ClientFixture()
        let message = try fixture.message(to: ["a@example.org", "b@example.org"])
        let replies = await fixture.deliver(message, [lmtp ? .lmtp(endpoint) : .smtp(endpoint)])
        #expect(replies == ["250 2.0.0 Ok: taken 1", "250 2.0.0 Ok: taken 1"])
        #expect(peer.receiver.taken.first?.envelope.client.address == "unix")
        fixture.end()
        await peer.end()
    }

    @Test func maildirNextHop() async throws {
        let fixture = try await ClientFixture()
        let path = fixture.directory + "/Maildir"
        let hop = NextHop.maildir(path: path)
        let content = Array("Subject: x\r\n\r\n.dot\r\nbody\r\n".utf8)
        let recipients = ["a@example.org", "b@example.org"]
        for _ in 0..<2 {
            let replies = await fixture.deliver(try fixture.message(content, to: recipients), [hop])
            #expect(replies.count == 2 && replies.allSatisfy { $0.hasPrefix("250 2.0.0 Ok: queued as ") })
        }
        let dropped = await fixture.client.prepare(try fixture.message(content), hops: [hop])
        guard case .ready(let prepared) = dropped else {
            Issue.record("not ready: \(dropped)")
            return
        }
        #expect(try files(path + "/tmp").count == 1)
        prepared.abort()
        let removed = await eventually { (try? files(path + "/tmp").isEmpty) == true }
        #expect(removed)
        let stored = try files(path + "/new")
        #expect(stored.count == 2)
        var status = stat()
        #expect(lstat(path, &status) == 0 && status.st_mode & 0o777 == 0o700)
        for name in stored {
            let text = try String(contentsOfFile: path + "/new/" + name, encoding: .utf8)
            #expect(
                text == """
                    Return-Path: <a@example.org>\r
                    Delivered-To: a@example.org\r
                    Delivered-To: b@example.org\r
                    X-Envelope-To: <a@example.org>,\r
                     <b@example.org>\r
                    Subject: x\r
                    \r
                    .dot\r
                    body\r

                    """)
        }
        let impossible = await fixture.deliver(try fixture.message(), [.maildir(path: "/dev/null/no")])
        #expect(impossible.first?.hasPrefix("unavailable") == true)
        fixture.end()
    }

    @Test func sinkStoresAndDiscards() async throws {
        let directory = try temporaryDirectory()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        for store in [MaildirReceiver.Store.maildir(path: directory + "/M"), .discard] {
            let sink = MaildirReceiver(store: store, hostname: "gate/example:1", disk: diskThreads)
            let fixture = try await DoorFixture(answer: { await sink.receive($0).replies })
            let client = try await ClientFixture()
            let hop = NextHop.lmtp(.tcp(host: "127.0.0.1", port: await fixture.port()))
            let replies = await client.deliver(try client.message(to: ["a@example.org", "b@example.org"]), [hop])
            #expect(replies.count == 2 && replies.allSatisfy { $0.hasPrefix("250 2.0.0 Ok: queued as ") })
            #expect(sink.messages == 1)
            client.end()
            await fixture.end()
        }
        let stored = try files(directory + "/M/new")
        #expect(stored.count == 1)
        #expect(stored.allSatisfy { $0.hasSuffix(".gate\\057example\\0721") })
    }

    private func files(_ path: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path)
    }
}
