import Foundation
import Glibc
import MailModel
import Patterns
import TestSupport
import Testing

@testable import RemoteChecks

/// Daemons that speak text: clamd's own line protocol as a real one, and what pretends to be one.
@Suite struct TextTests {
    private final class Bench: Sendable {
        let scratch: Scratch

        init() throws {
            scratch = try Scratch(.memory)
            _ = try scratch.directory("workspace")
        }

        func scanner(_ path: String, _ request: String, end: String? = nil) throws -> TextScanner {
            var reading = OutputReading()
            reading.endPattern = try end.map { text in try OutputPattern(text) }
            reading.cleanPattern = try OutputPattern("^.+: OK$")
            reading.infectedPattern = try OutputPattern(" FOUND$")
            reading.namePattern = try OutputPattern("^.+: (.*) FOUND$")
            return TextScanner(
                address: .unix(path: path), request: request, reading: reading, workspace: scratch.path + "/workspace",
                threads: 2)
        }

        func expectTidy(sourceLocation: SourceLocation = #_sourceLocation) throws {
            let left = try FileManager.default.contentsOfDirectory(atPath: scratch.path + "/workspace")
            #expect(left.isEmpty, "\(left)", sourceLocation: sourceLocation)
        }
    }

    /// Connections that stay open until the test ends, although the client has said all.
    private final class OpenConnections: @unchecked Sendable {
        private let lock = NSLock()
        // All access is under `lock`.
        private var sockets: [StreamSocket] = []

        func keep(_ socket: StreamSocket) { lock.withLock { sockets.append(socket) } }
    }

    /// A failure at one file takes nothing back that was found in another.
    @Test func aFindStaysWhenTheNextFileFails() async throws {
        let bench = try Bench()
        let server = try ScriptedServer { socket in
            let line = try socket.line()
            try socket.send(line.hasSuffix("/p1") ? "\(line): Real.Virus FOUND\n" : "\(line): cannot read it ERROR\n")
        }
        let scanner = try bench.scanner(server.path, "SCAN {}/*\n")
        let answer = try await scanner.scan(try subject("text", parts: ["one", "two"]), deadline: deadline(20))
        #expect(answer.findings.map(\.name) == ["Real.Virus"] && answer.unchecked.map(\.reason) == [.scannerFailed])
        let mail = try subject("text", parts: [])
        #expect(
            await failure { () async throws(ScannerFailure) in try await scanner.scan(mail, deadline: deadline(20)) }
                != nil)
    }

    /// However many names stand in front of one, and however often.
    @Test func noNameHidesBehindOthers() throws {
        var reading = OutputReading()
        reading.infectedPattern = try OutputPattern(" FOUND$")
        reading.namePattern = try OutputPattern("^.+: (.*) FOUND$")
        func names(_ lines: [String]) throws -> ScanAnswer {
            try reading.answer(to: Array(lines.joined(separator: "\n").utf8), orElse: "")
        }
        let same = try names((0..<1000).map { "p\($0): Junk FOUND" } + ["q: Real.Virus FOUND"])
        #expect(same.findings.map(\.name) == ["Junk", "Real.Virus"] && same.unchecked.isEmpty)
        let most = try names((0..<ScanAnswer.entries).map { "p: Junk\($0) FOUND" })
        #expect(most.findings.count == ScanAnswer.entries && most.unchecked.isEmpty)
        let more = try names((0...ScanAnswer.entries).map { "p: Junk\($0) FOUND" })
        #expect(more.unchecked.map(\.reason) == [.overLimits])
        let encrypted = try names((0...ScanAnswer.entries).map { "p: Heuristics.Encrypted.Zip\($0) FOUND" })
        #expect(encrypted.unchecked.last?.reason == .overLimits)
    }

    /// What a scanner did not look at counts before "clean", stands beside a find, and is no excuse for an answer that is cut.
    @Test(arguments: [
        ("a: OK\nb: locked\nend", nil as Int?, [UncheckedReason.encrypted], false),
        ("a: OK\nend", 64, [.encrypted], false), ("a: OK\nend", 0, [], false),
        ("a: X FOUND\nb: locked\nend", 0, [.encrypted], true), ("a: X FOUND\nend", 64, [], true),
        ("a: X FOUND\nb: locked\n", 0, [.encrypted, .scannerFailed], true),
    ])
    func whatIsNotLookedAt(text: String, code: Int?, reasons: [UncheckedReason], isInfected: Bool) throws {
        var reading = OutputReading()
        reading.cleanPattern = try OutputPattern(": OK$")
        reading.infectedPattern = try OutputPattern(" FOUND$")
        reading.uncheckedPattern = try OutputPattern("^b: locked$")
        reading.uncheckedCodes = [64]
        reading.uncheckedReason = .encrypted
        reading.endPattern = try OutputPattern("^end$")
        let answer = try reading.answer(to: Array(text.utf8), code: code, orElse: "ended")
        #expect(answer.unchecked.map(\.reason) == reasons && answer.isInfected == isInfected)
        let words = text.contains("locked") ? "b: locked" : "ended"
        #expect(answer.unchecked.allSatisfy { $0.reason == .scannerFailed || $0.detail == words })
        for cut in ["a: OK\nb: locked\n", ""] {
            #expect(throws: ScannerFailure.self) { try reading.answer(to: Array(cut.utf8), code: 64, orElse: "") }
        }
    }

    /// That there are more finds than are kept is said once.
    @Test func theRestIsToldOnce() {
        var answer = ScanAnswer()
        for number in 0..<ScanAnswer.entries { answer.addVirus("Junk\(number)") }
        #expect(answer.unchecked.isEmpty)
        for number in 0..<300 { answer.addVirus("More\(number)") }
        #expect(answer.findings.count == ScanAnswer.entries && answer.unchecked.map(\.reason) == [.overLimits])
    }

    /// A pattern that is given up says neither yes nor no.
    @Test func aPatternThatIsGivenUpIsAFailure() throws {
        var reading = OutputReading()
        reading.cleanPattern = try OutputPattern(": OK$")
        reading.infectedPattern = try OutputPattern("^(\\S+ ?)+ FOUND$")
        let text =
            (0..<100).map { "\(String(repeating: "x", count: 40))\($0): OK" }.joined(separator: "\n")
            + "\np: Real FOUND"
        #expect(throws: ScannerFailure.self) { try reading.answer(to: Array(text.utf8), orElse: "") }
    }

    /// A daemon that dies in the middle of its answer, and what it had said of the files before.
    @Test func anAnswerThatIsCutOffIsNone() throws {
        var reading = OutputReading()
        reading.cleanPattern = try OutputPattern(": OK$")
        reading.infectedPattern = try OutputPattern(" FOUND$")
        reading.namePattern = try OutputPattern("^.+: (.*) FOUND$")
        reading.endPattern = try OutputPattern(#"^scanned \d+ files\n\z"#)
        let whole = "message: OK\np1: OK\nscanned 2 files\n"
        func answer(_ text: String) throws -> ScanAnswer { try reading.answer(to: Array(text.utf8), orElse: "") }
        #expect(try answer(whole) == ScanAnswer())
        for length in 0..<whole.utf8.count {
            #expect(throws: ScannerFailure.self, "\(length)") { try answer(String(whole.prefix(length))) }
        }
        let found = "message: Junk FOUND\np1: OK\n"
        #expect(try answer(found + "scanned 2 files\n").unchecked.isEmpty)
        let cut = try answer(found)
        #expect(cut.findings.map(\.name) == ["Junk"] && cut.unchecked.map(\.reason) == [.scannerFailed])
    }

    /// A daemon that keeps its connection open: its last words end the answer, if they are its last.
    @Test(arguments: [
        (["message: OK\n", "p1: OK\nscanned 2 files\n"], true, ""),
        (["message: A FOUND\n", "scanned 2 files"], true, "A"),
        (["scanned 1 files\n", "p1: A FOUND\nscanned 2 files\r\n"], true, "A"),
        (["message: OK\nscanned 1 files\np1: OK\n"], true, nil),
        (["message: A FOUND\n"], true, "A"),
        (["message: OK\n"], false, nil), (["message: OK\n", "scanned 1 files\n"], false, ""),
        ([String(repeating: "p: OK\n", count: 2000) + "scanned 2000 files\n"], true, ""),
    ])
    func theLastWordsEndAnAnswer(words: [String], staysOpen: Bool, names: String?) async throws {
        let (bench, open) = (try Bench(), OpenConnections())
        let server = try ScriptedServer { socket in
            if staysOpen { open.keep(socket) }
            _ = try socket.line()
            for piece in words { try socket.send(piece) }
        }
        let scanner = try bench.scanner(server.path, "SCAN {}\n", end: "^scanned \\d+ files\\s*$")
        let mail = try subject("text")
        let answer = try? await scanner.scan(mail, deadline: deadline(1))
        #expect(answer.map { $0.findings.map(\.name).joined(separator: ",") } == names)
    }

    /// Words that stand where a last word could, wherever the end pattern is looked for.
    @Test func lastWordsAreLookedForAtTheEnd() throws {
        var reading = OutputReading()
        #expect(try !reading.isEnded(Array("scanned 1 files\n".utf8)))
        reading.endPattern = try OutputPattern("^scanned \\d+ files$")
        func isEnded(_ text: String) throws -> Bool { try reading.isEnded(Array(text.utf8)) }
        #expect(
            try isEnded("scanned 1 files") && isEnded("x\nscanned 1 files\n\0")
                && isEnded("scanned 1 files\nscanned 2 files\n"))
        #expect(try !isEnded("") && !isEnded("\n") && !isEnded("scanned 1 files\nx\n"))
        // No line begins where the octets that are looked at do.
        let long = String(repeating: "x", count: 10_000)
        #expect(try isEnded(long + "\nscanned 1 files\n") && !isEnded(long + "scanned 1 files\n"))
    }

    /// What a daemon had found when it was killed, cut off or hung.
    @Test func aFindStaysWhenTheAnswerIsNotWhole() async throws {
        let (bench, open) = (try Bench(), OpenConnections())
        let server = try ScriptedServer { socket in
            open.keep(socket)
            _ = try socket.line()
            try socket.send("message: Real.Virus FOUND\n")
        }
        let scanner = try bench.scanner(server.path, "SCAN {}\n")
        let answer = try await scanner.scan(try subject("text"), deadline: deadline(0.5))
        #expect(answer.findings.map(\.name) == ["Real.Virus"] && answer.unchecked.map(\.reason) == [.scannerFailed])
    }

    @Test(
        .enabled(if: ClamdProcess.isThere, "clamd is not installed (make test-deps)"),
        arguments: ["nCONTSCAN {}\n", "nALLMATCHSCAN {}/*\n", "nSCAN {}/*\n"])
    func clamdByText(request: String) async throws {
        let (bench, clamd) = (try Bench(), try ClamdProcess())
        let scanner = try bench.scanner(clamd.socketPath, request)
        #expect(try await scanner.scan(try subject("clean", parts: ["x"]), deadline: deadline(20)) == ScanAnswer())
        let answer = try await scanner.scan(try subject("clean", parts: ["x", eicar]), deadline: deadline(20))
        #expect(answer.findings.map(\.name) == [eicarName])
        clamd.signal(SIGSTOP)
        let mail = try subject("text")
        let hung = await failure { () async throws(ScannerFailure) in
            try await scanner.scan(mail, deadline: deadline(0.3))
        }
        #expect(hung == "no answer in time")
        clamd.signal(SIGCONT)
        clamd.stop()
        #expect(
            await failure { () async throws(ScannerFailure) in try await scanner.scan(mail, deadline: deadline(20)) }
                != nil)
        // The call that hung ends when its connection does.
        try poll("the end of the call") {
            try FileManager.default.contentsOfDirectory(atPath: bench.scratch.path + "/workspace").isEmpty
        }
    }

    /// All matches of a content, as ALLMATCHSCAN names them.
    @Test(.enabled(if: ClamdProcess.isThere, "clamd is not installed (make test-deps)"))
    func allMatches() async throws {
        let words =
            "Junk:0:*:6a756e6b20776f726473\n" + (try String(contentsOfFile: Programs.signatures, encoding: .utf8))
        let (bench, clamd) = (try Bench(), try ClamdProcess(signatures: words))
        let scanner = try bench.scanner(clamd.socketPath, "nALLMATCHSCAN {}/*\n")
        let mail = try subject("junk words", parts: ["junk words " + eicar])
        let names = try await scanner.scan(mail, deadline: deadline(20)).findings.map(\.name)
        #expect(Set(names) == ["Junk.UNOFFICIAL", eicarName], "\(names)")
    }

    /// What says "clean" of one file may be followed by what does not; and words that no pattern knows are no answer.
    @Test(arguments: [
        ("/w/message: OK\n/w/p1: Some.Virus FOUND\n", "Some.Virus"), ("/w/p1: A FOUND\n/w/p2: B FOUND\n", "A,B"),
        ("/w: OK\n", ""), ("", nil), ("\n", nil), ("ERROR: no licence\n", nil), ("/w: OKAY\n", nil),
        (String(repeating: "x", count: 2_000_000), nil),
    ])
    func wordsAreRead(words: String, names: String?) async throws {
        let bench = try Bench()
        let server = try ScriptedServer { socket in
            _ = try socket.line()
            try socket.send(words)
            socket.shutdownWriting()
            socket.awaitEnd()
        }
        let scanner = try bench.scanner(server.path, "SCAN {}\n")
        let mail = try subject("text")
        let answer = try? await scanner.scan(mail, deadline: deadline(20))
        #expect(answer.map { $0.findings.map(\.name).joined(separator: ",") } == names)
        try bench.expectTidy()
    }

    /// A daemon of another user in our group can read what it is told to, and nobody else.
    @Test func filesAreForTheGroup() async throws {
        let bench = try Bench()
        let directory = try ScanDirectory(
            try subject("x", parts: ["one"]), in: bench.scratch.path + "/workspace", isForGroup: true)
        var facts = stat()
        #expect(stat(directory.path, &facts) == 0 && facts.st_mode & 0o777 == 0o750)
        #expect(directory.files.count == 2)
        for file in directory.files { #expect(stat(file, &facts) == 0 && facts.st_mode & 0o777 == 0o640) }
    }
}
