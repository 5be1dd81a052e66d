import Glibc
import MailModel
@testable import SMTP
import Testing

@Suite("Grammar: paths and parameters")
struct GrammarTests {
    private func read(_ argument: String) -> (path: String, parameters: String)? {
        guard let split = try? PathGrammar.split(Array(argument.utf8)[...]),
            let path = try? PathGrammar.parse(split.path)
        else { return nil }
        return (
            String(decoding: path.bytes, as: UTF8.self), String(decoding: split.parameters, as: UTF8.self)
        )
    }

    @Test(arguments: [
        ("<a@x.example>", "a@x.example", ""), ("<>", "", ""), ("<postmaster>", "postmaster", ""),
        (" <a@x> SIZE=1 BODY=7BIT ", "a@x", "SIZE=1 BODY=7BIT"), ("<@a.example,@b.example:c@d>", "c@d", ""),
        ("<@[IPv6:::1]:c@d>", "c@d", ""), ("<\"a b\"@x>", "\"a b\"@x", ""),
        ("<\"a>b\\\"@\"@x> X", "\"a>b\\\"@\"@x", "X"),
        ("<\"\"@x>", "\"\"@x", ""), ("<a@[192.0.2.1]>", "a@[192.0.2.1]", ""),
        ("<a@[IPv6:2001:db8::1]>", "a@[IPv6:2001:db8::1]", ""), ("<a..b.@x>", "a..b.@x", ""),
        ("<a+b=c/d!e#f@x_y.example>", "a+b=c/d!e#f@x_y.example", ""), ("<é@ö.example>", "é@ö.example", ""),
        ("a@x SIZE=1", "a@x", "SIZE=1"), ("<root> X", "root", "X"),
    ])
    func accepted(argument: String, path: String, parameters: String) {
        let result = read(argument)
        #expect(result?.path == path)
        #expect(result?.parameters == parameters)
    }

    @Test(arguments: [
        "", " ", "<", "<a@x", "<a@x>X", "<a@x>>", "<<a@x>>", "<a@>", "<@x>", "<@x:>", "<@a,b:c@d>", "<@a,:c@d>",
        "<a@b@c>",
        "<a b@x>", "<\"a@x>", "<\"a\"b@x>", "<\"a\\", "<a@x..y>", "<a@.x>", "<a@.>", "<a@x..>", "<a@x y>", "<a@[]>",
        "<a@[1>",
        "<a@[1]2>", "<a@[a b]>", "<\"a@b\">", "<a@[b@c]>", "<a,b@x>", "<a;b@x>", "<a\u{0}@x>", "<a\u{7F}@x>",
        "<\"a\u{1}\"@x>", "<a@x\t>",
        "<(c)a@x>",
        "<a@x(c)>", "<a@x!y>", "<\"\\é\"@x>",
    ])
    func refused(argument: String) {
        #expect(read(argument) == nil)
    }

    @Test func invalidUTF8IsRefused() {
        #expect(throws: PathGrammar.Fault.syntax) { try PathGrammar.parse([0x61, 0xFF, 0x40, 0x78]) }
    }

    @Test func limits() throws {
        func path(local: Int, _ domain: String) -> ArraySlice<UInt8> {
            Array((String(repeating: "l", count: local) + "@" + domain).utf8)[...]
        }
        _ = try PathGrammar.parse(path(local: PathGrammar.pathLimit - 2, "x"))
        #expect(throws: PathGrammar.Fault.tooLong) {
            try PathGrammar.parse(path(local: PathGrammar.pathLimit - 1, "x"))
        }
        let label = String(repeating: "d", count: PathGrammar.labelLimit)
        _ = try PathGrammar.parse(path(local: 1, label))
        #expect(throws: PathGrammar.Fault.tooLong) { try PathGrammar.parse(path(local: 1, label + "d")) }
        let domain = [label, label, label, label].joined(separator: ".")
        #expect(domain.utf8.count == PathGrammar.domainLimit)
        _ = try PathGrammar.parse(path(local: 1, domain))
        let longer = [label, label, label, String(label.dropLast(2)), "dd"].joined(separator: ".")
        #expect(longer.utf8.count == PathGrammar.domainLimit + 1)
        #expect(throws: PathGrammar.Fault.tooLong) { try PathGrammar.parse(path(local: 1, longer)) }
    }

    @Test(arguments: [
        ("FOO=1", 555), ("SIZE=1 SIZE=1", 501), ("SIZE", 501), ("SIZE=", 501), ("SIZE=-1", 501), ("SIZE=1x", 501),
        ("SIZE=123456789012345678901", 501), ("BODY=BINARYMIME", 501), ("BODY", 501), ("SMTPUTF8=1", 501),
        ("SMTPUTF8 SMTPUTF8", 501), ("RET=ALL", 501), ("RET=FULL RET=FULL", 501), ("ENVID=", 501), ("ENVID=a+4", 501),
        ("ENVID=a+0D+0A", 501), ("ENVID=a=b", 501), ("AUTH", 501), ("AUTH=a b", 555), ("=1", 501), ("SI_ZE=1", 501),
        ("BODY=7BIT\u{1}", 501), ("AUTH=<> AUTH=<>", 501),
    ])
    func badMailParameters(text: String, code: Int) {
        let error = #expect(throws: Refusal.self) { try Parameters.mail(Array(text.utf8)[...]) }
        #expect(error?.reply.code == code)
        #expect(error?.reply.enhanced == EnhancedStatus(5, 5, 4))
    }

    @Test func goodMailParameters() throws {
        let all = try Parameters.mail(
            Array("size=12 body=8bitmime smtputf8 ret=full envid=x+2By AUTH=e+3Dmc2@example.com".utf8)[...])
        #expect(
            all
                == MailParameters(
                    declaredSize: 12, body: .eightBitMIME, smtputf8: true, ret: .full, envelopeID: Array("x+2By".utf8)))
        #expect(try Parameters.mail([]) == MailParameters())
        #expect(try Parameters.mail(Array("SIZE=99999999999999999999".utf8)[...]).declaredSize == Int.max)
    }

    @Test(arguments: [
        ("SIZE=1", 555), ("NOTIFY", 501), ("NOTIFY=", 501), ("NOTIFY=NEVER,DELAY", 501), ("NOTIFY=SUCCESS,", 501),
        ("NOTIFY=x", 501), ("ORCPT=a@x", 501), ("ORCPT=rfc822;", 501), ("ORCPT=;a@x", 501), ("ORCPT=rfc822;a+0Ab", 501),
        ("ORCPT=rfc822;a ORCPT=rfc822;a", 501), ("ORCPT=rfc822;é", 501), ("NOTIFY=DELAY NOTIFY=DELAY", 501),
    ])
    func badRecipientParameters(text: String, code: Int) {
        let error = #expect(throws: Refusal.self) {
            try Parameters.recipient(Array(text.utf8)[...], path: MailPath("a@x"), smtputf8: false)
        }
        #expect(error?.reply.code == code)
    }

    @Test func internationalOriginalRecipient() throws {
        let text = Array("ORCPT=utf-8;é@x".utf8)
        let recipient = try Parameters.recipient(text[...], path: MailPath("a@x"), smtputf8: true)
        #expect(recipient.originalRecipient == Array("utf-8;é@x".utf8))
        #expect(throws: Refusal.self) { try Parameters.recipient(text[...], path: MailPath("a@x"), smtputf8: false) }
    }

    @Test func parameterLimits() throws {
        func id(_ count: Int) -> ArraySlice<UInt8> {
            Array(("ENVID=" + String(repeating: "a", count: count)).utf8)[...]
        }
        #expect(try Parameters.mail(id(Parameters.envelopeIDLimit)).envelopeID?.count == Parameters.envelopeIDLimit)
        // A longer one is left out, whatever else was said; one that is malformed is refused at any length.
        let long = Array("RET=HDRS ".utf8) + id(Parameters.envelopeIDLimit + 1)
        #expect(try Parameters.mail(long[...]) == MailParameters(ret: .headers))
        #expect(throws: Refusal.self) { try Parameters.mail(long[...] + Array("=".utf8)) }
        #expect(throws: Refusal.self) { try Parameters.mail(long[...] + Array(" ENVID=b".utf8)) }
        func original(_ count: Int) throws -> Recipient {
            let text = "ORCPT=rfc822;" + String(repeating: "a", count: count - 7)
            return try Parameters.recipient(Array(text.utf8)[...], path: MailPath("a@x"), smtputf8: false)
        }
        #expect(try original(Parameters.originalRecipientLimit).originalRecipient != nil)
        #expect(throws: Refusal.self) { try original(Parameters.originalRecipientLimit + 1) }
    }

    @Test func xtext() {
        let every = Array(0...255).map { UInt8($0) }
        let encoded = Xtext.encode(every)
        #expect(encoded.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x3D })
        #expect(Xtext.decode(encoded[...]) == every)
        #expect(Xtext.decodeWherePossible(encoded[...]) == every)
        #expect(Xtext.decode(Array("a+b".utf8)[...]) == nil)
        #expect(Xtext.decodeWherePossible(Array("a+b+".utf8)[...]) == Array("a+b+".utf8))
        #expect(Xtext.decodeWherePossible(Array("+0a+0A+4".utf8)[...]) == [10, 10] + Array("+4".utf8))
    }
}

@Suite("XFORWARD")
struct XForwardTests {
    private func apply(_ text: String, to known: ForwardedClient? = nil) throws -> ForwardedClient {
        try XForward.apply(Array(text.utf8)[...], to: known)
    }

    @Test func attributesAddUp() throws {
        let first = try apply("NAME=a+20b ADDR=IPV6:2001:db8::1 PORT=25")
        #expect(first.name == Array("a b".utf8))
        #expect(first.address == Array("2001:db8::1".utf8))
        #expect(try apply("ADDR=IPv6:::1").address == Array("::1".utf8))
        #expect(try apply("ADDR=2001:db8::1").address == Array("2001:db8::1".utf8))
        #expect(first.helo == nil)
        let second = try apply("helo=h name=[unavailable] SOURCE=REMOTE PROTO=ESMTP IDENT=4X", to: first)
        #expect(second.name == nil)
        #expect(second.port == Array("25".utf8))
        #expect(second.helo == Array("h".utf8))
        #expect(try apply("NAME=a+b").name == Array("a+b".utf8))
    }

    @Test(arguments: [
        "", "NAME", "NAME=", "FOO=1", "NAME=a+0Ab", "NAME=a+0ab", "HELO=a+00", "IDENT=+7F", "ADDR=host!", "ADDR=IPV6:",
        "ADDR=2001:db8:::1", "ADDR=192.0.2.09", "ADDR=IPV6:192.0.2.9", "ADDR=192.0.2.256", "ADDR=1.2.3", "ADDR=::1::",
        "PORT=x", "PORT=123456", "SOURCE=ELSEWHERE", "NAME=a FOO=1",
    ])
    func faults(text: String) {
        let error = #expect(throws: Refusal.self) { try apply(text) }
        #expect(error?.reply.code == 501)
    }

    /// Every text near an address is taken for what inet_pton takes it for.
    @Test func addressesAreThoseOfTheSystem() {
        var (four, six) = (in_addr(), in6_addr())
        let samples = [
            "192.0.2.1", "0.0.0.0", "255.255.255.255", "::", "::1", "1::", "2001:db8::1", "1:2:3:4:5:6:7:8",
            "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "::ffff:192.0.2.1", "1:2:3:4:5:6:1.2.3.4", "64:ff9b::1.2.3.4",
        ]
        for sample in samples {
            let bytes = Array(sample.utf8)
            var texts = [bytes]
            for place in 0...bytes.count {
                for octet in Array(":.0129af".utf8) {
                    var text = bytes
                    text.insert(octet, at: place)
                    texts.append(text)
                    if place < bytes.count {
                        text.remove(at: place + 1)
                        texts.append(text)
                    }
                }
                var text = bytes
                if place < bytes.count { text.remove(at: place) }
                texts.append(text)
            }
            for text in texts {
                let string = String(decoding: text, as: UTF8.self)
                #expect(AddressText.isIPv4(text[...]) == (inet_pton(AF_INET, string, &four) == 1), "\(string)")
                #expect(AddressText.isIPv6(text[...]) == (inet_pton(AF_INET6, string, &six) == 1), "\(string)")
            }
        }
    }

    /// Mail whose client an MTA could not name is not the MTA's own.
    @Test func aRefusedCommand() throws {
        let run = playEverySplit(
            { ServerDialogue { $0.xforwardAllowed = true } },
            [
                "EHLO c\r\nXFORWARD NAME=n ADDR=192.0.2.09\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n", ".\r\n",
                "XFORWARD IDENT=a SOURCE=LOCAL\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n", ".\r\n",
                "XFORWARD SOURCE=LOCAL\r\nXFORWARD ADDR=::1::\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n", ".\r\n",
                "XFORWARD ADDR=[UNAVAILABLE] SOURCE=REMOTE\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n", ".\r\n",
                "XFORWARD ADDR=192.0.2.9\r\nXFORWARD HELO=a+00\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n",
                ".\r\n",
            ])
        #expect(run.envelopes.map(\.client.originalAddress) == ["", "192.0.2.1", "", "", "192.0.2.9"])
    }

    @Test func valueLimit() throws {
        #expect(try apply("NAME=" + String(repeating: "+20", count: XForward.valueLimit)).name?.count == 255)
        #expect(throws: Refusal.self) { try apply("NAME=" + String(repeating: "a", count: XForward.valueLimit + 1)) }
        #expect(throws: Refusal.self) { try apply("NAME=" + String(repeating: "+20", count: XForward.valueLimit + 1)) }
    }

    @Test func clearedAfterResetAndEndOfData() {
        let segments = [
            "EHLO c\r\nXFORWARD NAME=n ADDR=192.0.2.9\r\nXFORWARD HELO=h\r\nXFORWARD NAME=x FOO=1\r\n",
            "MAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nXFORWARD NAME=z\r\nDATA\r\n", ".\r\n",
            "MAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n", ".\r\n",
            "XFORWARD NAME=n\r\nRSET\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n", ".\r\n",
        ]
        let run = playEverySplit({ ServerDialogue { $0.xforwardAllowed = true } }, segments)
        #expect(run.lines.contains("250 XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE"))
        var expected = ForwardedClient()
        expected.name = [0x6E]
        expected.address = Array("192.0.2.9".utf8)
        expected.helo = [0x68]
        #expect(run.envelopes.map(\.client.forwarded) == [expected, nil, nil])
        #expect(run.lines.contains("503 5.5.1 Error: MAIL transaction in progress"))
        #expect(run.envelopes.map(\.client.address) == ["192.0.2.1", "192.0.2.1", "192.0.2.1"])
    }

    @Test func commandsHoldOnlyWhatWasAnnounced() {
        var client = ForwardedClient()
        client.name = Array("a b".utf8)
        client.helo = Array(repeating: 0x68, count: 255)
        client.ident = Array(repeating: 0x69, count: 255)
        let some = XForward.Attributes(announcement: Array("NAME ADDR PROTO HELO FUTURE".utf8)[...])
        let lines = XForward.commands(for: client, announced: some).map { String(decoding: $0, as: UTF8.self) }
        let helo = String(repeating: "h", count: 255)
        #expect(lines == ["XFORWARD NAME=a+20b ADDR=[UNAVAILABLE] PROTO=[UNAVAILABLE] HELO=\(helo)\r\n"])
        let all = XForward.commands(for: client, announced: .all)
        #expect(all.count == 2)
        #expect(all.allSatisfy { $0.count < XForward.lineLimit && $0.suffix(2) == [13, 10] })
        #expect(XForward.commands(for: client, announced: []).isEmpty)
        let address = XForward.Attributes(announcement: Array("ADDR".utf8)[...])
        for (text, sent) in [("192.0.2.1", "192.0.2.1"), ("2001:db8::1", "IPV6:2001:db8::1")] {
            client.address = Array(text.utf8)
            let line = XForward.commands(for: client, announced: address)
            #expect(line == [Array("XFORWARD ADDR=\(sent)\r\n".utf8)])
        }
        client.name = Array(repeating: 0x20, count: 255)
        let long = XForward.commands(for: client, announced: some)
        #expect(long.allSatisfy { $0.count < XForward.lineLimit })
        #expect(String(decoding: long[0], as: UTF8.self).contains("NAME=[UNAVAILABLE]"))
    }
}
