import MailModel
import SMTP
import Testing

@Suite("Client: the dialogue")
struct ClientSessionTests {
    static let all =
        "250-mx.example greets\r\n250-PIPELINING\r\n250-SIZE 1000\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-DSN\r\n"
        + "250-ENHANCEDSTATUSCODES\r\n250 XFORWARD NAME ADDR HELO\r\n"

    static func opening(_ announced: String = all, verb: String = "EHLO") -> [(Turn, [String])] {
        [
            (.connected, []), (.peer("220-mx\r\n220 hello\r\n"), ["\(verb) gw.example\r\n"]),
            (.peer(announced), ["ready"]),
        ]
    }

    static let pipeliningOnly = "250-mx\r\n250 PIPELINING\r\n"
    static let plain = "250 mx\r\n"

    static func mail(_ recipients: [String] = ["b@y", "c@y"], from: String = "a@x") -> ClientTransaction {
        ClientTransaction(
            reversePath: MailPath(from), recipients: recipients.map { Recipient(path: MailPath($0)) },
            messageSize: 123, hasEightBit: false)
    }

    @Test func everythingInOneSend() {
        var wanted = Self.mail()
        wanted.hasEightBit = true
        wanted.parameters = MailParameters(
            declaredSize: 5, body: .sevenBit, smtputf8: true, ret: .full, envelopeID: Array("id+2B".utf8))
        wanted.recipients[0].notify = [.success, .failure]
        wanted.recipients[0].originalRecipient = Array("rfc822;o@x".utf8)
        wanted.recipients[1].notify = .never
        var forwarded = ForwardedClient()
        forwarded.name = Array("n".utf8)
        forwarded.port = Array("25".utf8)
        wanted.forwarded = forwarded
        let batch =
            "XFORWARD NAME=n ADDR=[UNAVAILABLE] HELO=[UNAVAILABLE]\r\n"
            + "MAIL FROM:<a@x> SIZE=123 BODY=8BITMIME SMTPUTF8 RET=FULL ENVID=id+2B\r\n"
            + "RCPT TO:<b@y> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;o@x\r\nRCPT TO:<c@y> NOTIFY=NEVER\r\nDATA\r\n"
        playClient(
            { ClientDialogue() },
            Self.opening() + [
                (.begin(wanted), [batch]),
                (
                    .peer("250 x\r\n250 2.1.0 m\r\n250 2.1.5 r1\r\n250 2.1.5 r2\r\n354 go\r\n"),
                    ["goAhead 250 2.1.5 r1|250 2.1.5 r2"]
                ),
                (.commit("a\r\n"), [".\r\n"]),
                (
                    .peer("250 2.0.0 Ok: queued as X\r\n"),
                    ["finished 250 2.0.0 Ok: queued as X|250 2.0.0 Ok: queued as X"]
                ),
                (.begin(Self.mail(["d@y"])), ["MAIL FROM:<a@x> SIZE=123\r\nRCPT TO:<d@y>\r\nDATA\r\n"]),
                (.peer("250 m\r\n250 r\r\n354 go\r\n"), ["goAhead 250 r"]),
                (.commit("no line end"), ["\r\n.\r\n"]),
                (.peer("451 4.3.0 later\r\n"), ["finished 451 4.3.0 later"]),
                (.reset, ["RSET\r\n"]), (.peer("250 ok\r\n"), ["ready"]),
                (.quit, ["QUIT\r\n"]), (.peer("221 bye\r\n"), ["close"]),
            ])
    }

    @Test func stepByStepWithoutAnyExtension() {
        var wanted = Self.mail()
        wanted.hasEightBit = true
        wanted.parameters = MailParameters(
            body: .eightBitMIME, smtputf8: true, ret: .headers, envelopeID: Array("i".utf8))
        wanted.recipients[0].notify = .never
        wanted.forwarded = ForwardedClient()
        playClient(
            { ClientDialogue() },
            [
                (.connected, []), (.peer("220 hello\r\n"), ["EHLO gw.example\r\n"]),
                (.peer("502 what\r\n"), ["HELO gw.example\r\n"]), (.peer("250 mx\r\n"), ["ready"]),
                (.begin(wanted), ["MAIL FROM:<a@x>\r\n"]), (.peer("250 m\r\n"), ["RCPT TO:<b@y>\r\n"]),
                (.peer("550 5.1.1 no\r\n"), ["RCPT TO:<c@y>\r\n"]), (.peer("250 r\r\n"), ["DATA\r\n"]),
                (.peer("354 go\r\n"), ["goAhead 550 5.1.1 no|250 r"]), (.commit(""), [".\r\n"]),
                (.peer("250 done\r\n"), ["finished 550 5.1.1 no|250 done"]),
            ])
    }

    @Test func lmtpRepliesForEachAcceptedRecipient() {
        playClient(
            { ClientDialogue(lmtp: true) },
            Self.opening(Self.pipeliningOnly, verb: "LHLO") + [
                (
                    .begin(Self.mail(["a@y", "b@y", "c@y"])),
                    ["MAIL FROM:<a@x>\r\nRCPT TO:<a@y>\r\nRCPT TO:<b@y>\r\nRCPT TO:<c@y>\r\nDATA\r\n"]
                ),
                (.peer("250 m\r\n250 ra\r\n550 rb\r\n250 rc\r\n354 go\r\n"), ["goAhead 250 ra|550 rb|250 rc"]),
                (.commit("x\r\n"), [".\r\n"]), (.peer("250 a done\r\n"), []),
                (.peer("452 c full\r\n"), ["finished 250 a done|550 rb|452 c full"]),
            ])
    }

    @Test func lmtpHasNoHELO() {
        playClient(
            { ClientDialogue(lmtp: true) },
            [
                (.connected, []), (.peer("220 x\r\n"), ["LHLO gw.example\r\n"]),
                (.peer("500 what\r\n"), ["failed refused risk=false ", "close"]),
            ])
    }

    @Test func refusedMail() {
        playClient(
            { ClientDialogue() },
            Self.opening(Self.pipeliningOnly) + [
                (.begin(Self.mail()), ["MAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nRCPT TO:<c@y>\r\nDATA\r\n"]),
                (.peer("550 5.7.1 no\r\n503 r\r\n503 r\r\n503 d\r\n"), ["refused 550 5.7.1 no|550 5.7.1 no"]),
                (.begin(Self.mail(["b@y"])), ["MAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n"]),
            ])
        playClient(
            { ClientDialogue() },
            Self.opening(Self.plain) + [
                (.begin(Self.mail()), ["MAIL FROM:<a@x>\r\n"]),
                (.peer("450 later\r\n"), ["refused 450 later|450 later"]),
            ])
    }

    @Test func nobodyAccepted() {
        playClient(
            { ClientDialogue() },
            Self.opening(Self.pipeliningOnly) + [
                (.begin(Self.mail()), ["MAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nRCPT TO:<c@y>\r\nDATA\r\n"]),
                (.peer("250 m\r\n550 1\r\n450 2\r\n554 none\r\n"), ["refused 550 1|450 2"]),
                (.begin(Self.mail(["b@y"])), ["RSET\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n"]),
                (.peer("250 rset\r\n250 m\r\n250 r\r\n354 go\r\n"), ["goAhead 250 r"]),
            ])
        playClient(
            { ClientDialogue() },
            Self.opening(Self.plain) + [
                (.begin(Self.mail(["b@y"])), ["MAIL FROM:<a@x>\r\n"]), (.peer("250 m\r\n"), ["RCPT TO:<b@y>\r\n"]),
                (.peer("550 1\r\n"), ["refused 550 1"]), (.begin(Self.mail(["b@y"])), ["RSET\r\n"]),
                (.peer("250 x\r\n"), ["MAIL FROM:<a@x>\r\n"]),
            ])
    }

    @Test func goAheadForNobodyGetsALoneDot() {
        playClient(
            { ClientDialogue() },
            Self.opening(Self.pipeliningOnly) + [
                (.begin(Self.mail(["b@y"])), ["MAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n"]),
                (.peer("250 m\r\n550 no\r\n354 go\r\n"), [".\r\n"]),
                (.peer("554 no recipients\r\n"), ["refused 550 no"]),
                (.begin(Self.mail(["b@y"])), ["MAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n"]),
            ])
        playClient(
            { ClientDialogue(lmtp: true) },
            Self.opening(Self.pipeliningOnly, verb: "LHLO") + [
                (.begin(Self.mail(["b@y"])), ["MAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n"]),
                (.peer("250 m\r\n550 no\r\n354 go\r\n"), ["refused 550 no", "close"]),
            ])
    }

    @Test func goAheadAfterRefusedMailGetsNoDot() {
        playClient(
            { ClientDialogue() },
            Self.opening(Self.pipeliningOnly) + [
                (.begin(Self.mail(["b@y"])), ["MAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n"]),
                (.peer("550 m\r\n250 r\r\n354 go\r\n"), ["refused 550 m", "close"]),
            ])
    }

    @Test func refusedData() {
        playClient(
            { ClientDialogue() },
            Self.opening(Self.pipeliningOnly) + [
                (.begin(Self.mail()), ["MAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nRCPT TO:<c@y>\r\nDATA\r\n"]),
                (.peer("250 m\r\n550 no\r\n250 r\r\n452 4.3.1 full\r\n"), ["refused 550 no|452 4.3.1 full"]),
                (.begin(Self.mail(["b@y"])), ["RSET\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n"]),
                (.peer("500 rset\r\n"), ["failed refused risk=false ?", "close"]),
            ])
    }

    @Test func refusedXForwardHoldsNothingUp() {
        var wanted = Self.mail(["b@y"])
        wanted.forwarded = ForwardedClient()
        let rest = "MAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n"
        playClient(
            { ClientDialogue() },
            Self.opening("250-mx\r\n250-PIPELINING\r\n250 XFORWARD NAME\r\n") + [
                (.begin(wanted), ["XFORWARD NAME=[UNAVAILABLE]\r\n" + rest]),
                (.peer("550 not you\r\n250 m\r\n250 r\r\n354 go\r\n"), ["goAhead 250 r"]), (.commit(""), [".\r\n"]),
                (.peer("250 ok\r\n"), ["finished 250 ok"]), (.begin(wanted), [rest]),
            ])
        playClient(
            { ClientDialogue(sendXForward: false) },
            Self.opening() + [(.begin(wanted), ["MAIL FROM:<a@x> SIZE=123\r\nRCPT TO:<b@y>\r\nDATA\r\n"])])
    }

    @Test("A5: SMTPUTF8 missing at the next hop")
    func internationalAddresses() {
        playClient(
            { ClientDialogue() },
            Self.opening(Self.pipeliningOnly) + [
                (
                    .begin(Self.mail(["b@y", "é@y"])),
                    [
                        "refused "
                            + Array(
                                repeating: "553 5.6.7 Address needs SMTPUTF8, which the next hop does not offer",
                                count: 2
                            ).joined(separator: "|")
                    ]
                ),
                (.begin(Self.mail(["b@y"])), ["MAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n"]),
            ])
        playClient(
            { ClientDialogue() },
            Self.opening("250-mx\r\n250-PIPELINING\r\n250 SMTPUTF8\r\n") + [
                (.begin(Self.mail(["b@y"], from: "é@x")), ["MAIL FROM:<é@x> SMTPUTF8\r\nRCPT TO:<b@y>\r\nDATA\r\n"])
            ])
    }

    @Test func noCommandIsMadeOfAnAddress() {
        playClient(
            { ClientDialogue() },
            Self.opening(Self.plain) + [
                (.begin(Self.mail(["b@y>\r\nDATA\r\n"])), ["refused 501 5.1.3 Bad address syntax"]),
                (.begin(Self.mail([])), ["refused "]),
            ])
    }

    @Test func startTLS() {
        let offer = "250-mx\r\n250-PIPELINING\r\n250 STARTTLS\r\n"
        let opening: [(Turn, [String])] = [
            (.connected, []), (.peer("220 x\r\n"), ["EHLO gw.example\r\n"]), (.peer(offer), ["STARTTLS\r\n"]),
        ]
        for tls in [ClientSession.TLS.may, .encrypt] {
            playClient(
                { ClientDialogue(tls: tls) },
                opening + [
                    (.peer("220 go\r\n"), ["startTLS"]), (.tlsEstablished, ["EHLO gw.example\r\n"]),
                    (.peer(Self.plain), ["ready"]), (.begin(Self.mail(["b@y"])), ["MAIL FROM:<a@x>\r\n"]),
                ])
        }
        playClient({ ClientDialogue(tls: .may) }, opening + [(.peer("454 no\r\n"), ["ready"])])
        playClient(
            { ClientDialogue(tls: .encrypt) },
            opening + [(.peer("454 no\r\n"), ["failed tlsUnavailable risk=false ", "close"])])
        playClient(
            { ClientDialogue(tls: .encrypt) },
            [
                (.connected, []), (.peer("220 x\r\n"), ["EHLO gw.example\r\n"]),
                (.peer(Self.plain), ["failed tlsUnavailable risk=false ", "close"]),
            ])
        playClient(
            { ClientDialogue(tls: .encrypt) },
            [
                (.connected, []), (.peer("220 x\r\n"), ["EHLO gw.example\r\n"]),
                (.peer("500 x\r\n"), ["HELO gw.example\r\n"]),
                (.peer(Self.plain), ["failed tlsUnavailable risk=false ", "close"]),
            ])
    }

    @Test func plaintextBehindStartTLSReplyIsRefused() {
        var dialogue = ClientDialogue(tls: .may)
        dialogue.event { $0.connected(&$1) }
        dialogue.feed(Array("220 x\r\n".utf8))
        dialogue.feed(Array("250-mx\r\n250 STARTTLS\r\n".utf8))
        _ = dialogue.take()
        dialogue.feed(Array("220 go\r\n250 SMTPUTF8\r\n".utf8))
        #expect(dialogue.take() == ["failed protocolError risk=false ", "close"])
    }
}
