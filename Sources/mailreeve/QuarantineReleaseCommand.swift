import ArgumentParser
import Configuration
import Gateway
import Glibc
import Linux
import MailModel
import Stores

/// `mailreeve quarantine release`.
struct QuarantineReleaseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "release", abstract: "Pass a message in quarantine on.",
        discussion: """
            Sends the message as it was received, with the envelope that it came with, to the next hops of the policy. A \
            signed field on top lets it pass, for these recipients, where its way leads through the gateway once more. It \
            stays in quarantine, marked as released once the next hop has taken it for a recipient. Infected mail needs \
            --force, and so does mail whose report is lost. Where the envelope is lost, too, --to says who gets it, and its \
            sender is null.

            With --allow-until its sender may send the files for which it was banned to the recipients that it came for, up \
            to that day: an entry for each goes to the list of banned.allow_list, with the user who runs this as its owner.

            Exit codes: 0 taken for every recipient; 1 not (the replies are printed), or refused before it was sent.
            """)

    @OptionGroup var config: ConfigOption

    @Option(
        help: ArgumentHelp("Send it to this address instead of its recipients; may be repeated.", valueName: "address"))
    var to: [AddressArgument] = []

    @Flag(help: "Send it as an attachment of a note that says what it is.")
    var attach = false

    @Flag(help: "Send it as text, below a note that says what it is: nothing in it is opened.")
    var plain = false

    @Flag(help: "Send it to --to as a report on abuse (RFC 5965) instead of releasing it.")
    var report = false

    @Flag(help: "Teach the spam scorer that it is no spam.")
    var learn = false

    @Option(
        help: ArgumentHelp(
            "Let the files that were banned pass from this sender to these recipients up to that day (2027-03-31).",
            valueName: "day"))
    var allowUntil: String?

    @Option(help: ArgumentHelp("Why they may pass; for --allow-until.", valueName: "text"))
    var reason: String?

    @Option(
        help: ArgumentHelp(
            "Send it there: smtp:[host]:port, lmtp:[host]:port, lmtp:unix:/path, maildir:/path.", valueName: "hop"))
    var nextHop: String?

    @Option(
        help: ArgumentHelp(
            "Policy whose next hops are used; the one that it came under if not given, default where that one is no more.",
            valueName: "name"))
    var policy: String?

    @Flag(help: "Release infected mail as well.")
    var force = false

    @Argument(help: "ID of the message.")
    var id: String

    func validate() throws {
        if to.contains(where: \.path.isNull) { throw ValidationError("--to needs an address") }
        if [attach, plain, report].filter(\.self).count > 1 {
            throw ValidationError("--attach, --plain and --report exclude each other")
        }
        if report {
            if learn || allowUntil != nil {
                throw ValidationError("what is reported is not released: --learn and --allow-until are for releases")
            }
            if to.isEmpty { throw ValidationError("--report needs an addressee: --to") }
        }
        guard (allowUntil == nil) == (reason == nil) else {
            throw ValidationError("--allow-until and --reason belong together")
        }
        do throws(ValueError) {
            if let nextHop { _ = try NextHopAddress(parsing: nextHop) }
        } catch {
            throw ValidationError(error.message)
        }
    }

    func run() async throws {
        // Before root is given up.
        let inspector = ProgramPath.inspector
        let list = try allowUntil.map { try AllowListFile(config, until: $0, reason: reason ?? "") }
        let open = try OpenQuarantine(config)
        let entries = try list?.entries(for: id, open.quarantine.files)
        try await ReleaseRun.send(try release(), open)
        if let entries { try list?.add(entries, id) }
        if learn { try await ReleaseRun.teach(id, open, inspector: inspector) }
    }

    private func release() throws -> QuarantineRelease {
        var release = QuarantineRelease(id: id, to: .policy(policy))
        if let nextHop { release.destination = .nextHops([try NextHopAddress(parsing: nextHop)]) }
        release.recipients = to.map(\.path)
        release.form = report ? .report : attach ? .attached : plain ? .plain : .original
        release.force = force
        return release
    }
}

/// `mailreeve quarantine requeue`.
struct QuarantineRequeueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "requeue", abstract: "Have a message in quarantine inspected once more.",
        discussion: """
            Sends the message as it was received to a listener of the running gateway: it is judged by today's rules, and \
            delivered or kept again, under another ID, as any mail. The entry is marked as released once the gateway has \
            taken it.

            Exit codes: 0 taken; 1 not (the replies are printed).
            """)

    @OptionGroup var config: ConfigOption

    @Option(
        help: ArgumentHelp(
            "Listener, as the configuration writes it; the one that it came by if not given, the first where that is no more.",
            valueName: "address"))
    var listener: String?

    @Argument(help: "ID of the message.")
    var id: String

    func run() async throws {
        let open = try OpenQuarantine(config)
        let named = listener.flatMap { name in
            open.settings.listeners.map(\.address).first { $0.description == name }
        }
        if let listener, named == nil {
            Terminal.printError("requeue: there is no listener \(listener)")
            throw ExitCode.failure
        }
        var release = QuarantineRelease(id: id, to: .listener(named?.asNextHop))
        // Whatever it is, the gateway judges it again.
        release.force = true
        try await ReleaseRun.send(release, open)
    }
}

/// What releasing commands do.
enum ReleaseRun {
    /// Sends and prints the replies; a reply that is not 2xx ends the command with exit code 1.
    static func send(_ release: QuarantineRelease, _ open: OpenQuarantine) async throws {
        let answers: [QuarantineRelease.Answer]
        do {
            answers = try await release.run(open.settings, open.quarantine)
        } catch {
            Terminal.printError("release: \(open.explained(error))")
            throw ExitCode.failure
        }
        for answer in answers { print("<\(answer.recipient)>: \(answer.reply.summary)") }
        let isRequeued = if case .listener = release.destination { true } else { false }
        let verb = isRequeued ? QuarantineRecord.Verb.requeued : release.form == .report ? .reported : .released
        let remains = try open.orFail { try $0.files.remains(release.id) }
        if let loss = remains.loss { Terminal.printError("release: \(release.id): \(loss)") }
        let entry = remains.entry
        QuarantineRecord(entry, answers, verb, by: open.person).write(open.settings) {
            Terminal.printError("release: \($0)")
        }
        if !answers.allSatisfy(\.reply.isPositive) { throw ExitCode.failure }
    }

    /// Learns the message as ham, as `mailreeve learn --ham` would.
    static func teach(_ id: String, _ open: OpenQuarantine, inspector: String) async throws {
        do {
            let teacher = try await SpamTeacher.open(
                open.settings, inspectorPath: inspector, log: { Terminal.printError("release: \($0)") },
                workspaceMade: { try Interruption().watch($0) })
            let outcome: SpamTeacher.Outcome
            do {
                outcome = try await teacher.learn(id, in: open.quarantine.files, as: .ham)
            } catch {
                await teacher.close()
                throw error
            }
            await teacher.close()
            print(outcome == .known ? "was learned as ham before, it or enough like it" : "learned as ham")
        } catch {
            Terminal.printError("release: \(id) was sent, but not learned: \(error)")
            throw ExitCode.failure
        }
    }
}
