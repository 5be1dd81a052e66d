import Glibc
import MailModel
@testable import RemoteChecks
import TestSupport
import Testing

extension ClamdProcess {
    fileprivate var unix: ServerAddress { .unix(path: socketPath) }
    fileprivate var tcp: ServerAddress { .tcp(host: "127.0.0.1", port: port) }
}

/// The client of clamd with the real one, and with what pretends to be one.
@Suite(.enabled(if: ClamdProcess.isThere, "clamd is not installed (make test-deps)"))
struct ClamdTests {
    private static func client(_ address: ServerAddress, _ method: ClamdScanner.Method = .instream) -> ClamdScanner {
        ClamdScanner(address: address, method: method, threads: 4)
    }

    @Test(arguments: ["tcp", "unix", "fildes"])
    func findsAndPasses(way: String) async throws {
        let clamd = try ClamdProcess()
        let client = Self.client(way == "tcp" ? clamd.tcp : clamd.unix, way == "fildes" ? .fildes : .instream)
        let clean = try await client.scan(try subject("nothing here"), deadline: deadline(20))
        #expect(clean == ScanAnswer())
        let infected = try await client.scan(try subject(eicar), deadline: deadline(20))
        #expect(infected.findings.map(\.name) == [eicarName] && infected.findings[0].part == nil)
        let large = try await client.scan(
            try subject(String(repeating: "line of text\r\n", count: 60_000) + eicar), deadline: deadline(20))
        #expect(large.isInfected)
    }

    @Test func partsAreScannedByThemselves() async throws {
        let clamd = try ClamdProcess()
        let answer = try await Self.client(clamd.unix).scan(
            try subject("clean", parts: ["one", eicar, "three"]), deadline: deadline(20))
        #expect(answer.findings.map(\.part) == [1])
    }

    @Test func versionIsSaid() async throws {
        let clamd = try ClamdProcess()
        let version = try #require(try await Self.client(clamd.tcp).version(deadline: deadline(20)))
        #expect(version.text.hasPrefix("ClamAV 1.") || version.text.hasPrefix("ClamAV 0."))
        // No database of the makers, no time.
        #expect(version.signatureTime == nil)
    }

    /// clamd refuses what is larger than its own limit: that is no failure of clamd and no answer.
    @Test func largerThanItsLimitIsNoAnswer() async throws {
        let clamd = try ClamdProcess(streamLimit: "1M")
        let client = Self.client(clamd.unix)
        let fits = try await client.scan(
            try subject(String(repeating: "x", count: 900_000)), deadline: deadline(20))
        #expect(fits == ScanAnswer())
        let answer = try await client.scan(
            try subject(String(repeating: "x", count: 3_000_000)), deadline: deadline(20))
        #expect(answer.oversize.map(\.reason) == [.overLimits] && answer.findings.isEmpty && answer.unchecked.isEmpty)
        #expect(!answer.isWhole)
    }

    /// A part that is too large for a stream leaves the answer about the message as it is, and is named.
    @Test func aPartLargerThanItsLimit() async throws {
        let clamd = try ClamdProcess(streamLimit: "1M")
        let answer = try await Self.client(clamd.unix, .fildes).scan(
            try subject(
                String(repeating: "x", count: 3_000_000), parts: ["a", String(repeating: "y", count: 2_000_000), eicar]),
            deadline: deadline(20))
        #expect(answer.oversize.map(\.part) == [1] && answer.findings.map(\.part) == [2] && !answer.isWhole)
    }

    @Test func stoppedAndHung() async throws {
        let clamd = try ClamdProcess()
        let client = Self.client(clamd.unix)
        clamd.signal(SIGSTOP)
        let mail = try subject("text")
        let hung = await failure { () async throws(ScannerFailure) in
            try await client.scan(mail, deadline: deadline(0.3))
        }
        #expect(hung == "no answer in time")
        clamd.signal(SIGCONT)
        #expect(try await client.scan(mail, deadline: deadline(20)) == ScanAnswer())
        clamd.stop()
        let dead = await failure { () async throws(ScannerFailure) in
            try await client.scan(mail, deadline: deadline(20))
        }
        #expect(dead?.contains("connect: ") == true, "\(dead ?? "answered")")
    }

    @Test(arguments: [
        "", "\0", "OK\0", "stream OK\0", "stream: ok\0", "stream: \0", "stream: lstat() failed ERROR\0",
        "stream: OK", "UNKNOWN COMMAND\0", "stream: OK\n\0", "stream: FOUND OK?\0",
        String(repeating: "a", count: 100_000),
    ])
    func nonsenseIsAFailure(answer: String) async throws {
        let server = try ScriptedServer { socket in
            try socket.send(answer)
            socket.shutdownWriting()
            socket.awaitEnd()
        }
        let client = Self.client(.unix(path: server.path))
        let mail = try subject("text")
        let why = await failure { () async throws(ScannerFailure) in
            try await client.scan(mail, deadline: deadline(20))
        }
        #expect(why != nil)
        let version = try? await client.version(deadline: deadline(20))
        #expect(version == nil)
    }

    /// Who has not got everything cannot call it clean; what he has found already, or is too large for him, counts.
    @Test(arguments: [
        ("stream: OK\0", nil as String?, true), ("stream: Early FOUND\0", "Early", true),
        ("stream: OK\0", nil, false), ("stream: Early FOUND\0", "Early", false),
    ])
    func answersBeforeTheEnd(words: String, virus: String?, closes: Bool) async throws {
        let server = try ScriptedServer { socket in
            // A part of the first piece is read.
            _ = try socket.octets()
            try socket.send(words)
            if !closes { socket.awaitEnd() }
        }
        let client = Self.client(.unix(path: server.path))
        let mail = try subject(String(repeating: "line of text\r\n", count: 100_000))
        let result = await ScannerMember.within(deadline(20)) { () async throws(ScannerFailure) in
            try await client.scan(mail, deadline: deadline(20))
        }
        let answer = try? result.get()
        #expect(answer?.findings.map(\.name) == virus.map { [$0] }, "\(result)")
    }

    /// Of two answers nobody can say which one counts, in whatever pieces they come.
    @Test(arguments: ["instream", "fildes"], [0, 5, 11, 12, 20])
    func twoAnswersAreNone(way: String, split: Int) async throws {
        let words = "stream: OK\0stream: X FOUND\0"
        let server = try ScriptedServer { socket in
            var request: [UInt8] = []
            // The empty piece, or the octet with the descriptor behind the command, ends it.
            while !(way == "fildes" ? request.count >= 9 : request.suffix(4) == [0, 0, 0, 0]) {
                request += try socket.octets()
            }
            try socket.send(String(words.prefix(split)))
            try socket.send(String(words.dropFirst(split)))
            socket.shutdownWriting()
            socket.awaitEnd()
        }
        let client = Self.client(.unix(path: server.path), way == "fildes" ? .fildes : .instream)
        let mail = try subject("text")
        let why = await failure { () async throws(ScannerFailure) in
            try await client.scan(mail, deadline: deadline(20))
        }
        #expect(why?.contains("more than one answer") == true, "\(why ?? "answered")")
    }

    /// An octet now and then does not move the deadline.
    @Test func dripsAreCutOff() async throws {
        let server = try ScriptedServer { socket in
            var request: [UInt8] = []
            while request.suffix(4) != [0, 0, 0, 0] { request += try socket.octets() }
            while true {
                try socket.send("s")
                usleep(20_000)
            }
        }
        let client = Self.client(.unix(path: server.path))
        let mail = try subject("text")
        let why = await failure { () async throws(ScannerFailure) in
            try await client.scan(mail, deadline: deadline(0.3))
        }
        #expect(why == "no answer in time")
    }

    @Test(arguments: [
        ("ClamAV 1.4.6/27500/Sun Nov 24 09:41:08 2024", 1_732_441_268),
        ("ClamAV 0.103/1/Thu Feb 29 00:00:01 2024", 1_709_164_801),
        ("ClamAV 0.103/1/Thu Jan  1 00:00:00 1970", 0),
    ])
    func datesOfSignatures(text: String, time: Int) {
        #expect(ClamdVersion.signatureTime(text) == time)
    }

    @Test(arguments: [
        "ClamAV 1.4.6", "ClamAV 1.4.6/27500", "ClamAV 1/2/x", "ClamAV 1/2/Sun Foo 24 09:41:08 2024",
        "ClamAV 1/2/Sun Nov 99 09:41:08 2024", "ClamAV 1/2/Sun Nov 24 09:60:08 2024",
        "ClamAV 1/2/Sun Nov 24 09:41:08 99999999999999999999",
    ])
    func noDates(text: String) {
        #expect(ClamdVersion.signatureTime(text) == nil)
    }
}
