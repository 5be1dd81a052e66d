import Foundation
import Glibc
import Linux
import MailModel
import Patterns
import RemoteChecks
import TestSupport
import Testing

/// Scanners that are programs: the real clamscan, and scripts that do what programs do when they go wrong.
@Suite struct CommandTests {
    private final class Bench: Sendable {
        let scratch: Scratch

        init() throws { scratch = try Scratch(.memory) }

        /// Codes as the settings have them by default.
        static func command(_ programs: [String], _ arguments: [String]) -> CommandScanner.Command {
            var command = CommandScanner.Command(programs: programs, arguments: arguments)
            command.reading.cleanCodes = [0]
            command.reading.infectedCodes = [1]
            return command
        }

        /// A scanner that is a shell script.
        func script(
            _ text: String, network: Bool = false, _ change: (inout CommandScanner.Command) throws -> Void = { _ in }
        ) throws -> CommandScanner {
            let path = try scratch.write("scanner", "#!/bin/sh\n\(text)\n", mode: 0o755)
            var command = Self.command(["/nonexistent/scanner", path], ["{}"])
            try change(&command)
            return try scanner(command, network: network)
        }

        func scanner(
            _ command: CommandScanner.Command, readable: [String] = [], network: Bool = false
        ) throws -> CommandScanner {
            CommandScanner(
                command, launcher: Programs.path("mailreeve-launcher"),
                sandbox: ProgramSandbox(
                    directory: "", readable: readable, network: network, memory: 4 << 30, fileSize: 1 << 20),
                workspace: try scratch.directory("workspace"), threads: 2)
        }

        /// Nothing is left of any message.
        func expectTidy(sourceLocation: SourceLocation = #_sourceLocation) throws {
            let left = try FileManager.default.contentsOfDirectory(atPath: scratch.path + "/workspace")
            #expect(left.isEmpty, "\(left)", sourceLocation: sourceLocation)
        }
    }

    @Test(.enabled(if: Programs.peer("clamscan") != nil, "clamscan is not installed (make test-deps)"))
    func clamscan() async throws {
        let bench = try Bench()
        _ = try bench.scratch.directory("database")
        try bench.scratch.copy(Programs.signatures, to: "database/test.ndb")
        var command = Bench.command(
            [Programs.peer("clamscan") ?? ""],
            ["--stdout", "-r", "--database=\(bench.scratch.path)/database", "{}"])
        command.reading.endPattern = try OutputPattern("^Infected files: \\d+$")
        command.reading.namePattern = try OutputPattern("^.+: (?!Infected Archive)(.*) FOUND$")
        let scanner = try bench.scanner(command, readable: [bench.scratch.path + "/database"])
        #expect(try await scanner.scan(try subject("clean", parts: ["x"]), deadline: deadline(60)) == ScanAnswer())
        let answer = try await scanner.scan(try subject("clean", parts: ["x", eicar]), deadline: deadline(60))
        #expect(answer.findings.map(\.name) == [eicarName])
        // Without its signatures it fails, and is not clean.
        let blind = try bench.scanner(command)
        let mail = try subject(eicar)
        let why = await failure { () async throws(ScannerFailure) in try await blind.scan(mail, deadline: deadline(60))
        }
        #expect(why?.contains("exit code 2") == true, "\(why ?? "answered")")
        try bench.expectTidy()
    }

    @Test func exitCodesAndPatterns() async throws {
        let bench = try Bench()
        func result(
            _ text: String, _ change: (inout CommandScanner.Command) throws -> Void = { _ in }
        ) async throws -> String {
            let scanner = try bench.script(text, change)
            let mail = try subject("text")
            do throws(ScannerFailure) {
                let answer = try await scanner.scan(mail, deadline: deadline(20))
                return answer.findings.map(\.name).joined(separator: ",")
            } catch {
                return "failed: \(error)"
            }
        }
        #expect(try await result("exit 0") == "")
        #expect(try await result("exit 1") == "unnamed")
        #expect(try await result("exit 2") == "failed: ended with exit code 2")
        #expect(try await result("echo 'no licence'; exit 9") == "failed: ended with exit code 9: no licence\n")
        #expect(try await result("kill -9 $$") == "failed: ended by signal 9")
        #expect(
            try await result("echo 'a: W32.One found'; echo 'b: W32.Two found'; echo 'b: W32.One found'; exit 1") {
                $0.reading.namePattern = try OutputPattern(": (\\S+) found$")
            } == "W32.One,W32.Two")
        // What says "infected" counts before what says "clean".
        #expect(
            try await result("echo INFECTED; exit 0") { $0.reading.infectedPattern = try OutputPattern("^INFECTED") }
                == "unnamed")
        #expect(
            try await result("echo all fine; exit 7") { $0.reading.cleanPattern = try OutputPattern("^all fine$") }
                == "")
        #expect(
            try await result("exit 0") {
                $0.reading.cleanCodes = []
                $0.reading.cleanPattern = try OutputPattern("^all fine$")
            } == "failed: ended with exit code 0")
        // A program that ends well and has not said what it says last of all.
        let end: (inout CommandScanner.Command) throws -> Void = {
            $0.reading.endPattern = try OutputPattern("^done$")
        }
        #expect(try await result("echo done; exit 0", end) == "")
        #expect(try await result("exit 0", end).hasPrefix("failed: an answer that is cut off"))
        #expect(try await result("head -c 99 /dev/urandom; exit 0", end).hasPrefix("failed: an answer that is cut off"))
        #expect(try await result("exit 1", end) == "unnamed")
        #expect(try await result("exit 126").hasPrefix("failed: cannot be run"))
        // Whatever was said before, a program that was killed has not found the mail clean; a find stays one.
        let words: (inout CommandScanner.Command) throws -> Void = {
            $0.reading.cleanPattern = try OutputPattern("^all fine$")
            $0.reading.infectedPattern = try OutputPattern("FOUND$")
            $0.reading.namePattern = try OutputPattern("(\\S+) FOUND$")
        }
        #expect(try await result("echo all fine; kill -9 $$", words) == "failed: ended by signal 9: all fine\n")
        #expect(try await result("echo all fine; exit 137", words) == "")
        #expect(try await result("echo A FOUND; kill -11 $$", words) == "A")
        #expect(try await result("echo A FOUND; yes all fine", words) == "A")
        try bench.expectTidy()
    }

    /// What a program says before its deadline is not lost with it.
    @Test func aFindBeforeTheDeadlineStays() async throws {
        let bench = try Bench()
        func answer(_ text: String) async throws -> ScanAnswer {
            let scanner = try bench.script(text) { $0.reading.infectedPattern = try OutputPattern("FOUND$") }
            return try await scanner.scan(try subject("x"), deadline: deadline(0.5))
        }
        let found = try await answer("echo p1: A FOUND; sleep 1000")
        #expect(found.findings.map(\.name) == ["unnamed"] && found.unchecked.map(\.reason) == [.scannerFailed])
        await #expect(throws: ScannerFailure.self) { try await answer("echo p1: OK; sleep 1000") }
    }

    /// libclamav's names for "not looked at" are no viruses, whoever prints them.
    @Test func alertsAreUnchecked() async throws {
        let bench = try Bench()
        func answer(_ names: String...) async throws -> ScanAnswer {
            let lines = names.map { "echo 'p1: \($0) FOUND'; " }.joined()
            let scanner = try bench.script(lines + "exit 1") {
                $0.reading.namePattern = try OutputPattern("^.+: (.*) FOUND$")
            }
            return try await scanner.scan(try subject("x"), deadline: deadline(20))
        }
        let limit = try await answer("Heuristics.Limits.Exceeded.MaxFileSize")
        #expect(limit.unchecked.map(\.reason) == [.overLimits] && limit.findings.isEmpty)
        let encrypted = try await answer("Heuristics.Encrypted.Zip")
        #expect(encrypted.unchecked.map(\.reason) == [.encrypted] && encrypted.findings.isEmpty)
        let both = try await answer("Heuristics.Encrypted.Zip", "Real.Virus")
        #expect(both.findings.map(\.name) == ["Real.Virus"] && both.unchecked.count == 1)
    }

    /// New signatures of a program show in the times of what it reads.
    @Test func theVersionOfAProgramIsThatOfItsFiles() async throws {
        let bench = try Bench()
        _ = try bench.scratch.directory("database")
        let file = try bench.scratch.write("database/test.ndb", "x\n")
        let scanner = try bench.scanner(
            Bench.command(["/bin/true"], ["{}"]), readable: [bench.scratch.path + "/database"])
        let times = [timespec(tv_sec: 5_000_000_000, tv_nsec: 0), timespec(tv_sec: 5_000_000_000, tv_nsec: 0)]
        let before = try await scanner.version(deadline: deadline(20))
        #expect(utimensat(AT_FDCWD, file, times, 0) == 0)
        let after = try await scanner.version(deadline: deadline(20))
        #expect(before != nil && before != after && after?.signatureTime == 5_000_000_000)
        let none = try bench.scanner(Bench.command(["/bin/true"], ["{}"]))
        #expect(try await none.version(deadline: deadline(20)) == nil)
    }

    @Test func theDirectoryHoldsMessageAndParts() async throws {
        let bench = try Bench()
        let scanner = try bench.script(
            "cd \"$1\" && [ \"$(cat p1)\" = one ] && [ \"$(cat p2)\" = two ] && grep -q '^Subject: test' message && [ $# = 1 ]"
        )
        #expect(
            try await scanner.scan(try subject("x", parts: ["one", "two"]), deadline: deadline(20)) == ScanAnswer())
        let each = try bench.script("[ $# = 3 ] && [ -f \"$3\" ]") { $0.arguments = ["{}/*"] }
        #expect(try await each.scan(try subject("x", parts: ["one", "two"]), deadline: deadline(20)) == ScanAnswer())
    }

    @Test func whatHangsIsEndedWithItsChildren() async throws {
        let bench = try Bench()
        let scanner = try bench.script("sleep 1000 & echo $! >\"$1/child\"; cp \"$1/child\" /dev/null; sleep 1000")
        let mail = try subject("x")
        let why = await failure { () async throws(ScannerFailure) in
            try await scanner.scan(mail, deadline: deadline(0.5))
        }
        #expect(why == "no answer in time")
        // The directory goes when the program has ended.
        try poll("the end of the scanner") {
            try FileManager.default.contentsOfDirectory(atPath: bench.scratch.path + "/workspace").isEmpty
        }
    }

    @Test func outputIsBounded() async throws {
        let bench = try Bench()
        let scanner = try bench.script("yes this is a long story")
        let mail = try subject("x")
        let why = await failure { () async throws(ScannerFailure) in
            try await scanner.scan(mail, deadline: deadline(30))
        }
        #expect(why?.hasPrefix("more than 1048576 octets of output") == true, "\(why ?? "answered")")
    }

    @Test func nothingIsThere() async throws {
        let bench = try Bench()
        let scanner = try bench.scanner(
            Bench.command(["/nonexistent/a", "/nonexistent/b"], ["{}"]))
        let mail = try subject("x")
        let why = await failure { () async throws(ScannerFailure) in
            try await scanner.scan(mail, deadline: deadline(20))
        }
        #expect(why == "none of its programs is there: /nonexistent/a, /nonexistent/b")
    }

    /// What a scanner that was taken over by a message could do.
    @Test(
        .enabled(if: SandboxSupport.ofKernel().missing.isEmpty, "the kernel has no whole sandbox"),
        arguments: [
            "cat SECRET", "echo x >OUTSIDE", "echo x >>SECRET", "ls /home", "ls /root", "cat /etc/shadow",
            "python3 -c 'import socket; socket.socket()'", "python3 -c 'import socket; socket.socket(socket.AF_UNIX)'",
            "mknod \"$1/device\" c 1 3", "head -c 3000000 /dev/zero >\"$1/large\"", "cp /bin/true \"$1/x\" && \"$1/x\"",
            "setsid --wait true",
            "python3 -c 'import os; p = os.fork(); p or os.setsid(); exit(os.waitpid(p, 0)[1] != 0 if p else 0)'",
            "sh -c 'python3 -c \"import os; os.setpgid(0, 0)\"'",
        ])
    func theCellHolds(act: String) async throws {
        let bench = try Bench()
        let secret = try bench.scratch.write("secret", "secret\n", mode: 0o666)
        let words = act.replacing("SECRET", with: secret).replacing("OUTSIDE", with: bench.scratch.path + "/outside")
        let scanner = try bench.script("if \(words) 2>/dev/null; then exit 1; fi; exit 0")
        #expect(try await scanner.scan(try subject("x"), deadline: deadline(20)) == ScanAnswer(), "it could: \(act)")
    }

    @Test func networkIsGivenWhereItIsSet() async throws {
        let bench = try Bench()
        let scanner = try bench.script("python3 -c 'import socket; socket.socket()'", network: true)
        #expect(try await scanner.scan(try subject("x"), deadline: deadline(20)) == ScanAnswer())
    }

    @Test func patternsThatAreWrong() {
        #expect(throws: OutputPattern.Failure.self) { try OutputPattern("(") }
    }
}
