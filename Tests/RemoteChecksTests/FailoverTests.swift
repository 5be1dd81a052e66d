import Glibc
import MailModel
import Synchronization
import TestSupport
import Testing

@testable import RemoteChecks

/// One scanner at several addresses: each is believed by its own test, and the first that is believed is asked.
@Suite(.enabled(if: ClamdProcess.isThere, "clamd is not installed (make test-deps)"))
struct FailoverTests {
    private static let blindSignatures = "Other.Name:0:*:6162636465666768696a\n"

    private static func set(
        _ addresses: [ServerAddress], timeout: Int = 20, stale: Int = 0, isSpread: Bool = false,
        log: @escaping @Sendable (String) -> Void = { _ in }
    ) -> ScannerSet {
        let settings = ScannerSettings(
            name: "clamd", seeks: .viruses, timeout: timeout * 1_000_000_000, sample: .eicar, staleAfter: stale,
            isSpread: isSpread)
        var options = ScannerSet.Options()
        options.retryInterval = 0
        return ScannerSet(
            [(settings, addresses.map { ($0.description, ClamdScanner(address: $0, method: .instream, threads: 2)) })],
            options: options, log: log)
    }

    private static func ask(_ set: ScannerSet, _ text: String = eicar) async throws -> ScannerOutcome {
        let outcomes = await set.ask(try subject(text), deadline: deadline(30)) { _ in .init(()) }.outcomes
        return try #require(outcomes.first)
    }

    /// Answers to everything and finds nothing: it is not asked when the good one is gone.
    @Test func aBlindHostTakesNothingOver() async throws {
        let (good, blind) = (try ClamdProcess(), try ClamdProcess(signatures: Self.blindSignatures))
        let lines = Mutex<[String]>([])
        let set = Self.set([.unix(path: good.socketPath), .unix(path: blind.socketPath)]) { line in
            lines.withLock { $0.append(line) }
        }
        await set.test()
        #expect(try await Self.ask(set).answer?.isInfected == true)
        let blindPlace = "unix:\(blind.socketPath)"
        #expect(
            set.states.map(\.lamePlaces) == [
                ["\(blindPlace): failed its self-test: it does not find its test sample, eicar"]
            ])
        #expect(lines.withLock { $0.contains { $0.hasPrefix("scanner clamd at \(blindPlace): failed its self-test") } })
        good.stop()
        let gone = try await Self.ask(set)
        #expect(gone.failure?.contains("connect: ") == true && gone.answer == nil, "\(gone)")
        await set.test()
        #expect(set.states[0].fault?.contains(good.socketPath) == true && set.states[0].lamePlaces == [])
        #expect(try await Self.ask(set, "clean").failure != nil)
        try good.start()
        await set.test()
        #expect(try await Self.ask(set).answer?.isInfected == true)
    }

    /// The next one takes over, and the first is asked again when it is back.
    @Test func theFirstComesBack() async throws {
        let (first, second) = (try ClamdProcess(), try ClamdProcess(signatures: eicarUnderAnotherName))
        let set = Self.set([.unix(path: first.socketPath), .tcp(host: "127.0.0.1", port: second.port)])
        await set.test()
        #expect(set.states.map(\.fault) == [nil] && set.states[0].lamePlaces == [])
        #expect(try await Self.ask(set).answer?.findings.map(\.name) == [eicarName])
        first.stop()
        // Before anybody has tested it again, and after.
        for _ in 0..<2 {
            #expect(try await Self.ask(set).answer?.findings.map(\.name) == ["Second.UNOFFICIAL"])
            await set.test()
        }
        #expect(set.states[0].fault == nil && set.states[0].lamePlaces.count == 1)
        try first.start()
        await set.test()
        #expect(try await Self.ask(set).answer?.findings.map(\.name) == [eicarName])
    }

    /// With `spread` each takes its turn, and the other takes over when one is gone.
    @Test func messagesAreSpread() async throws {
        let (first, second) = (try ClamdProcess(), try ClamdProcess(signatures: eicarUnderAnotherName))
        let set = Self.set([.unix(path: first.socketPath), .unix(path: second.socketPath)], isSpread: true)
        await set.test()
        var names: [String] = []
        for _ in 0..<4 { names += try await Self.ask(set).answer?.findings.map(\.name) ?? [] }
        #expect(names.count == 4 && Set(names.prefix(2)) == [eicarName, "Second.UNOFFICIAL"])
        #expect(names[0] == names[2] && names[1] == names[3])
        first.stop()
        for _ in 0..<4 { #expect(try await Self.ask(set).answer?.findings.map(\.name) == ["Second.UNOFFICIAL"]) }
    }

    /// One that hangs has its share of the time and no more.
    @Test func aHungHostLeavesTimeForTheNext() async throws {
        let (first, second) = (try ClamdProcess(), try ClamdProcess())
        let set = Self.set([.unix(path: first.socketPath), .unix(path: second.socketPath)], timeout: 6)
        await set.test()
        first.signal(SIGSTOP)
        #expect(try await Self.ask(set).answer?.isInfected == true)
        first.signal(SIGCONT)
    }

    /// Without a database of the makers clamd does not say how old it is: with `stale_after` no such host is asked.
    @Test func stalenessIsOfEachHost() async throws {
        let clamd = try ClamdProcess()
        let versioned = try ScriptedServer { socket in
            try socket.send("ClamAV 1.4.6/27500/Sun Nov 24 09:41:08 2024\0")
            socket.awaitEnd()
        }
        let set = Self.set([.unix(path: clamd.socketPath), .unix(path: versioned.path)], timeout: 4, stale: 86_400)
        await set.test()
        let fault = try #require(set.states[0].fault)
        #expect(fault.contains("unix:\(clamd.socketPath): does not say how old its signatures are"), "\(fault)")
        #expect(fault.contains("unix:\(versioned.path): failed its self-test"), "\(fault)")
    }

    /// The shipped test signature under another name.
    private var eicarUnderAnotherName: String {
        "Second:0:*:"
            + eicar.utf8.map { byte in
                let text = String(byte, radix: 16)
                return text.count == 1 ? "0" + text : text
            }.joined() + "\n"
    }
}
