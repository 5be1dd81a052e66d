import Foundation
import Glibc
import Linux
import Logging
import MailModel
import NIOPosix
import Relay
import SMTP
import Stores
import Synchronization

/// A front door on loopback with a receiver that remembers, and a spool of its own.
final class DoorFixture: Sendable {
    let door: FrontDoor
    let spool: Spool
    let receiver: RecordingReceiver
    let directory: String

    init(
        _ listeners: [ListenerOptions], limits: ConnectionLimits = ConnectionLimits(), spoolBytes: Int = 1 << 30,
        messages: Int = 100, answer: @escaping RecordingReceiver.Answer = RecordingReceiver.accept
    ) async throws {
        directory = try temporaryDirectory()
        spool = Spool(
            limits: .init(
                directory: directory, memoryPerMessage: 1 << 20, totalBytes: spoolBytes, messages: messages,
                freeSpace: 0))
        receiver = RecordingReceiver(answer)
        var log = Logger(label: "test")
        log.logLevel = .critical
        door = FrontDoor(
            group: MultiThreadedEventLoopGroup.singleton, receiver: receiver, spool: spool, limits: limits, log: log)
        try await door.apply(listeners)
    }

    convenience init(
        changing change: (inout ListenerOptions) -> Void = { _ in }, limits: ConnectionLimits = ConnectionLimits(),
        spoolBytes: Int = 1 << 30, messages: Int = 100,
        answer: @escaping RecordingReceiver.Answer = RecordingReceiver.accept
    ) async throws {
        var options = Self.listener()
        change(&options)
        try await self.init([options], limits: limits, spoolBytes: spoolBytes, messages: messages, answer: answer)
    }

    static func listener(_ name: String = "main", _ endpoint: Endpoint? = nil) -> ListenerOptions {
        ListenerOptions(
            name: name, endpoint: endpoint ?? .tcp(host: "127.0.0.1", port: 0),
            session: ServerSession.Settings(hostname: "gate.example"))
    }

    /// The port of a listener.
    func port(_ name: String = "main") async -> Int {
        if case .tcp(_, let port) = await door.endpoints()[name] { return port }
        return 0
    }

    /// Ends everything; how much had to be cut off.
    @discardableResult
    func end(within limit: Duration = .seconds(10)) async -> Int {
        let left = await door.drain(within: limit)
        try? FileManager.default.removeItem(atPath: directory)
        return left
    }
}

/// Keeps what it is given and answers as it is told.
final class RecordingReceiver: MailReceiver {
    typealias Answer = @Sendable (ReceivedMessage) async -> [Reply]

    struct Taken: Sendable {
        let envelope: Envelope
        let content: [UInt8]
        let intake: IntakeFacts
        let listener: String
    }

    static let accept: Answer = { $0.replies(Reply(250, EnhancedStatus(2, 0, 0), "Ok: taken \($0.number)")) }

    private let messages = Mutex<[Taken]>([])
    private let answer: Answer

    init(_ answer: @escaping Answer) { self.answer = answer }

    var taken: [Taken] { messages.withLock { $0 } }

    func receive(_ message: ReceivedMessage) async -> MailAnswer {
        let content = (try? message.file.descriptor.read(at: 0, count: message.file.count)) ?? []
        messages.withLock {
            $0.append(
                Taken(
                    envelope: message.envelope, content: content, intake: message.intake, listener: message.listener))
        }
        return MailAnswer(await answer(message))
    }
}

/// A new directory under the system's temporary directory; short, as it holds Unix sockets.
func temporaryDirectory() throws -> String {
    let path = "/tmp/relay-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
    try FileManager.default.createDirectory(
        atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    return path
}

/// Waits until something holds that another thread brings about; false when it never does.
func eventually(_ condition: () async -> Bool) async -> Bool {
    let end = ContinuousClock.now + .seconds(20)
    while ContinuousClock.now < end {
        if await condition() { return true }
        await Task.yield()
        try? await Task.sleep(for: .milliseconds(2))
    }
    return false
}

/// Runs a program and returns its exit status and everything it printed.
func run(_ program: String, _ arguments: [String]) throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
}

/// A self-signed certificate for `localhost` and `127.0.0.1`, made by openssl(1) now.
struct ThrowawayCertificate {
    let directory: String
    var certificate: String { directory + "/cert.pem" }
    var key: String { directory + "/key.pem" }

    init() throws {
        directory = try temporaryDirectory()
        let result = try run(
            "/usr/bin/openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                "-keyout", directory + "/key.pem", "-out", directory + "/cert.pem",
            ])
        guard result.status == 0 else { throw ProgramFailed(output: result.output) }
    }

    func remove() { try? FileManager.default.removeItem(atPath: directory) }
}

struct ProgramFailed: Error { let output: String }
