import Foundation
import MailModel
import SMTP
import Testing

/// `shared/corpora` beside the package; nil when the corpora are not there.
private let smugglingSequences: String? = {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    let file = root.appendingPathComponent("../shared/corpora/smtp-smuggling/sequences.tsv").standardizedFileURL
    return try? String(contentsOf: file, encoding: .utf8)
}()

@Suite("Server: attacks A1 to A7")
struct ServerAttackTests {
    private static let transaction = Array("EHLO c\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n".utf8)
    private static let smuggled = Array("MAIL FROM:<evil@x>\r\nRCPT TO:<v@y>\r\nDATA\r\nbad\r\n.\r\n".utf8)

    /// The message with `sequence` in it is one message that ends at the true end of data, and nothing in it is executed.
    private func check(_ sequence: [UInt8], _ name: String) {
        let first = Array("first".utf8)
        let second = Array("MAIL FROM:<evil@x>\r\nRCPT TO:<v@y>\r\nDATA\r\nbad".utf8)
        let stream = first + sequence + second + Array("\r\n.\r\nNOOP\r\n".utf8)
        for lineEndings in LineEndings.allCases {
            let run = playEverySplit(
                { ServerDialogue { $0.lineEndings = lineEndings } }, [Self.transaction, stream])
            #expect(run.envelopes.count == 1, "\(name)")
            #expect(run.lines.count { $0 == "250 2.1.0 Ok" } == 1, "\(name): a second MAIL was executed")
            #expect(run.lines.last == "250 2.0.0 Ok", "\(name): out of step")
            let expected = ReferenceDecoder.decode(stream)
            let hasBare = expected.bareCR + expected.bareLF > 0
            if hasBare, lineEndings == .reject {
                #expect(run.facts.isEmpty, "\(name)")
                let which = expected.bareLF > 0 ? "<LF>" : "<CR>"
                #expect(run.lines.dropLast().last == "550 5.5.2 Error: bare \(which) received", "\(name)")
            } else {
                #expect(run.messages == [expected.message], "\(name)")
                #expect(run.facts.first?.bareCR.count == expected.bareCR, "\(name)")
                #expect(run.facts.first?.bareLF.count == expected.bareLF, "\(name)")
                #expect(run.facts.first?.nul.count == sequence.count { $0 == 0 }, "\(name)")
                #expect(run.messages.first?.suffix(3) == [0x64, 0x0D, 0x0A], "\(name): ended early")
            }
        }
    }

    @Test("A1: every sequence of the corpus", .enabled(if: smugglingSequences != nil, "shared/corpora is not here"))
    func corpusSequences() throws {
        let text = try #require(smugglingSequences)
        var count = 0
        for line in text.split(separator: "\n").dropFirst() {
            let fields = line.split(separator: "\t")
            let digits = Array(fields[2].utf8)
            var sequence: [UInt8] = []
            for index in stride(from: 0, to: digits.count, by: 2) {
                let pair = String(decoding: digits[index..<(index + 2)], as: UTF8.self)
                sequence.append(try #require(UInt8(pair, radix: 16)))
            }
            check(sequence, String(fields[1]))
            count += 1
        }
        #expect(count == 12)
    }

    @Test(
        "A1: the nine published variants",
        arguments: [
            "\n.\n", "\n.\r", "\r.\n", "\r.\r", "\n.\r\n", "\r.\r\n", "\r\n\0.\r\n", "\r\n.\r\r\n", "\r\r\n.\r\r\n",
        ])
    func smuggledEndOfData(sequence: String) {
        check(Array(sequence.utf8), sequence.debugDescription)
    }

    @Test("A2: input behind DATA closes the session")
    func inputBehindData() {
        var run = ServerDialogue()
        run.start()
        run.feed(Self.transaction + Array("body\r\n.\r\n".utf8) + Self.smuggled)
        #expect(run.envelopes.isEmpty)
        #expect(run.lines.last == "554 5.5.0 Error: input before the reply to DATA")
        #expect(run.events.last == .closed)
    }

    @Test("A2: input between DATA and its reply closes the session")
    func inputBeforeGoAhead() {
        var run = ServerDialogue()
        run.holdsAnswers = true
        run.start()
        run.feed(Self.transaction)
        #expect(run.session.wantsInput)
        run.feed("b")
        #expect(
            run.events.suffix(3) == [
                .abandoned(.protocolViolation), .sent("554 5.5.0 Error: input before the reply to DATA\r\n"), .closed,
            ])
        run.event { $0.dataAccepted(&$1) }
        #expect(run.events.last == .closed)
    }

    @Test("A2: plaintext behind STARTTLS closes the session")
    func plaintextBehindStartTLS() {
        var run = ServerDialogue { $0.startTLS = .may }
        run.start()
        run.feed("EHLO c\r\nSTARTTLS\r\nMAIL FROM:<evil@x>\r\n")
        #expect(!run.events.contains(.startTLS))
        #expect(run.lines.last == "554 5.5.0 Error: input before the TLS handshake")
        #expect(run.events.last == .closed)
        var late = ServerDialogue { $0.startTLS = .may }
        late.start()
        late.feed("EHLO c\r\nSTARTTLS\r\n")
        late.feed("MAIL")
        #expect(late.events.suffix(2) == [.startTLS, .closed])
    }

    @Test func startTLSResetsTheSession() {
        var run = ServerDialogue {
            $0.startTLS = .encrypt
            $0.xforwardAllowed = true
        }
        run.start()
        run.feed("EHLO before.example\r\nMAIL FROM:<a@x>\r\nRCPT TO:<a@x>\r\nXFORWARD NAME=a\r\n")
        #expect(run.lines.contains("250-STARTTLS"))
        #expect(run.lines.suffix(3).allSatisfy { $0.hasPrefix("530 5.7.0 ") })
        run.feed("STARTTLS\r\n")
        #expect(run.events.suffix(2) == [.sent(run.output), .startTLS])
        #expect(run.lines.last == "220 2.0.0 Ready to start TLS")
        run.event { $0.tlsEstablished(&$1) }
        #expect(run.session.client.helo.isEmpty)
        run.feed("MAIL FROM:<a@x>\r\n")
        #expect(run.lines.last?.hasPrefix("503 5.5.1 ") == true)
        let before = run.lines.count
        run.feed("LHLO after.example\r\n")
        #expect(!run.lines[before...].contains { $0.hasSuffix("STARTTLS") })
        run.feed("STARTTLS\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n")
        #expect(run.lines.contains("503 5.5.1 Error: TLS already active"))
        #expect(run.envelopes.first?.client.secured == true)
        #expect(run.envelopes.first?.client.helo == Array("after.example".utf8))
    }

    @Test("A3: dot lines at every split")
    func dotLines() {
        let raw = "..\r\n...\r\n....\r\nZm9v\r\n..Zg==\r\na.\r\n..a\r\n"
        let run = playEverySplit(
            { ServerDialogue() }, [String(decoding: Self.transaction, as: UTF8.self), raw + ".\r\n"])
        #expect(run.messages == [Array(".\r\n..\r\n...\r\nZm9v\r\n.Zg==\r\na.\r\n.a\r\n".utf8)])
    }

    @Test("A4: a bare line end or NUL never makes two commands", arguments: ["\n", "\r", "\0", "\n\n", "\rX", "\n\r"])
    func badCommandLines(separator: String) {
        let run = playEverySplit(
            { ServerDialogue() }, ["EHLO c\r\n", "NOOP\(separator)MAIL FROM:<evil@x>\r\nRCPT TO:<a@x>\r\n"])
        #expect(
            run.lines.suffix(2) == [
                "500 5.5.2 Error: NUL, bare <CR> or bare <LF> in command line", "503 5.5.1 Error: need MAIL command",
            ])
    }

    @Test("A4: octets that no command may hold", arguments: ["MAIL FROM:", "RCPT TO:", "HELO ", "XFORWARD NAME="])
    func controlCharacters(start: String) {
        for octet in [UInt8](1...31) + [127] where octet != 10 && octet != 13 {
            var run = ServerDialogue { $0.xforwardAllowed = true }
            run.start()
            run.feed("EHLO c\r\n")
            if start == "RCPT TO:" { run.feed("MAIL FROM:<>\r\n") }
            run.feed(Array("\(start)<a".utf8) + [octet] + Array("b@x>\r\n".utf8))
            #expect(run.lines.last?.hasPrefix("501 5.") == true, "\(start) with \(octet): \(run.lines.last ?? "")")
            #expect(run.lines.last?.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F } == true)
        }
    }

    @Test("A5: octets above 0x7F need SMTPUTF8")
    func eightBitAddresses() {
        var run = ServerDialogue()
        run.start()
        run.feed("EHLO c\r\nMAIL FROM:<é@x>\r\nMAIL FROM:<é@x> SMTPUTF8\r\nRCPT TO:<ü@ö.example>\r\nDATA\r\n")
        #expect(run.lines[8...].map { $0.prefix(9) } == ["553 5.6.7", "250 2.1.0", "250 2.1.5", "354 End d"])
        #expect(run.envelopes.first?.recipients.first?.path == MailPath("ü@ö.example"))
        #expect(run.envelopes.first?.addressesNeedSMTPUTF8 == true)
    }

    @Test("A7: BDAT ends the session", arguments: ["BDAT 0 LAST\r\n", "BDAT 19\r\nMAIL FROM:<evil@x>\r\n"])
    func bdat(text: String) {
        let run = playEverySplit(
            { ServerDialogue() }, ["EHLO c\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\n", text])
        #expect(run.lines.last == "502 5.5.1 Error: CHUNKING is not offered")
        #expect(run.events.last == .closed)
        #expect(!run.output.contains("CHUNKING\r\n"))
    }

    @Test(
        "other protocols are sent away",
        arguments: [
            "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "POST /x HTTP/1.1\r\nMAIL FROM:<evil@x>\r\n",
            "\u{16}\u{3}\u{1}abc\r\n",
            "CONNECT a:25 HTTP/1.0\r\n", "Host: x\r\nEHLO c\r\n", "\r\n",
        ])
    func otherProtocols(text: String) {
        let run = playEverySplit({ ServerDialogue() }, [text])
        #expect(run.lines.last == "221 2.7.0 Error: this is a mail service")
        #expect(run.lines.count == 2)
        #expect(run.events.last == .closed)
        var later = ServerDialogue()
        later.start()
        later.feed("EHLO c\r\nGET / HTTP/1.1\r\nMAIL FROM:<a@x>\r\n")
        #expect(later.lines.last == "221 2.7.0 Error: this is a mail service")
    }
}

/// The decoding rule once more, written for clarity: lines end at CRLF, one leading dot goes, what is left of CR and LF
/// becomes CRLF.
enum ReferenceDecoder {
    struct Result: Equatable {
        var message: [UInt8] = []
        var bareCR = 0
        var bareLF = 0
        /// Octets up to and with the end of data; nil when it is not there.
        var used: Int?
    }

    static func decode(_ stream: [UInt8]) -> Result {
        var result = Result()
        var index = 0
        while index < stream.count {
            var end = index
            while end + 1 < stream.count, !(stream[end] == 13 && stream[end + 1] == 10) { end += 1 }
            let complete = end + 1 < stream.count
            var line = Array(stream[index..<(complete ? end : stream.count)])
            if complete, line == [0x2E] {
                result.used = end + 2
                return result
            }
            if line.first == 0x2E { line.removeFirst() }
            for byte in line {
                if byte == 13 {
                    result.bareCR += 1
                    result.message += [13, 10]
                } else if byte == 10 {
                    result.bareLF += 1
                    result.message += [13, 10]
                } else {
                    result.message.append(byte)
                }
            }
            if complete { result.message += [13, 10] }
            index = complete ? end + 2 : stream.count
        }
        return result
    }
}
