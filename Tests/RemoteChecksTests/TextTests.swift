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

        func scanner(_ path: String, _ request: String) throws -> TextScanner {
            var reading = OutputReading()
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
