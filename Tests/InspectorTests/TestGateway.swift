import Glibc
import InspectionLink
import Linux
import MailModel

/// What went wrong while a test played the gateway.
struct TestGatewayError: Error, CustomStringConvertible {
    var description: String
}

/// The gateway's end of the inspection link, as small as it can be: starts `mailreeve-inspector`, has workers forked and
/// messages inspected. All calls wait.
final class TestGateway {
    /// A worker as its gateway holds it.
    struct Worker {
        var number: Int
        var pid: Int32
        var link: PacketSocket
        var handle: ProcessHandle
        var report: Descriptor
        var directory: String
    }

    /// Where the executables of this build lie: beside the running test program.
    static var buildDirectory: String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        let path = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
        return String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.startIndex))
    }

    /// `rules/signatures` of this package.
    static var signatures: String {
        let parts = #filePath.split(separator: "/")
        return "/" + parts.dropLast(3).joined(separator: "/") + "/rules/signatures"
    }

    static let limits = InspectionLimits(
        mimeParts: 1000, mimeDepth: 50, headerBytes: 1 << 20, headerFields: 10_000, parameters: 200,
        boundaryLength: 2048, readings: 32, readingBytes: 1 << 20, decodedBytes: 64 << 20, textBytes: 1 << 20,
        htmlEdits: 10_000, htmlAttributes: 200)

    let workspace: String
    let pid: Int32
    private(set) var control: PacketSocket?
    private var requests = 0

    /// Starts a zygote; it waits for its settings then.
    init(executable: String = "mailreeve-inspector") throws {
        // A tmpfs, as in service, where the machine has it at the usual place.
        let base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
        var template = Array("\(base)/mailreeve-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw TestGatewayError(description: "mkdtemp: \(errno)") }
        workspace = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let (ours, theirs) = try PacketSocket.pair()
        pid = try Self.start(["\(Self.buildDirectory)/\(executable)"], socket: theirs)
        control = ours
    }

    deinit {
        control = nil
        kill(pid, SIGKILL)
        var status: Int32 = 0
        waitpid(pid, &status, 0)
        Self.run(["/bin/rm", "-rf", workspace])
    }

    /// Starts a program with `socket` as descriptor 3.
    static func start(_ command: [String], socket: PacketSocket?) throws -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let socket { posix_spawn_file_actions_adddup2(&actions, socket.descriptor.raw, 3) }
        var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) }
        defer { for argument in arguments { free(argument) } }
        arguments.append(nil)
        var pid: pid_t = 0
        let result = posix_spawn(&pid, command[0], &actions, nil, arguments, environ)
        guard result == 0 else { throw TestGatewayError(description: "start \(command[0]): error \(result)") }
        return pid
    }

    /// Runs a program to its end; its wait status.
    @discardableResult
    static func run(_ command: [String]) -> Int32 {
        guard let pid = try? start(command, socket: nil) else { return -1 }
        var status: Int32 = 0
        waitpid(pid, &status, 0)
        return status
    }

    func settings(database: String? = TestGateway.signatures) -> Configure {
        let clamav = database.map {
            ClamAVSettings(database: $0, maxScanSize: 100 << 20, maxRecursion: 17, maxFiles: 1000)
        }
        return Configure(
            generation: 1, workspace: workspace, clamav: clamav, workerMemory: 512 << 20, workerFileSize: 64 << 20)
    }

    func send(_ request: ZygoteRequest) throws {
        try control?.send(request.encoded())
    }

    /// The next event of the zygote; nil when it has gone.
    func event() throws -> (ZygoteEvent, [Descriptor])? {
        guard let (record, descriptors) = try control?.receive() else { return nil }
        return (try ZygoteEvent(record), descriptors)
    }

    /// Sends the settings and waits until the zygote is loaded.
    @discardableResult
    func configure(_ settings: Configure? = nil) throws -> Ready {
        try send(.configure(settings ?? self.settings()))
        guard case .ready(let ready)? = try event()?.0 else { throw TestGatewayError(description: "not ready") }
        return ready
    }

    /// Has a worker forked and waits for its hello.
    func fork(_ number: Int) throws -> Worker {
        let directory = "\(workspace)/w\(number)"
        mkdir(directory, 0o700)
        try send(.fork(worker: number))
        guard let (event, descriptors) = try event(), case .forked(number, let pid) = event, descriptors.count == 2
        else { throw TestGatewayError(description: "no fork of worker \(number)") }
        let link = PacketSocket(descriptors[0])
        guard let (hello, reports) = try link.receive(), try WorkerEvent(hello) == .hello, let report = reports.first
        else { throw TestGatewayError(description: "no hello from worker \(number)") }
        return Worker(
            number: number, pid: Int32(pid), link: link, handle: ProcessHandle(descriptors[1]), report: report,
            directory: directory)
    }

    /// A sealed memory file.
    static func sealed(_ message: [UInt8]) throws -> Descriptor {
        let file = try Descriptor.memory("test-message")
        try file.write(message)
        try file.seal()
        return file
    }

    /// Has a message inspected; nil when the worker ended instead of answering.
    func inspect(
        _ message: Descriptor, by worker: Worker, limits: InspectionLimits = TestGateway.limits,
        context: InspectionContext = InspectionContext(), parts: Descriptor? = nil, withoutEngine: Bool = false
    ) throws -> Report? {
        requests += 1
        let name = "m\(requests)"
        mkdir("\(worker.directory)/\(name)", 0o700)
        try worker.link.send(
            Inspect(
                request: requests, workspace: name, context: context, limits: limits, withoutEngine: withoutEngine
            ).encoded(),
            descriptors: [message.raw] + (parts.map { [$0.raw] } ?? []))
        guard let (record, _) = try worker.link.receive() else { return nil }
        guard case .done(requests, let length) = try WorkerEvent(record) else {
            throw TestGatewayError(description: "another answer")
        }
        guard rmdir("\(worker.directory)/\(name)") == 0 else {
            throw TestGatewayError(description: "the message's directory is not empty: \(errno)")
        }
        return try Report(try worker.report.read(at: 0, count: length))
    }

    /// Has a message inspected that must get a report.
    func report(
        on message: [UInt8], by worker: Worker, limits: InspectionLimits = TestGateway.limits,
        context: InspectionContext = InspectionContext()
    ) throws -> Report {
        guard let report = try inspect(try Self.sealed(message), by: worker, limits: limits, context: context) else {
            throw TestGatewayError(description: "the worker ended")
        }
        return report
    }

    /// Closes the control socket, as the end of the gateway does.
    func hangUp() {
        control = nil
    }
}

extension Report {
    /// What scanners found.
    var viruses: [Finding] { findings.filter { $0.kind == .virus } }

    /// Deceptive kinds, each once: by default they make a message ambiguous.
    var deceptions: [AnomalyKind] {
        var kinds: [AnomalyKind] = []
        for anomaly in anomalies where anomaly.kind.anomalyClass == .deceptive && !kinds.contains(anomaly.kind) {
            kinds.append(anomaly.kind)
        }
        return kinds
    }
}
