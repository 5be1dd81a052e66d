import MailModel
import SMTP
import Testing

@Suite("Client: failures")
struct ClientFailureTests {
    private static func opening(lmtp: Bool = false) -> [(Turn, [String])] {
        ClientSessionTests.opening(ClientSessionTests.pipeliningOnly, verb: lmtp ? "LHLO" : "EHLO")
    }

    private static func goAhead(lmtp: Bool = false) -> [(Turn, [String])] {
        opening(lmtp: lmtp) + [
            (
                .begin(ClientSessionTests.mail()),
                ["MAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nRCPT TO:<c@y>\r\nDATA\r\n"]
            ),
            (.peer("250 m\r\n250 b\r\n550 c\r\n354 go\r\n"), ["goAhead 250 b|550 c"]),
        ]
    }

    @Test(arguments: [
        ("554 no\r\n", "refused"), ("421 busy\r\n", "shuttingDown"), ("SSH-2.0-x\r\n", "protocolError"),
        ("354 x\r\n", "protocolError"),
    ])
    func greeting(text: String, kind: String) {
        playClient(
            { ClientDialogue() }, [(.connected, []), (.peer(text), ["failed \(kind) risk=false ", "close"])])
    }

    @Test func lostBeforeTheDot() {
        playClient(
            { ClientDialogue() },
            Self.goAhead() + [(.connectionLost, ["failed connectionLost risk=false 250 b|550 c", "close"])])
        playClient(
            { ClientDialogue() },
            Self.goAhead() + [(.timedOut, ["failed timedOut risk=false 250 b|550 c", "close"]), (.connectionLost, [])])
        playClient({ ClientDialogue() }, Self.goAhead() + [(.abort, ["close"]), (.connectionLost, [])])
    }

    @Test func lostAfterTheDot() {
        playClient(
            { ClientDialogue() },
            Self.goAhead() + [
                (.commit("x\r\n"), [".\r\n"]), (.connectionLost, ["failed connectionLost risk=true ?|550 c", "close"]),
            ])
        playClient(
            { ClientDialogue() },
            Self.goAhead() + [
                (.commit("x\r\n"), [".\r\n"]), (.timedOut, ["failed timedOut risk=true ?|550 c", "close"]),
            ])
        playClient(
            { ClientDialogue() },
            Self.goAhead() + [
                (.commit("x\r\n"), [".\r\n"]),
                (.peer("garbage\r\n"), ["failed protocolError risk=true ?|550 c", "close"]),
            ])
    }

    @Test("421 after the dot says that the message was not taken")
    func shutdownAfterTheDot() {
        playClient(
            { ClientDialogue() },
            Self.goAhead() + [
                (.commit("x\r\n"), [".\r\n"]),
                (.peer("421 4.3.2 bye\r\n"), ["failed shuttingDown risk=false ?|550 c", "close"]),
            ])
    }

    @Test func lmtpLostBetweenFinalReplies() {
        let turns =
            Self.opening(lmtp: true) + [
                (
                    .begin(ClientSessionTests.mail()),
                    ["MAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nRCPT TO:<c@y>\r\nDATA\r\n"]
                ),
                (.peer("250 m\r\n250 b\r\n250 c\r\n354 go\r\n"), ["goAhead 250 b|250 c"]),
                (.commit("x\r\n"), [".\r\n"]), (.peer("250 b done\r\n"), []),
            ]
        playClient(
            { ClientDialogue(lmtp: true) },
            turns + [(.connectionLost, ["failed connectionLost risk=true 250 b done|?", "close"])])
        playClient(
            { ClientDialogue(lmtp: true) },
            turns + [(.peer("421 bye\r\n"), ["failed shuttingDown risk=true 250 b done|?", "close"])])
    }

    @Test func shuttingDownAtAnyTime() {
        playClient(
            { ClientDialogue() },
            Self.opening() + [(.peer("421 idle\r\n"), ["failed shuttingDown risk=false ", "close"])])
        playClient(
            { ClientDialogue() },
            Self.opening() + [
                (
                    .begin(ClientSessionTests.mail()),
                    ["MAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nRCPT TO:<c@y>\r\nDATA\r\n"]
                ),
                (.peer("250 m\r\n421 bye\r\n"), ["failed shuttingDown risk=false ?|?", "close"]),
            ])
        playClient(
            { ClientDialogue() },
            Self.goAhead() + [(.peer("421 bye\r\n"), ["failed shuttingDown risk=false 250 b|550 c", "close"])])
    }

    @Test func unsolicitedReplies() {
        playClient(
            { ClientDialogue() },
            Self.opening() + [(.peer("250 x\r\n"), ["failed protocolError risk=false ", "close"])])
        playClient(
            { ClientDialogue() },
            Self.goAhead() + [(.peer("250 early\r\n"), ["failed protocolError risk=false 250 b|550 c", "close"])])
        playClient(
            { ClientDialogue() },
            Self.goAhead() + [
                (.commit("x\r\n"), [".\r\n"]),
                (
                    .peer("250 ok\r\n250 again\r\n"),
                    ["finished 250 ok|550 c", "failed protocolError risk=false ", "close"]
                ),
            ])
    }

    @Test("a reply that is there before its command", arguments: ["220 x\r\n250 mx\r\n", "220 x\r\n2"])
    func earlyReply(text: String) {
        var dialogue = ClientDialogue()
        dialogue.event { $0.connected(&$1) }
        dialogue.feed(Array(text.utf8))
        #expect(dialogue.take() == ["failed protocolError risk=false ", "close"])
    }

    @Test(
        "replies out of place", arguments: ["354 m\r\n", "250 m\r\n354 r\r\n", "250 m\r\n250 r\r\n250 r\r\n250 d\r\n"])
    func outOfPlace(text: String) {
        var dialogue = ClientDialogue()
        dialogue.event { $0.connected(&$1) }
        dialogue.feed(Array("220 x\r\n".utf8))
        dialogue.feed(Array(ClientSessionTests.pipeliningOnly.utf8))
        dialogue.event { $0.begin(ClientSessionTests.mail(), &$1) }
        _ = dialogue.take()
        dialogue.feed(Array(text.utf8))
        let happened = dialogue.take()
        #expect(happened.first?.hasPrefix("failed protocolError risk=false") == true, "\(happened)")
        #expect(happened.last == "close")
    }

    @Test func endings() {
        playClient({ ClientDialogue() }, Self.opening() + [(.quit, ["QUIT\r\n"]), (.connectionLost, ["close"])])
        playClient({ ClientDialogue() }, Self.opening() + [(.quit, ["QUIT\r\n"]), (.timedOut, ["close"])])
        playClient(
            { ClientDialogue() },
            Self.opening() + [
                (.reset, ["RSET\r\n"]), (.connectionLost, ["failed connectionLost risk=false ", "close"]),
                (.begin(ClientSessionTests.mail()), ["failed connectionLost risk=false "]),
            ])
        playClient(
            { ClientDialogue() },
            Self.opening() + [(.reset, ["RSET\r\n"]), (.peer("500 x\r\n"), ["failed refused risk=false ", "close"])])
    }

    @Test func capabilities() {
        var dialogue = ClientDialogue()
        dialogue.event { $0.connected(&$1) }
        dialogue.feed(Array("220 x\r\n".utf8))
        dialogue.feed(
            Array("250-pipelining dsn\r\n250-size\r\n250-Dsn\r\n250-AUTH=PLAIN\r\n250 xforward addr port\r\n".utf8))
        var expected = ServerCapabilities()
        expected.size = true
        expected.dsn = true
        expected.xforward = XForward.Attributes(rawValue: 0b110)
        #expect(dialogue.session.capabilities == expected)
        #expect(!dialogue.session.capabilities.pipelining)
    }
}
