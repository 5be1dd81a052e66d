import ArgumentParser
import Configuration
import Gateway
import Glibc
import Linux
import MailModel
import Stores

/// `mailreeve scan`: the daemon's judgement on files.
struct ScanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scan", abstract: "Judge mail in files as the gateway would, and show why.",
        discussion: """
            Each FILE is one message or an mbox, which gives each of its messages; - is standard input. They meet the same \
            sandboxed inspection and the same policy as mail that comes in by the first listener of the configuration, but \
            no next hop is asked and nothing is put into quarantine. No daemon is needed.

            A file without any CRLF has its LF read as CRLF; any other file is taken as it is, and bare CR or LF in it are \
            anomalies. In an mbox a line "From ..." after a blank line begins a message, and ">From" loses one ">". Sizes and digests are those of the message after this.

            Without --config, /etc/mailreeve/mailreeve.yaml is used when it exists, else the defaults. With the defaults, \
            and no signatures in /var/lib/clamav, the shipped test signatures are loaded: from \
            /usr/share/mailreeve/signatures, ../share/mailreeve/signatures or ../../../rules/signatures as seen from this \
            program, whichever has some first.

            With --as the message is taken from the quarantine of the configuration, with envelope, client and listener it came with, and what \
            differs from the report of then is printed behind the verdict, with --json as lines of "differences".

            As root, the files are opened first and mail is then read as the configured user, or nobody.

            Exit codes: 0 all clean; 1 something was found, could not be checked, or would be held back; 2 something could \
            not be scanned (this wins); 64 wrong usage.
            """)

    @Option(
        name: [.customLong("config"), .customShort("c")],
        help: ArgumentHelp("Configuration file.", valueName: "file"))
    var config: String?

    @Flag(help: "Print one JSON object a message, each on one line.")
    var json = false

    @Option(help: ArgumentHelp("Database of learnt mail to judge by. (default: setting bayes.path)", valueName: "dir"))
    var bayesDbpath: String?

    @Option(help: ArgumentHelp("Envelope sender; '' or '<>' is the null sender.", valueName: "address"))
    var sender = AddressArgument("")

    @Option(
        name: .customLong("recipient"), parsing: .singleValue,
        help: ArgumentHelp(
            "Envelope recipient, may be repeated. (default: postmaster@localhost)", valueName: "address"))
    var recipients: [AddressArgument] = []

    @Option(
        name: .customLong("as"),
        help: ArgumentHelp("Judge this message of the quarantine by today's rules, and compare.", valueName: "id"))
    var quarantined: String?

    @Argument(help: "Files with mail; - is standard input.")
    var files: [String] = []

    func validate() throws {
        if files.isEmpty == (quarantined == nil) { throw ValidationError("either FILE or --as ID is needed") }
        if recipients.contains(where: \.path.isNull) { throw ValidationError("a recipient cannot be empty") }
    }

    func run() async throws {
        let inspector = ProgramPath.inspector
        let settings = try settings()
        var worst = OfflineScan.Outcome.clean
        let open = open(&worst)
        let scan: OfflineScan
        do {
            scan = try await OfflineScan.launch(
                settings, inspectorPath: inspector, bayesDirectory: bayesDbpath,
                log: { Terminal.printError("scan: \($0)") },
                workspaceMade: { try Interruption().watch($0) })
        } catch {
            Terminal.printError("scan: \(error)")
            throw ExitCode(2)
        }
        if scan.testSignaturesOnly { Terminal.printError("scan: test signatures only: real viruses are not found") }
        if let quarantined { worst = await rejudge(quarantined, settings, scan) }
        for file in open {
            for message in read(file, scan, &worst) { worst = max(worst, await judge(message, scan)) }
        }
        await scan.close()
        switch worst {
        case .clean: return
        case .found: throw ExitCode(1)
        case .failed: throw ExitCode(2)
        }
    }

    private func settings() throws -> Settings {
        let path = config ?? ConfigOption.defaultPath
        guard config != nil || access(path, F_OK) == 0 else {
            return Settings.withoutConfiguration(programDirectory: ProgramPath.directory)
        }
        let loaded = ConfigurationFile.load(path: path)
        for problem in loaded.problems { Terminal.printError("\(problem)") }
        if loaded.hasErrors { throw ExitCode(2) }
        return loaded.settings
    }

    /// As root all files are opened before root is given up; otherwise one after the other.
    private func open(_ worst: inout OfflineScan.Outcome) -> [MailFile] {
        guard geteuid() == 0 else { return files.map { MailFile($0) } }
        raiseDescriptorLimit()
        var open: [MailFile] = []
        for name in files {
            do throws(SystemError) {
                open.append(try MailFile(opening: name))
            } catch {
                report(error, &worst)
            }
        }
        return open
    }

    private func raiseDescriptorLimit() {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard getrlimit(resource, &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(resource, &limit)
    }

    private func read(
        _ file: MailFile, _ scan: OfflineScan, _ worst: inout OfflineScan.Outcome
    ) -> [OfflineScan.Message] {
        let recipients = recipients.isEmpty ? [MailPath("postmaster@localhost")] : recipients.map(\.path)
        let messages: [(number: Int?, bytes: [UInt8])]
        do throws(SystemError) {
            messages = try file.messages()
        } catch {
            report(error, &worst)
            return []
        }
        var out: [OfflineScan.Message] = []
        for message in messages {
            guard message.bytes.count <= scan.largestMessage else {
                let place = message.number.map { " message \($0)" } ?? ""
                Terminal.printError(
                    "scan: \(Escaping.text(file.name, limit: 1000))\(place): \(message.bytes.count) octets; the gateway "
                        + "takes \(scan.largestMessage) (limits.message_size)")
                worst = .failed
                continue
            }
            out.append(
                OfflineScan.Message(
                    file: file.name, number: message.number, bytes: message.bytes,
                    envelope: Envelope(
                        reversePath: sender.path, recipients: recipients.map { Recipient(path: $0) })))
        }
        return out
    }

    private func judge(_ message: OfflineScan.Message, _ scan: OfflineScan) async -> OfflineScan.Outcome {
        do {
            let judgement = try await scan.judge(message)
            Terminal.write(json ? judgement.json : Array(judgement.tree.utf8))
            Terminal.write([0x0A])
            return judgement.outcome
        } catch {
            Terminal.printError("scan: \(Escaping.text(message.file, limit: 1000)): \(error)")
            return .failed
        }
    }

    /// Judges a message of the quarantine, and says what differs from its report.
    private func rejudge(_ id: String, _ settings: Settings, _ scan: OfflineScan) async -> OfflineScan.Outcome {
        do {
            let files = try settings.openQuarantine { Terminal.printError("scan: \($0)") }.files
            let entry = try files.entry(id)
            var bytes: [UInt8] = []
            bytes.reserveCapacity(entry.size)
            try files.read(message: entry) { piece in
                piece.withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
                return true
            }
            if let listener = entry.listener, !scan.has(listener: listener) {
                Terminal.printError(
                    "scan: it came by \(Escaping.text(listener)), which is no more: judged as mail of the first listener"
                )
            }
            let judgement = try await scan.judge(
                OfflineScan.Message(
                    file: id, number: nil, bytes: bytes, envelope: entry.envelope, listener: entry.listener))
            if !json { Terminal.write(Array((judgement.tree + "\n").utf8)) }
            guard let comparison = ScanComparison(then: try files.report(of: entry), now: judgement.json) else {
                throw Quarantine.Failure.damaged("\(id)/report is no report")
            }
            if json {
                Terminal.write(try judgement.json(differences: comparison.lines) + [0x0A])
            } else {
                let lines = comparison.lines.isEmpty ? ["the same as then"] : comparison.lines
                for line in lines { Terminal.write(Array((line + "\n").utf8)) }
            }
            return judgement.outcome
        } catch {
            Terminal.printError("scan: \(error)")
            return .failed
        }
    }

    private func report(_ error: SystemError, _ worst: inout OfflineScan.Outcome) {
        Terminal.printError("scan: \(Escaping.text("\(error)", limit: 1000))")
        worst = .failed
    }
}
