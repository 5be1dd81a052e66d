import Foundation
import Glibc
import Linux
import MailModel
import Synchronization
import TestSupport
import Testing

@testable import RemoteChecks

/// The site's own scanners: the example of the documentation as a server and as a program, and what breaks the protocol.
@Suite struct ProtocolTests {
    private static let example = Programs.package + "/docs/examples/scanner.py"

    private static func program(_ command: [String], readable: [String] = []) -> ProtocolScanner {
        ProtocolScanner(
            .program(
                [command[0], "/nonexistent"], arguments: Array(command[1...]),
                launcher: Programs.path("mailreeve-launcher"),
                ProgramSandbox(directory: "", readable: readable, memory: 4 << 30, fileSize: 0)),
            threads: 2)
    }

    private static func expectExample(_ scanner: some RemoteScanner) async throws {
        let clean = try await scanner.scan(try subject("clean", parts: ["a", "b"]), deadline: deadline(30))
        #expect(clean.isOfContentOnly && !clean.isInfected && clean.tests.isEmpty && clean.unchecked.isEmpty)
        let answer = try await scanner.scan(
            try subject("clean", parts: ["a", eicar, "copper herons"]), deadline: deadline(30))
        #expect(answer.findings.map(\.name) == ["Eicar-Test-Signature"] && answer.findings[0].part == 1)
        #expect(answer.tests == [ScoredTest(name: "LOCAL_WORD", score: 1.5, evidence: "copper herons")])
        let whole = try await scanner.scan(try subject(eicar), deadline: deadline(30))
        #expect(whole.findings.map(\.part) == [nil])
        #expect(
            TestSample.eicar.isFound(in: try await scanner.scan(try TestSample.eicar.subject(), deadline: deadline(30)))
        )
    }

    @Test func exampleAsProgram() async throws {
        try await Self.expectExample(
            Self.program(["/usr/bin/python3", Self.example], readable: [Self.example]))
    }

    @Test func exampleAsServer() async throws {
        let scratch = try Scratch(.memory)
        let path = scratch.path + "/scanner.sock"
        let process = try RunningProgram("/usr/bin/python3", [Self.example, path])
        try poll("the example") { access(path, F_OK) == 0 && (try? StreamSocket(path: path)) != nil }
        let scanner = ProtocolScanner(.server(.unix(path: path)), threads: 2)
        try await Self.expectExample(scanner)
        process.signal(SIGSTOP)
        let mail = try subject("text")
        let hung = await failure { () async throws(ScannerFailure) in
            try await scanner.scan(mail, deadline: deadline(0.3))
        }
        #expect(hung == "no answer in time")
        process.signal(SIGCONT)
        // A client that is gone, one that says nothing, and one that does not speak the protocol.
        for words in ["", "nonsense\n", "{}\n", "{\"version\":1"] {
            let client = try StreamSocket(path: path)
            try client.send(Array(words.utf8))
        }
        try await Self.expectExample(scanner)
        #expect(process.isRunning)
    }

    /// The same over HTTP, with content that could be taken for the form's own.
    @Test func exampleOverHTTP() async throws {
        let port = try Ports.free()
        let process = try RunningProgram("/usr/bin/python3", [Self.example, "http:127.0.0.1:\(port)"])
        let address = ServerAddress.tcp(host: "127.0.0.1", port: port)
        try poll("the example") { (try? StreamSocket(port: port)) != nil }
        let scanner = HTTPScanner(address: address, path: "/scan?site=1", password: "secret", threads: 2)
        try await Self.expectExample(scanner)
        let form = "Content-Type: multipart/form-data; boundary=b\r\n"
        for (request, status) in [
            ("GET / HTTP/1.0\r\n\r\n", 501), ("PUT / HTTP/1.0\r\nContent-Length: 0\r\n\r\n", 501),
            ("POST / HTTP/1.0\r\n\r\n", 400), ("POST / HTTP/1.0\r\nContent-Length: 0\r\n\r\n", 400),
            ("POST / HTTP/1.0\r\n\(form)Content-Length: x\r\n\r\n", 400),
            ("POST / HTTP/1.0\r\n\(form)Content-Length: -5\r\n\r\n", 400),
            ("POST / HTTP/1.0\r\n\(form)Content-Length: 5\r\n\r\n--b--", 400),
            ("POST / HTTP/1.0\r\n\(form)Content-Length: 15\r\n\r\n--b\r\n\r\nx\r\n--b--", 400),
        ] {
            let client = try StreamSocket(port: port)
            try client.send(request)
            #expect(try client.line().contains(" \(status) "), "\(request)")
        }
        let tricky = "\r\n--mailreeve-1-2--\r\nContent-Disposition: form-data; name=\"request\"\r\n\r\n{}\0\n\r"
        let answer = try await scanner.scan(
            try subject(tricky, parts: [tricky, "", tricky + "copper herons"]), deadline: deadline(30))
        #expect(answer.tests.count == 1 && answer.findings.isEmpty)
        process.signal(SIGSTOP)
        let mail = try subject("text")
        let hung = await failure { () async throws(ScannerFailure) in
            try await scanner.scan(mail, deadline: deadline(0.3))
        }
        #expect(hung == "no answer in time")
        process.signal(SIGKILL)
    }

    /// What goes over the wire, and what answers that are none become.
    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{\"version\":1}", nil),
        ("HTTP/1.1 204 No Content\r\n\r\n", "HTTP status 204"),
        ("HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", "HTTP status 302"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nnonsense", "an answer that is none: nonsense"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{\"version\":1}", "stream ended at an unexpected time"),
        ("nonsense\r\n\r\n", "invalid constant string"),
    ])
    func answersOverHTTP(reply: String, why: String?) async throws {
        let seen = Mutex("")
        let server = try ScriptedServer { socket in
            var lines: [String] = []
            repeat { lines.append(try socket.line()) } while !(lines.last ?? "").hasSuffix("--")
            seen.withLock { [lines] in $0 = lines.joined(separator: "\r\n") + "\r\n" }
            try socket.send(Array(reply.utf8))
        }
        let scanner = HTTPScanner(address: .unix(path: server.path), path: "/a?b=c", password: "secret", threads: 1)
        let mail = try subject("text", parts: ["one", "three"])
        let failed = await failure { () async throws(ScannerFailure) in
            try await scanner.scan(mail, deadline: deadline(30))
        }
        if let why { #expect(failed?.contains(why) == true, "\(failed ?? "")") } else { #expect(failed == nil) }
        let request = seen.withLock { $0 }
        #expect(request.hasPrefix("POST /a?b=c HTTP/1.1\r\n") && request.contains("Authorization: Bearer secret\r\n"))
        let body = try #require(request.range(of: "\r\n\r\n"))
        #expect(request.contains("Content-Length: \(request[body.upperBound...].utf8.count)\r\n"))
        #expect(
            request.contains(
                "name=\"message\"; filename=\"message\"\r\nContent-Type: message/rfc822\r\n\r\nFrom: a@example.org\r\n")
        )
        #expect(request.contains("\r\n\r\ntext\r\n\r\n--mailreeve-"))
        #expect(request.contains("application/octet-stream\r\n\r\nonethree\r\n--"))
    }

    /// A second line with the first one is another answer: nobody can say which one counts.
    @Test func twoLinesAreNoAnswer() async throws {
        let server = try ScriptedServer { socket in
            _ = try socket.line()
            try socket.send("{\"version\":1}\n{\"version\":1,\"viruses\":[{\"name\":\"x\"}]}\n")
        }
        let scanner = ProtocolScanner(.server(.unix(path: server.path)), threads: 1)
        let mail = try subject("text")
        let why = await failure { () async throws(ScannerFailure) in
            try await scanner.scan(mail, deadline: deadline(20))
        }
        #expect(why?.contains("more than one answer") == true, "\(why ?? "answered")")
    }

    @Test func theRequestIsWhatIsDocumented() throws {
        var mail = try subject("text", parts: ["one", "three"])
        mail.clientAddress = "192.0.2.1"
        mail.helo = "client.example"
        let line = try ProtocolScanner.request(mail, deadline(10))
        #expect(line.last == 0x0A && line.count { $0 == 0x0A } == 1)
        let json = try #require(try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
        #expect(json["version"] as? Int == 1 && json["id"] as? String == "test-1")
        #expect((1...10_000).contains(try #require(json["deadline_ms"] as? Int)))
        #expect((json["message"] as? [String: Int])?["size"] == mail.size)
        let envelope = try #require(json["envelope"] as? [String: Any])
        #expect(envelope["sender"] as? String == "a@example.org" && envelope["client"] as? String == "192.0.2.1")
        let parts = try #require(json["parts"] as? [[String: Any]])
        #expect(parts.map { $0["number"] as? Int } == [1, 2] && parts.map { $0["offset"] as? Int } == [0, 3])
        #expect(parts.map { $0["size"] as? Int } == [3, 5])
    }

    @Test(arguments: [
        "", "nonsense", "[]", "{}", "{\"version\":2}", "{\"version\":\"1\"}", "{\"version\":1,\"failure\":\"busy\"}",
        "{\"version\":1,\"viruses\":[{}]}", "{\"version\":1,\"viruses\":[{\"name\":\"x\",\"part\":0}]}",
        "{\"version\":1,\"viruses\":[{\"name\":\"x\",\"part\":3}]}",
        "{\"version\":1,\"viruses\":[{\"name\":\"x\",\"part\":9223372036854775807}]}",
        "{\"version\":1,\"tests\":[{\"name\":\"x\",\"score\":1e6}]}",
        "{\"version\":1,\"unchecked\":[{\"reason\":\"mood\"}]}",
    ])
    func nonsenseIsAFailure(answer: String) throws {
        let parts = try subject("x", parts: ["a", "b"]).parts
        #expect(throws: ScannerFailure.self) { try ProtocolScanner.read(Array(answer.utf8), parts) }
    }

    @Test func whatIsUnknownIsPassedOver() throws {
        let line =
            "{\"version\":1,\"mood\":[7],\"unchecked\":[{\"reason\":\"encrypted\",\"part\":2,\"colour\":\"red\"}]}"
        let answer = try ProtocolScanner.read(Array(line.utf8), try subject("x", parts: ["a", "b"]).parts)
        #expect(answer.unchecked.map(\.reason) == [.encrypted] && answer.unchecked[0].part == 1)
    }

    @Test(arguments: [
        "exit 0", "exit 3", "echo nonsense", "kill -9 $$", "printf '{\"version\":1}'", "yes | tr -d '\\n'",
    ])
    func programsThatBreakIt(script: String) async throws {
        let scanner = Self.program(["/bin/sh", "-c", script])
        let mail = try subject("text")
        let why = await failure { () async throws(ScannerFailure) in
            try await scanner.scan(mail, deadline: deadline(20))
        }
        #expect(why != nil)
    }

    /// What the program says on standard error stands in the failure, bounded, and never blocks it.
    @Test func standardErrorIsQuoted() async throws {
        let mail = try subject("text")
        func why(_ script: String) async -> String? {
            await failure { () async throws(ScannerFailure) in
                try await Self.program(["/bin/sh", "-c", script]).scan(mail, deadline: deadline(30))
            }
        }
        #expect(await why("echo 'no licence' >&2; exit 3")?.hasSuffix(": no licence\n") == true)
        let long = try #require(await why("read line; yes complaint | head -c 3000000 >&2; echo nonsense"))
        #expect(long.hasPrefix("an answer that is none: nonsense: complaint") && long.utf8.count < 1000, "\(long)")
        let closed = try #require(await why("read line; exec 2>&-; echo nonsense"))
        #expect(closed == "an answer that is none: nonsense")
        // The launcher's own words.
        let missing = Self.program(["/usr/bin/python3", "/nonexistent.py"])
        let words = try #require(
            await failure { () async throws(ScannerFailure) in try await missing.scan(mail, deadline: deadline(30)) })
        #expect(words.contains("/nonexistent.py"), "\(words)")
    }

    /// Programs come and go: it is looked for at each message.
    @Test func aProgramThatIsNotThereIsAFailure() async throws {
        let scratch = try Scratch(.memory)
        let path = scratch.path + "/scanner"
        let scanner = Self.program([path], readable: [path])
        let mail = try subject("text")
        let why = await failure { () async throws(ScannerFailure) in
            try await scanner.scan(mail, deadline: deadline(30))
        }
        #expect(why == "none of its programs is there: \(path), /nonexistent")
        try scratch.write("scanner", "#!/bin/sh\nread line; echo '{\"version\":1}'; read more\n", mode: 0o755)
        #expect(try await scanner.scan(mail, deadline: deadline(30)) == ScanAnswer())
    }

    @Test func whatHangsIsEnded() async throws {
        let scanner = Self.program(["/bin/sh", "-c", "read line; sleep 1000"])
        let mail = try subject("text")
        let why = await failure { () async throws(ScannerFailure) in
            try await scanner.scan(mail, deadline: deadline(0.3))
        }
        #expect(why == "no answer in time")
    }
}
