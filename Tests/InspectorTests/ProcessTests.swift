import Glibc
import InspectionLink
import Linux
import MailModel
import Testing

/// The lives and deaths of zygote and workers.
@Suite struct ProcessTests {
    /// Waits until a descriptor is readable; false when it takes unreasonably long.
    private func becomesReadable(_ descriptor: Descriptor) -> Bool {
        var polled = pollfd(fd: descriptor.raw, events: Int16(POLLIN), revents: 0)
        return poll(&polled, 1, 30_000) == 1
    }

    private func isReadable(_ descriptor: Descriptor) -> Bool {
        var polled = pollfd(fd: descriptor.raw, events: Int16(POLLIN), revents: 0)
        return poll(&polled, 1, 0) == 1
    }

    private func loaded(_ change: (inout Configure) -> Void = { _ in }) throws -> TestGateway {
        let gateway = try TestGateway()
        var settings = gateway.settings()
        change(&settings)
        try gateway.configure(settings)
        return gateway
    }

    private func failure(_ change: (inout Configure) -> Void) throws -> String? {
        let gateway = try TestGateway()
        var settings = gateway.settings()
        change(&settings)
        try gateway.send(.configure(settings))
        guard case .failed(let text)? = try gateway.event()?.0 else { return nil }
        // Nothing comes after it.
        #expect(try gateway.event() == nil)
        return text
    }

    private func expectExit(_ gateway: TestGateway, worker: Int, _ status: String) throws {
        let event = try #require(try gateway.event()).0
        #expect(event == .exited(worker: worker, status: status))
    }

    @Test func readySaysWhatIsLoaded() throws {
        let gateway = try TestGateway()
        let ready = try gateway.configure()
        #expect(ready.signatures == 2)
        #expect(ready.engineVersion.hasPrefix("ClamAV "))
        #expect(ready.databaseVersion == 0)
        #expect(ready.landlockABI == SandboxSupport.ofKernel().landlockABI)
    }

    @Test func readyWithoutAScanner() throws {
        let gateway = try TestGateway()
        let ready = try gateway.configure(gateway.settings(database: nil))
        #expect(ready.signatures == 0 && ready.engineVersion.isEmpty)
    }

    @Test func brokenDatabaseIsExplained() throws {
        let text = try failure { $0.clamav?.database = "/nonexistent/signatures" }
        #expect(text?.contains("/nonexistent/signatures") == true, "\(text ?? "no failure")")
    }

    @Test func missingWorkspaceIsExplained() throws {
        let text = try failure { $0.workspace = "/nonexistent/workspace" }
        #expect(text?.contains("/nonexistent/workspace") == true, "\(text ?? "no failure")")
    }

    @Test func weakerSandboxMustBeAllowed() throws {
        let text = try failure { $0.landlockABI = 0 }
        #expect(text?.contains("allow-weaker") == true, "\(text ?? "no failure")")
        let gateway = try loaded {
            $0.landlockABI = 0
            $0.allowWeakerSandbox = true
        }
        #expect(try gateway.report(on: Messages.plain("text"), by: gateway.fork(1)).completedScanners == ["clamav"])
    }

    @Test(
        "Mail is inspected under the rules of older kernels too",
        .enabled(if: SandboxSupport.ofKernel().missing.isEmpty, "the kernel lacks the sandbox"),
        arguments: [1, 2, 3, 5])
    func olderLandlock(abi: Int) throws {
        let gateway = try loaded { $0.landlockABI = abi }
        let message = Messages.attached(Array(Messages.eicar.utf8))
        #expect(try gateway.report(on: message, by: gateway.fork(1)).viruses.count == 1)
    }

    @Test func killedWorkerIsReportedAndOthersGoOn() throws {
        let gateway = try loaded()
        let first = try gateway.fork(1)
        let second = try gateway.fork(2)
        first.handle.signal(SIGKILL)
        try expectExit(gateway, worker: 1, "signal 9")
        #expect(try first.link.receive() == nil)
        #expect(try gateway.report(on: Messages.plain("text"), by: second).completedScanners == ["clamav"])
        #expect(try gateway.report(on: Messages.plain("text"), by: gateway.fork(3)).viruses.isEmpty)
    }

    @Test func workerEndsWithItsSocket() throws {
        let gateway = try loaded()
        do {
            _ = try gateway.fork(1)
        }
        try expectExit(gateway, worker: 1, "exit 0")
    }

    @Test func workerWithoutItsDirectoryEnds() throws {
        let gateway = try loaded()
        try gateway.send(.fork(worker: 9))
        let forked = try #require(try gateway.event())
        let link = PacketSocket(forked.1[0])
        #expect(try link.receive() == nil)
        try expectExit(gateway, worker: 9, "exit 71")
    }

    @Test func everythingEndsWithTheControlSocket() throws {
        let gateway = try loaded()
        let workers = try (1...3).map { try gateway.fork($0) }
        let zygote = try ProcessHandle(child: gateway.pid)
        gateway.hangUp()
        #expect(becomesReadable(zygote.descriptor))
        for worker in workers { #expect(becomesReadable(worker.handle.descriptor)) }
    }

    @Test func workersEndWithAKilledZygote() throws {
        let gateway = try loaded()
        let workers = try (1...3).map { try gateway.fork($0) }
        kill(gateway.pid, SIGKILL)
        for worker in workers { #expect(becomesReadable(worker.handle.descriptor)) }
    }

    /// A service manager signals all processes of the service; mail in flight is still to be inspected then.
    @Test func terminationIsLeftToTheGateway() throws {
        let gateway = try loaded()
        let worker = try gateway.fork(1)
        for signal in [SIGTERM, SIGINT, SIGHUP] {
            kill(gateway.pid, signal)
            worker.handle.signal(signal)
        }
        #expect(try gateway.report(on: Messages.plain("text"), by: worker).completedScanners == ["clamav"])
        #expect(try gateway.report(on: Messages.plain("text"), by: gateway.fork(2)).viruses.isEmpty)
    }

    /// The report file tells of the engine's turns while a message is inspected.
    @Test func theTurnsOfTheEngineAreNoted() throws {
        let gateway = try loaded()
        let worker = try gateway.fork(1)
        let message = try TestGateway.sealed(Messages.plain(String(repeating: "a line of text\r\n", count: 100_000)))
        func isAtWork() throws -> Bool {
            EngineMark.isAtWork(try worker.report.read(at: 0, count: EngineMark.length))
        }
        var isSeen = false
        for number in 1...50 where !isSeen {
            mkdir("\(worker.directory)/t\(number)", 0o700)
            let request = Inspect(request: number, workspace: "t\(number)", limits: TestGateway.limits)
            try worker.link.send(request.encoded(), descriptors: [message.raw])
            while !isSeen, !isReadable(worker.link.descriptor) { isSeen = try isAtWork() }
            let done = try #require(try worker.link.receive())
            guard case .done = try WorkerEvent(done.0) else { throw TestGatewayError(description: "another answer") }
            #expect(try !isAtWork(), "the report has taken its place")
        }
        #expect(isSeen)
    }

    @Test func theEngineCanBeLeftOut() throws {
        let gateway = try loaded()
        let message = try TestGateway.sealed(Messages.attached(Array(Messages.eicar.utf8)))
        let report = try #require(try gateway.inspect(message, by: gateway.fork(1), withoutEngine: true))
        #expect(report.viruses.isEmpty && report.completedScanners.isEmpty && report.parts.count > 1)
    }

    @Test func changeableMessagesAreRefused() throws {
        let gateway = try loaded()
        let memory = try Descriptor.memory("unsealed")
        try memory.write(Messages.plain("text"))
        #expect(try gateway.inspect(memory, by: gateway.fork(1)) == nil)
        try expectExit(gateway, worker: 1, "exit 65")
        // A file that still has a name.
        let named = try Descriptor.open(gateway.workspace + "/named", O_RDONLY | O_CREAT)
        #expect(try gateway.inspect(named, by: gateway.fork(2)) == nil)
        try expectExit(gateway, worker: 2, "exit 65")
    }

    @Test(arguments: ["", ".", "..", "../w2", "a/b", "/tmp", "a\u{0}b"])
    func otherDirectoriesAreRefused(name: String) throws {
        let gateway = try loaded()
        let worker = try gateway.fork(1)
        let message = try TestGateway.sealed(Messages.plain("text"))
        let request = Inspect(request: 1, workspace: name, limits: TestGateway.limits)
        try worker.link.send(request.encoded(), descriptors: [message.raw])
        #expect(try worker.link.receive() == nil)
        try expectExit(gateway, worker: 1, "exit 65")
    }

    @Test(arguments: [0, 2])
    func oneMessageForOneRequest(descriptors: Int) throws {
        let gateway = try loaded()
        let worker = try gateway.fork(1)
        let message = try TestGateway.sealed(Messages.plain("text"))
        let request = Inspect(request: 1, workspace: "m", limits: TestGateway.limits)
        try worker.link.send(request.encoded(), descriptors: Array(repeating: message.raw, count: descriptors))
        #expect(try worker.link.receive() == nil)
        try expectExit(gateway, worker: 1, "exit 65")
    }

    @Test func requestThatIsNoneEndsEverything() throws {
        let gateway = try loaded()
        let worker = try gateway.fork(1)
        try gateway.control?.send([1, 99])
        #expect(try gateway.event() == nil)
        #expect(becomesReadable(worker.handle.descriptor))
    }

    @Test func onlyTheGatewayStartsIt() throws {
        let path = TestGateway.buildDirectory + "/mailreeve-inspector"
        let pid = try TestGateway.start([path], socket: PacketSocket(Descriptor.memory("not a socket")))
        var status: Int32 = 0
        #expect(waitpid(pid, &status, 0) == pid)
        #expect(status == 64 << 8)
    }
}
