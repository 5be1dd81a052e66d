import ArgumentParser
import Configuration
import Gateway
import Glibc
import Linux
import Logging
import NIOCore
import NIOPosix
import Relay
import SMTP
import Stores

/// `mailreeve sink`: a next hop to try things out with.
struct SinkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sink", abstract: "Take all mail by SMTP or LMTP and store it in a Maildir, or forget it.",
        discussion: """
            A next hop to try the gateway out and to measure it. Which protocol is spoken the client decides. A message is \
            written once, whatever the number of its recipients, and is on the disk before 250 is said. Runs in the \
            foreground; SIGTERM and SIGINT end it.

            Anybody who reaches the address can fill the disk: listen on loopback addresses.

            Exit codes: 0 ended by a signal; 1 it could not start; 64 wrong usage.
            """)

    @Option(help: ArgumentHelp("Where to listen: 127.0.0.1:10025, [::1]:10025, unix:/path.", valueName: "address"))
    var listen: String

    @Option(help: ArgumentHelp("Store messages in this Maildir, made when absent.", valueName: "directory"))
    var maildir: String?

    @Flag(help: "Forget messages: for measuring.")
    var discard = false

    @Option(
        help: ArgumentHelp("Needed when started as root: the user to become, who owns the Maildir.", valueName: "user"))
    var user: String?

    func validate() throws {
        if (maildir == nil) == !discard { throw ValidationError("one of --maildir and --discard is needed") }
        if let maildir, !maildir.hasPrefix("/") { throw ValidationError("--maildir needs an absolute path") }
        do throws(ValueError) {
            _ = try ListenAddress(parsing: listen)
        } catch {
            throw ValidationError(error.message)
        }
        if geteuid() == 0, user == nil { throw ValidationError("mail is not taken as root; name a user with --user") }
        if geteuid() != 0, user != nil { throw ValidationError("--user is for root only") }
    }

    func run() async throws {
        let (signals, signal) = AsyncStream<Void>.makeStream()
        try watchSignals([SIGTERM, SIGINT]) { _ in signal.yield() }
        do {
            try await serve(until: signals)
        } catch {
            Terminal.printError("sink: \(error)")
            throw ExitCode.failure
        }
    }

    private func serve(until signals: AsyncStream<Void>) async throws {
        let address = try ListenAddress(parsing: listen)
        let endpoint: Endpoint
        switch address {
        case .tcp(let host, let port): endpoint = .tcp(host: host.description, port: port)
        case .unix(let path): endpoint = .unix(path: path)
        }
        let bound = try ListeningSocket.bind(endpoint)
        if let user {
            var settings = Settings()
            settings.user = user
            let identity = try Identity(settings)
            if let maildir { try identity.makeDirectory(maildir) }
            try identity.assume()
        }
        let receiver = MaildirReceiver(
            store: maildir.map { .maildir(path: $0) } ?? .discard, hostname: Machine.name, disk: .singleton)
        // Messages beyond a mebibyte wait in a file without a name.
        let spool = Spool(
            limits: Spool.Limits(
                directory: "/var/tmp", memoryPerMessage: 1_048_576, totalBytes: 1 << 32, messages: 1000, freeSpace: 0))
        let door = FrontDoor(
            group: .singletonMultiThreadedEventLoopGroup, receiver: receiver, spool: spool,
            limits: ConnectionLimits(connections: 1000), log: Logger(label: "sink"))
        var options = ListenerOptions(
            name: address.description, endpoint: endpoint, session: ServerSession.Settings(hostname: Machine.name))
        options.boundDescriptor = bound
        try await door.apply([options])
        Terminal.printError("listening on \(address)")
        for await _ in signals { break }
        _ = await door.drain(within: .seconds(5))
        Terminal.printError("\(receiver.messages) messages taken")
    }
}
