import Glibc
import MailModel
import TestSupport
import Testing

@testable import RemoteChecks

/// The clients of spamd and rspamd with the real programs, and with what pretends to be one.
@Suite struct SpamFilterTests {
    private static func client(
        _ kind: SpamFilter.Kind, _ address: ServerAddress, percent: Int = 100
    ) -> any RemoteScanner {
        let score = ScorePolicy(percent: percent)
        return switch kind {
        case .spamd: SpamdScanner(address: address, user: "", score: score, threads: 4)
        case .rspamd: RspamdScanner(address: address, password: "", score: score, threads: 4)
        }
    }

    @Test(arguments: SpamFilter.Kind.allCases)
    func pointsAndTests(kind: SpamFilter.Kind) async throws {
        guard SpamFilter.isThere(kind) else { return print("\(kind) is not installed (make test-deps): skipped") }
        let filter = try SpamFilter(kind)
        let address = ServerAddress.tcp(host: "127.0.0.1", port: filter.port)
        let client = Self.client(kind, address)
        let ham = try await client.scan(try subject("nothing here"), deadline: deadline(30))
        #expect(ham.tests.reduce(0) { $0 + $1.score } == 0 && !ham.tests.contains { $0.name == "TEST_WORDS" })
        let mail = try subject("seven \(SpamFilter.words) audit")
        let spam = try await client.scan(mail, deadline: deadline(30))
        #expect(abs(spam.tests.reduce(0) { $0 + $1.score } - SpamFilter.points) < 0.01, "\(spam.tests)")
        #expect(spam.tests.contains { $0.name == "TEST_WORDS" }, "\(spam.tests)")
        let half = try await Self.client(kind, address, percent: 50).scan(mail, deadline: deadline(30))
        #expect(abs(half.tests.reduce(0) { $0 + $1.score } - SpamFilter.points / 2) < 0.01)
        let sample = try await client.scan(try TestSample.gtube.subject(), deadline: deadline(30))
        #expect(TestSample.gtube.isFound(in: sample), "\(sample)")
        // Whatever its points are worth here, the sample is found.
        for percent in [0, 10, 1000] {
            let scaled = try await Self.client(kind, address, percent: percent).scan(
                try TestSample.gtube.subject(), deadline: deadline(30))
            #expect(TestSample.gtube.isFound(in: scaled), "\(percent): \(scaled)")
        }
        let version = try #require(try await client.version(deadline: deadline(30)))
        #expect(version.text.hasPrefix(kind == .spamd ? "spamd, protocol 1." : "rspamd/"))
        let large = try subject("\(SpamFilter.words)\r\n" + String(repeating: "line of text\r\n", count: 100_000))
        #expect(try await client.scan(large, deadline: deadline(30)).tests.contains { $0.name == "TEST_WORDS" })
        let tooLarge = try subject(String(repeating: "line of text\r\n", count: 500_000))
        // spamd looks at anything; rspamd closes, as it would if it died.
        let unread = try await client.scan(tooLarge, deadline: deadline(60))
        #expect(unread.oversize.map(\.detail) == (kind == .rspamd ? ["larger than its max_message"] : []))

        filter.signalAll(SIGSTOP)
        let hung = await failure { () async throws(ScannerFailure) in
            try await client.scan(mail, deadline: deadline(0.5))
        }
        #expect(hung == "no answer in time")
        filter.signalAll(SIGCONT)
        #expect(try await client.scan(mail, deadline: deadline(30)).tests == spam.tests)
        filter.signalAll(SIGKILL)
        try poll("the end of \(kind)") { (try? StreamSocket(port: filter.port)) == nil }
        let dead = await failure { () async throws(ScannerFailure) in
            try await client.scan(mail, deadline: deadline(30))
        }
        #expect(dead != nil)
    }

    @Test(arguments: [
        "", "\r\n", "SPAMD/1.1 0 EX_OK\r\n\r\n", "SPAMD/1.1 0 EX_OK\r\nSpam: True ; x / 5.0\r\n\r\n",
        "SPAMD/1.1 0 EX_OK\r\nSpam: True ; nan / 5.0\r\n\r\n", "SPAMD/1.1 0 EX_OK\r\nSpam: True ; 1.0 / 5.0\r\n",
        "SPAMD/1.1 76 Bad header line\r\n\r\n",
        "SPAMD/1.1 0 EX_OK\r\nContent-length: 9\r\nSpam: True ; 9 / 5\r\n\r\nGTUBE",
        "HTTP/1.1 200 OK\r\n\r\n",
    ])
    func nonsenseOfSpamd(answer: String) async throws {
        #expect(throws: ScannerFailure.self) { try SpamdScanner.read(Array(answer.utf8), ScorePolicy(percent: 100)) }
    }

    @Test(arguments: [
        "", "{}", "[]", "{\"score\":1}", "{\"score\":\"1\",\"symbols\":{},\"action\":\"x\"}",
        "{\"score\":1e999,\"symbols\":{},\"action\":\"x\"}", "{\"score\":1,\"symbols\":[],\"action\":\"x\"}",
    ])
    func nonsenseOfRspamd(answer: String) async throws {
        #expect(throws: ScannerFailure.self) { try RspamdScanner.read(Array(answer.utf8), ScorePolicy(percent: 100)) }
    }

    /// What is no symbol stands in a test of its own, so that the sum is the filter's.
    @Test func theSumIsTheFilters() throws {
        let json = """
            {"score":9.5,"action":"add header","symbols":{"A":{"score":4},"B":{"score":-1.5,"options":["x","y"]},"C":{}}}
            """
        let answer = try RspamdScanner.read(Array(json.utf8), ScorePolicy(percent: 100))
        #expect(answer.tests.map(\.name) == ["A", "B", "RSPAMD"])
        #expect(answer.tests.map(\.score) == [4, -1.5, 7] && answer.tests[1].evidence == "x,y")
        let extreme = try RspamdScanner.read(
            Array("{\"score\":1e300,\"action\":\"x\",\"symbols\":{}}".utf8), ScorePolicy(percent: 1000))
        #expect(extreme.tests.map(\.score) == [ScorePolicy.most])
    }

    /// A filter that is broken takes off so much and no more, whatever its tests say.
    @Test(arguments: [(-3.0, -3.0), (-9.99, -9.99), (-10.01, -10), (-5000, -10), (-1e300, -10), (1e300, 1000)])
    func creditHasAnEnd(points: Double, worth: Double) throws {
        let policy = ScorePolicy(percent: 100, credit: 10)
        let spamd = try SpamdScanner.read(
            Array("SPAMD/1.1 0 EX_OK\r\nSpam: False ; \(points) / 5.0\r\n\r\n".utf8), policy)
        #expect(spamd.tests.map(\.score) == [worth])
        for symbols in ["", "\"A\":{\"score\":\(points)}", "\"A\":{\"score\":-700},\"B\":{\"score\":-700}"] {
            let json = "{\"score\":\(points),\"action\":\"x\",\"symbols\":{\(symbols)}}"
            let rspamd = try RspamdScanner.read(Array(json.utf8), policy)
            #expect(abs(rspamd.tests.reduce(0) { $0 + $1.score } - worth) < 0.01, "\(rspamd.tests)")
        }
        let half = ScorePolicy(percent: 50, credit: 10)
        #expect(half.sum(-19) == -9.5 && half.sum(-21) == -10 && ScorePolicy(percent: 100, credit: 0).sum(-1) == 0)
    }

    @Test(arguments: [
        "", "nonsense\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}",
        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        // Two answers, of which only one would be one; and more than the answer has.
        "HTTP/1.1 200 OK\r\nContent-Length: 37\r\n\r\n{\"score\":1,\"action\":\"x\",\"symbols\":{}}"
            + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nContent-Length: 37\r\n\r\n{\"score\":1,\"action\":\"x\",\"symbols\":{}}{}",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\n\r\n" + String(repeating: "x", count: 2_000_000),
    ])
    func brokenHTTP(answer: String) async throws {
        let server = try ScriptedServer { socket in
            _ = try socket.line()
            try socket.send(answer)
            socket.shutdownWriting()
            socket.awaitEnd()
        }
        let client = Self.client(.rspamd, .unix(path: server.path))
        let mail = try subject("text")
        let why = await failure { () async throws(ScannerFailure) in try await client.scan(mail, deadline: deadline(20))
        }
        #expect(why != nil)
    }

    /// A server, or a proxy in front of it, that does not take so much has not failed.
    @Test(arguments: ["rspamd", "http"], [true, false])
    func tooLargeForHTTP(kind: String, early: Bool) async throws {
        let server = try ScriptedServer { socket in
            if early { _ = try socket.octets() } else { while try socket.line() != "end of mail" {} }
            try socket.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 5\r\n\r\nlarge")
            socket.shutdownWriting()
            socket.awaitEnd()
        }
        let address = ServerAddress.unix(path: server.path)
        let client: any RemoteScanner =
            kind == "rspamd"
            ? Self.client(.rspamd, address) : HTTPScanner(address: address, path: "/", password: "", threads: 1)
        let mail = try subject(String(repeating: "line of text\r\n", count: 100_000) + "end of mail")
        let answer = try await client.scan(mail, deadline: deadline(20))
        #expect(answer == .tooLargeForHTTP && !answer.isWhole)
    }

    /// One that closes on the length alone, and answers otherwise, does not take so much; one that dies over the message, or over
    /// anything, has failed.
    @Test(arguments: [(true, true), (true, false), (false, true)])
    func closedOnTheLength(closes: Bool, answers: Bool) async throws {
        let server = try ScriptedServer { socket in
            let request = try socket.line()
            var line = request
            while !line.isEmpty { line = try socket.line() }
            if request.hasPrefix("GET /ping") {
                if answers { try socket.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npong\r\n") }
            } else if !closes {
                while try socket.line() != "end of mail" {}
            }
        }
        let client = Self.client(.rspamd, .unix(path: server.path))
        let mail = try subject(String(repeating: "line of text\r\n", count: 100_000) + "end of mail\r\n")
        do throws(ScannerFailure) {
            let answer = try await client.scan(mail, deadline: deadline(20))
            #expect(closes && answers && answer.oversize.count == 1 && answer.tests.isEmpty, "\(answer)")
        } catch {
            // Closing ends the connection by a reset where not all that came was read.
            let isEnded = ["closed", "reset"].contains { error.description.contains($0) }
            #expect(!(closes && answers) && isEnded, "\(error)")
        }
    }

    /// What stands in an envelope goes over as it is, as far as a field of HTTP can hold it.
    @Test func theEnvelopeIsInTheFields() async throws {
        let server = try ScriptedServer { socket in
            var head: [String] = []
            while let line = try? socket.line(), !line.isEmpty { head.append(line) }
            let words = head.filter { $0.hasPrefix("From:") || $0.hasPrefix("Rcpt:") || $0.hasPrefix("Helo:") }
            let names = words.joined(separator: "|").replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
            let body = "{\"score\":1,\"action\":\"x\",\"symbols\":{\"A\":{\"score\":1,\"options\":[\"\(names)\"]}}}"
            try socket.send("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
            socket.awaitEnd()
        }
        var mail = try subject("text")
        mail.sender = #""x\"y"@example.org"#
        mail.recipients = ["\"a\u{1}\r\nb\"@example.net", "дом@example.org"]
        mail.helo = "client\u{7F}.example"
        let answer = try await Self.client(.rspamd, .unix(path: server.path)).scan(mail, deadline: deadline(20))
        #expect(
            answer.tests.first?.evidence
                == #"From: "x\"y"@example.org|Rcpt: "a???b"@example.net|Rcpt: дом@example.org|Helo: client?.example"#)
    }

    @Test func dripsAreCutOff() async throws {
        let server = try ScriptedServer { socket in
            _ = try socket.line()
            try socket.send("HTTP/1.1 200 OK\r\n\r\n")
            while true {
                try socket.send("{")
                usleep(20_000)
            }
        }
        let client = Self.client(.rspamd, .unix(path: server.path))
        let mail = try subject("text")
        let why = await failure { () async throws(ScannerFailure) in
            try await client.scan(mail, deadline: deadline(0.3))
        }
        #expect(why == "no answer in time")
    }
}
