internal import Antivirus
internal import Glibc
internal import InspectionLink
internal import Linux
internal import MIME
internal import Magic
internal import Unpacking

/// The parent of all workers: loads the engine once, then forks a worker whenever the gateway asks. It never reads a
/// message of others. Single-threaded, or its children could inherit a lock that nobody will ever release.
package struct Zygote {
    /// Where the gateway puts the socket.
    private static let socketNumber: Int32 = 3

    private let control: PacketSocket
    private let settings: Configure
    private let support: SandboxSupport
    private let engine: ClamAVEngine?
    private let rules: RuleSet?
    private let magic: MagicDatabase?
    private let banned: BannedStage?
    private var children: [Child] = []
    private var databaseWatch = DatabaseWatch(seconds: 0)

    /// A worker as its zygote knows it.
    private struct Child {
        var worker: Int
        var pid: Int32
        var handle: ProcessHandle
    }

    /// The whole program `mailreeve-inspector`: serves the gateway on descriptor 3 until that is closed.
    package static func main() -> Never {
        var status = stat()
        guard fstat(socketNumber, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else {
            ExitStatus.end(.usage, "started by mailreeve only: descriptor 3 is not a socket")
        }
        do throws(SystemError) {
            try prepareProcess()
        } catch {
            ExitStatus.end(.system, "\(error)")
        }
        let control = PacketSocket(Descriptor(owning: socketNumber))
        let (settings, tables) = receiveSettings(control)
        var zygote = load(settings, tables, control)
        zygote.serve()
    }

    /// Nothing that the parent left open, no core, no reader of our memory, private files.
    private static func prepareProcess() throws(SystemError) {
        try ProcessLimits.closeDescriptors(from: socketNumber + 1)
        let null = try Descriptor.open("/dev/null", O_RDWR)
        for number: Int32 in [0, 1] { try check("dup2") { dup2(null.raw, number) } }
        try ProcessLimits.setPlainSignals()
        try ProcessLimits.setNotDumpable()
        try ProcessLimits.lower(.core, to: 0)
        umask(0o077)
        setlocale(LC_ALL, "C.UTF-8")
    }

    private static func receiveSettings(_ control: PacketSocket) -> (Configure, Descriptor?) {
        let (request, descriptors) = receiveRequest(control)
        switch request {
        case .configure(let settings): return (settings, descriptors.first)
        case .fork: ExitStatus.end(.protocolError, "asked to fork before the settings")
        }
    }

    /// The next request; ends the process when there is none.
    private static func receiveRequest(_ control: PacketSocket) -> (ZygoteRequest, [Descriptor]) {
        do {
            guard let (record, descriptors) = try control.receive() else { ExitStatus.end(.done) }
            return (try ZygoteRequest(record), descriptors)
        } catch {
            ExitStatus.end(.protocolError, "request: \(error)")
        }
    }

    private static func load(_ settings: Configure, _ tables: Descriptor?, _ control: PacketSocket) -> Zygote {
        do throws(LoadFailure) {
            let support = SandboxSupport.ofKernel(highestLandlockABI: settings.landlockABI)
            if !support.missing.isEmpty, !settings.allowWeakerSandbox {
                throw LoadFailure(text: support.missing + "; set inspector.sandbox: allow-weaker to go on without it")
            }
            guard access(settings.workspace, R_OK | W_OK | X_OK) == 0 else {
                throw LoadFailure(text: "\(SystemError("workspace \(settings.workspace)", code: errno))")
            }
            _ = Charsets.load()
            NameCharsets.load()
            Inspection.prepare()
            let (rules, banned) = try loadRules(tables)
            let engine = try loadEngine(settings)
            let threads: Int
            do throws(SystemError) {
                threads = try ProcessLimits.threads()
            } catch {
                throw LoadFailure(text: "\(error)")
            }
            guard threads == 1 else { throw LoadFailure(text: "\(threads) threads where forking needs one") }
            let ready = Ready(
                signatures: engine?.signatures ?? 0, engineVersion: engine == nil ? "" : ClamAVEngine.version,
                databaseVersion: engine?.database.number ?? 0, databaseTime: engine?.database.buildTime ?? 0,
                isSigned: engine?.database.isSigned ?? true,
                landlockABI: support.landlockABI, rules: rules?.number ?? 0,
                ruleProblems: rules.map { told($0.problems) } ?? [])
            send(.ready(ready), on: control)
            var zygote = Zygote(
                control: control, settings: settings, support: support, engine: engine, rules: rules,
                magic: MagicDatabase(),
                banned: banned)
            zygote.databaseWatch = DatabaseWatch(seconds: engine == nil ? 0 : settings.clamav?.selfCheck ?? 0)
            return zygote
        } catch {
            send(.failed(clamped(error.text, to: ControlLimits.text)), on: control)
            ExitStatus.end(.failed)
        }
    }

    private struct LoadFailure: Error {
        var text: String
    }

    private static func loadEngine(_ settings: Configure) throws(LoadFailure) -> ClamAVEngine? {
        guard let clamav = settings.clamav else { return nil }
        do throws(EngineError) {
            var wanted = EngineSettings(
                database: clamav.database, maxScanSize: clamav.maxScanSize, maxRecursion: clamav.maxRecursion,
                maxFiles: clamav.maxFiles)
            wanted.options = clamav.options
            wanted.excludedPUA = clamav.excludedPUA
            let engine = try ClamAVEngine(wanted)
            try engine.setTemporaryDirectory(settings.workspace)
            // Also makes what libclamav sets up at its first scan, once and for all workers.
            try engine.selfTest()
            return engine
        } catch {
            throw LoadFailure(text: error.description)
        }
    }

    /// Compiles the tables: machine code can only be made before a worker's sandbox closes.
    private static func loadRules(_ file: Descriptor?) throws(LoadFailure) -> (RuleSet?, BannedStage?) {
        guard let file else { return (nil, nil) }
        do {
            let size = try file.size()
            guard size <= RuleTables.recordLimit else { throw RecordError.value("\(size) octets of tables") }
            let tables = try RuleTables(try file.read(at: 0, count: size))
            let rules = try RuleSet(tables)
            if tables.isStrict, rules.hasUnusable {
                throw LoadFailure(
                    text: "rules.strict: " + told(rules.problems).joined(separator: "; "))
            }
            let banned = BannedStage(tables)
            if let problems = banned?.problems, !problems.isEmpty {
                throw LoadFailure(text: told(problems).joined(separator: "; "))
            }
            return (rules, banned)
        } catch let failure as LoadFailure {
            throw failure
        } catch {
            throw LoadFailure(text: "rules: \(error)")
        }
    }

    /// The first problems, each cut: all of them would not fit into a record.
    private static func told(_ problems: [String]) -> [String] {
        problems.prefix(ControlLimits.ruleProblems).map { clamped($0, to: ControlLimits.ruleProblem) }
    }

    private static func send(_ event: ZygoteEvent, on control: PacketSocket, descriptors: [Int32] = []) {
        do throws(SystemError) {
            try control.send(event.encoded(), descriptors: descriptors)
        } catch {
            // The gateway has gone; the kernel ends the workers with us.
            ExitStatus.end(.done)
        }
    }

    // MARK: Serving

    private mutating func serve() -> Never {
        while true {
            var polled = [pollfd(fd: control.descriptor.raw, events: Int16(POLLIN), revents: 0)]
            for child in children {
                polled.append(pollfd(fd: child.handle.descriptor.raw, events: Int16(POLLIN), revents: 0))
            }
            guard poll(&polled, nfds_t(polled.count), databaseWatch.milliseconds) >= 0 || errno == EINTR else {
                ExitStatus.end(.system, "poll: \(errno)")
            }
            // From the last: removing one must not move those that are still to be looked at.
            for index in children.indices.reversed() where polled[index + 1].revents != 0 { reap(index) }
            if polled[0].revents != 0 { serveRequest() }
            if databaseWatch.hasChanged(engine, settings.clamav) { Self.send(.databaseChanged, on: control) }
        }
    }

    private mutating func serveRequest() {
        let request: ZygoteRequest
        do {
            guard let (record, _) = try control.receive() else { endAll(.done) }
            request = try ZygoteRequest(record)
        } catch {
            endAll(.protocolError, "request: \(error)")
        }
        guard case .fork(let worker) = request else { endAll(.protocolError, "settings for the second time") }
        do throws(SystemError) {
            try forkWorker(worker)
        } catch {
            Self.send(.exited(worker: worker, status: "not forked: \(error)"), on: control)
        }
    }

    private mutating func forkWorker(_ worker: Int) throws(SystemError) {
        let (ours, theirs) = try PacketSocket.pair()
        let parent = getpid()
        let pid = try check("fork") { fork() }
        if pid == 0 {
            for child in children { child.handle.descriptor.abandon() }
            for socket in [control, ours, theirs] { socket.descriptor.abandon() }
            WorkerProcess.run(
                socket: theirs.descriptor.raw, parent: parent, number: worker, settings: settings, support: support,
                engine: engine, rules: rules, banned: banned, magic: magic)
        }
        let handle: ProcessHandle
        do throws(SystemError) {
            handle = try ProcessHandle(child: pid)
        } catch {
            kill(pid, SIGKILL)
            waitpid(pid, nil, 0)
            throw error
        }
        children.append(Child(worker: worker, pid: pid, handle: handle))
        Self.send(
            .forked(worker: worker, pid: Int(pid)), on: control,
            descriptors: [ours.descriptor.raw, handle.descriptor.raw])
    }

    private mutating func reap(_ index: Int) {
        var status: Int32 = 0
        let child = children[index]
        guard waitpid(child.pid, &status, WNOHANG) == child.pid else { return }
        children.remove(at: index)
        let signal = status & 0x7F
        let text = signal == 0 ? "exit \(status >> 8 & 0xFF)" : "signal \(signal)"
        Self.send(.exited(worker: child.worker, status: text), on: control)
    }

    private func endAll(_ status: ExitStatus, _ text: String = "") -> Never {
        for child in children { child.handle.signal(SIGKILL) }
        ExitStatus.end(status, text)
    }
}
