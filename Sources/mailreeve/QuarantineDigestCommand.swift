import ArgumentParser
import Gateway
import Glibc
import MailModel
import Policy
import Stores

/// `mailreeve quarantine digest`.
struct QuarantineDigestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "digest", abstract: "Tell recipients what was kept from them since the last digest.",
        discussion: """
            Sends each recipient of local_domains whose settings say digest: yes one message, to the next hops behind the \
            gateway, with what was newly kept from him and links to release it. For cron or a timer. It goes on where the \
            last one ended (the first one: a day ago); one that was interrupted is ended first.

            Exit codes: 0 everybody is told, or was refused for good (the replies are printed); 1 somebody could not be told now \
            (the next digest begins with him), or another digest runs.
            """)

    @OptionGroup var config: ConfigOption

    @Option(
        help: ArgumentHelp(
            "Tell of all that was kept from this time on; what the next digest begins with does not change.",
            valueName: "time"))
    var since: TimeArgument?

    @Flag(help: "Show who would be told of what; send and remember nothing.")
    var dryRun = false

    /// Seconds before the first digest of which it tells.
    private static let firstTime = 86_400

    func run() async throws {
        let open = try OpenQuarantine(config)
        let now = Glibc.time(nil)
        // This second belongs to it; what else comes in it is found by the next one.
        let end = now + 1
        do {
            let digest = try QuarantineDigest(open.settings, open.quarantine, time: now) { Terminal.printError($0) }
            if let since {
                // Those who have theirs are remembered by nobody: once more is the administrator's wish.
                return try await tell(try digest.letters(try digest.mail(since: since.time, until: end)), digest) { _ in
                }
            }
            let memory = try DigestMemory(directory: open.settings.digestDirectory)
            let unfinished = try memory.unfinished()
            if let unfinished { try await finish(unfinished, memory, digest) }
            let told = try unfinished?.told ?? memory.told()
            let start = told.map { $0.until - DigestMemory.overlap } ?? now - Self.firstTime
            let known = Set((told?.mail ?? []).map(\.id))
            let mail = try digest.mail(since: start, until: end).filter { !known.contains($0.id) }
            if dryRun { return try await tell(try digest.letters(mail), digest) { _ in } }
            try await finish(try memory.begin(until: end, mail, after: told), memory, digest)
        } catch let code as ExitCode {
            throw code
        } catch {
            Terminal.printError("digest: \(error)")
            throw ExitCode.failure
        }
    }

    /// Tells those who have not been told of a digest's mail, and ends it when all have.
    private func finish(_ run: DigestMemory.Run, _ memory: DigestMemory, _ digest: QuarantineDigest) async throws {
        let letters = try digest.letters(run.mail).filter { !run.done.contains($0.recipient) }
        try await tell(letters, digest) { try run.append($0) }
        if !dryRun { try memory.end(run) }
    }

    /// - Parameter remember: is told of each recipient who need not be told again.
    /// - Throws: exit code 1 when somebody has to be told later.
    private func tell(
        _ letters: [QuarantineDigest.Letter], _ digest: QuarantineDigest, remember: (MailPath) throws -> Void
    ) async throws {
        let sender = DigestSender(digest)
        defer { sender.close() }
        var areAllTold = true
        for letter in letters {
            let line = "<\(letter.recipient)>: \(letter.items.count + letter.further) messages"
            if dryRun {
                print(line)
                for item in letter.items { print("  " + Self.row(item)) }
                continue
            }
            do {
                let reply = try await sender.send(letter)
                print("\(line): \(Escaping.text(reply.summary, limit: 300))")
                // One that is refused for good would be refused the next time, too.
                if reply.isTemporary { areAllTold = false } else { try remember(letter.recipient) }
            } catch {
                Terminal.printError("digest: \(line): \(Escaping.text("\(error)", limit: 300))")
                areAllTold = false
            }
        }
        if !areAllTold { throw ExitCode.failure }
    }

    private static func row(_ item: QuarantineDigest.Item) -> String {
        "\(item.id)  \(QuarantineListing.time(item.time))  \(item.category.rawValue)  <\(item.sender)>  "
            + Escaping.text(item.subject, limit: 200)
    }
}
