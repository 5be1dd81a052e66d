import ArgumentParser
import Glibc
import Linux
import MailModel

/// `mailreeve bench`: the load generator.
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Send messages over and over to a gateway and measure it.",
        discussion: """
            Each PATH is a message, an mbox, or a directory of such files. They are prepared once and sent in turn over N \
            sessions, each one connection that is used again and again, until --messages were sent. MAIL, RCPT and DATA \
            go out in one write, so the server must offer PIPELINING. A message's time runs from MAIL to the reply to its \
            end. Sending costs little processor time, since it shares the machine with the gateway.

            Exit codes: 0 every message was answered with 2xx; 1 not, or a session had to give up; 64 wrong usage.
            """)

    @Option(help: ArgumentHelp("The gateway: 127.0.0.1:10024, unix:/path.", valueName: "address"))
    var to: ServerArgument

    @Option(help: ArgumentHelp("Sessions at one time.", valueName: "number"))
    var sessions = 8

    @Option(help: ArgumentHelp("Messages to send in all.", valueName: "number"))
    var messages = 1000

    @Flag(help: "Speak LMTP instead of SMTP.")
    var lmtp = false

    @Option(help: ArgumentHelp("Envelope sender; '' is the null sender.", valueName: "address"))
    var sender = AddressArgument("sender@example.org")

    @Option(help: ArgumentHelp("Envelope recipient.", valueName: "address"))
    var recipient = AddressArgument("recipient@example.net")

    @Argument(help: ArgumentHelp("Files or directories with mail.", valueName: "path"))
    var paths: [String]

    func validate() throws {
        if !(1...1000).contains(sessions) { throw ValidationError("--sessions is 1 to 1000") }
        if messages < 1 { throw ValidationError("--messages is at least 1") }
        if recipient.path.isNull { throw ValidationError("--recipient cannot be empty") }
    }

    func run() throws {
        var bodies: [PreparedMessage] = []
        do throws(SystemError) {
            for path in paths {
                for file in try Self.files(path) {
                    for message in try MailFile(file).messages() { bodies.append(PreparedMessage(message.bytes)) }
                }
            }
        } catch {
            Terminal.printError("bench: \(error)")
            throw ExitCode.failure
        }
        guard !bodies.isEmpty else {
            Terminal.printError("bench: there is no mail in \(paths.joined(separator: ", "))")
            throw ExitCode.failure
        }
        let load = BenchLoad(
            place: to.place, lmtp: lmtp, sender: sender.path, recipient: recipient.path, bodies: bodies, total: messages
        )
        let figures = try load.run(sessions: sessions)
        print(figures.text)
        if !figures.isFlawless(expected: messages) { throw ExitCode.failure }
    }

    /// The file itself, or the regular files in a directory, in the order of their names.
    private static func files(_ path: String) throws(SystemError) -> [String] {
        var status = stat()
        try check("stat \(path)") { stat(path, &status) }
        guard status.st_mode & S_IFMT == S_IFDIR else { return [path] }
        return try directoryNames(path).map { "\(path)/\($0)" }
            .filter { stat($0, &status) == 0 && status.st_mode & S_IFMT == S_IFREG }.sorted()
    }
}
