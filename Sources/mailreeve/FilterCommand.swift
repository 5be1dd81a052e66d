import ArgumentParser
import Configuration
import Gateway
import Glibc
import Linux
import MIME
import MailModel

/// `mailreeve filter`: one message from standard input to the daemon.
struct FilterCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "filter",
        abstract: "Hand a message on standard input to the running gateway (pipe(8), procmail, qmail).",
        discussion: """
            Speaks SMTP to the daemon's first after-queue listener (the first listener when there is none) and prints the \
            gateway's reply, which pipe(8) puts into its log and into a bounce.

            A file without any CRLF has its LF sent as CRLF. One leading "From " or ">From " line (pipe(8) flag F) is left \
            out; quoted ">From" lines of the body stay as they are.

            In Postfix's master.cf, with null_sender= so that notifications keep their empty sender:

              mailreeve unix - n n - 4 pipe
                flags=q user=nobody null_sender=
                argv=/usr/bin/mailreeve filter --to 127.0.0.1:10024
                -f ${sender} -- ${recipient}

            Exit codes (sysexits): 0 the gateway said 2xx; 69 it said 5xx: the message is refused for good; 75 it said 4xx, \
            or anything else went wrong: try again; 64 wrong usage.
            """)

    @Option(
        name: [.customLong("config"), .customShort("c")],
        help: ArgumentHelp(
            "Configuration that says where the daemon listens. (default: /etc/mailreeve/mailreeve.yaml)",
            valueName: "file"))
    var config: String?

    @Option(help: ArgumentHelp("Where the daemon listens: 127.0.0.1:10024, unix:/path.", valueName: "address"))
    var to: ServerArgument?

    @Option(
        name: .customShort("f"), parsing: .unconditional,
        help: ArgumentHelp("Envelope sender; '' or '<>' is the null sender.", valueName: "sender"))
    var sender: String

    @Argument(help: "Envelope recipients.")
    var recipients: [String] = []

    /// Seconds to wait for the reply to the end of data: below the 1000 s after which pipe(8) gives up
    /// (`command_time_limit`).
    private static let finalSeconds = 900

    func validate() throws {
        if recipients.isEmpty { throw ValidationError("no recipient") }
        if to != nil, config != nil { throw ValidationError("--to and --config exclude each other") }
    }

    func run() throws {
        let reply = reply()
        print(reply.summary)
        if !reply.cause.isEmpty { Terminal.printError("filter: \(reply.cause)") }
        let code = Self.exitCode(for: reply)
        if code != 0 { throw ExitCode(code) }
    }

    /// `EX_UNAVAILABLE` for a refusal, `EX_TEMPFAIL` for everything that is not yet decided (sysexits.h).
    static func exitCode(for reply: Reply) -> Int32 {
        switch reply.code {
        case 200..<300: 0
        case 500..<600: EX_UNAVAILABLE
        default: EX_TEMPFAIL
        }
    }

    private func reply() -> Reply {
        guard let reversePath = AddressArgument(argument: sender)?.path else {
            return Reply(501, EnhancedStatus(5, 1, 7), "Bad sender address syntax")
        }
        let paths = recipients.compactMap { AddressArgument(argument: $0)?.path }
        guard paths.count == recipients.count, !paths.contains(where: \.isNull) else {
            return Reply(501, EnhancedStatus(5, 1, 3), "Bad recipient address syntax")
        }
        guard let (place, limit) = destination() else {
            return Self.temporary("the configuration cannot be used")
        }
        do throws(SystemError) {
            let input = try MailFile.readAll(0, limit: limit, "standard input")
            let connection = try Submission.connect(place, seconds: 30)
            return Submission(
                connection: connection, heloName: Machine.name, finalSeconds: Self.finalSeconds
            ).send(Self.message(input), from: reversePath, to: paths)
        } catch {
            if error.code == EFBIG {
                return Reply(552, EnhancedStatus(5, 3, 4), "Message size exceeds fixed limit", cause: "\(error)")
            }
            return Self.temporary("\(error)")
        }
    }

    static func temporary(_ cause: String) -> Reply {
        Reply(451, EnhancedStatus(4, 3, 0), "Mail system is not available", cause: cause)
    }

    /// What is sent of the input.
    static func message(_ input: [UInt8]) -> [UInt8] {
        let skipped = Mbox.leadingLine(input.span)
        return Mbox.canonical(skipped == 0 ? input : Array(input[skipped...]))
    }

    /// Where the daemon is, and the octets that it takes at most.
    private func destination() -> (ServerArgument.Place, Int)? {
        if let to { return (to.place, Settings().limits.messageSize) }
        let loaded = ConfigurationFile.load(path: config ?? ConfigOption.defaultPath)
        for problem in loaded.problems { Terminal.printError("\(problem)") }
        guard !loaded.hasErrors else { return nil }
        return Self.listener(loaded.settings).map { ($0, loaded.settings.limits.messageSize) }
    }

    /// The first after-queue listener, or else the first: behind an MTA's queue a refusal becomes a bounce, which only
    /// the after-queue defaults avoid.
    static func listener(_ settings: Settings) -> ServerArgument.Place? {
        let preferred = settings.listeners.first { $0.placement == .afterQueue } ?? settings.listeners.first
        switch preferred?.address {
        case .tcp(let address, let port): return .tcp(host: address.reachable, port: port)
        case .unix(let path): return .unix(path: path)
        case nil: return nil
        }
    }
}

extension IPAddress {
    /// An address at which a listener on this machine is reached: for a wildcard the loopback address.
    fileprivate var reachable: String {
        guard isWildcard else { return description }
        return isIPv4 ? "127.0.0.1" : "::1"
    }
}
