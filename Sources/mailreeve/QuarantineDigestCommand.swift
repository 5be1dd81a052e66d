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
            last one ended (the first one: a day ago); one that was interrupted is ended first. Who cannot be told now, and mail whose \
            key is not set, belong to the next one, too. One run tells no more than digests.letters recipients, and asks next hops \
            no more that failed digests.failures times in a row: the next one begins with those who were not tried.

            Exit codes: 0 everybody is told, or was refused for good (the replies are printed); 1 somebody could not be told now, \
            or another digest runs.
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
                let letters = try digest.letters(try digest.mail(since: since.time, until: end))
                return try Self.expectNothing(owed: try await tell(letters, DigestSender(digest)) { _ in }.owed)
            }
            let memory = try DigestMemory(directory: open.settings.digestDirectory)
            var told = try memory.told()
            let sender = DigestSender(digest)
            if let unfinished = try memory.unfinished() { told = try await finish(unfinished, memory, digest, sender) }
            let start = told.map { $0.until - DigestMemory.overlap } ?? now - Self.firstTime
            let known = Set((told?.mail ?? []).map(\.id))
            let mail = try digest.mail(since: start, until: end).filter { !known.contains($0.id) }
            if dryRun {
                let letters = try digest.letters(mail, owed: told?.owed ?? [], from: told?.next)
                return try Self.expectNothing(owed: try await tell(letters, sender) { _ in }.owed)
            }
            let ended = try await finish(try memory.begin(until: end, mail, after: told), memory, digest, sender)
            try Self.expectNothing(owed: ended.owed)
        } catch let code as ExitCode {
            throw code
        } catch {
            Terminal.printError("digest: \(error)")
            throw ExitCode.failure
        }
    }

    /// Tells those who have not been told of a digest's mail, and ends it.
    private func finish(
        _ run: DigestMemory.Run, _ memory: DigestMemory, _ digest: QuarantineDigest, _ sender: DigestSender
    ) async throws -> DigestMemory.Told {
        let letters = try digest.letters(run.mail, owed: run.owed, from: run.first)
        let (owed, next) = try await tell(letters, without: run.done, sender) { try run.append($0) }
        if !dryRun { try memory.end(run, owing: owed, next: next) }
        return run.told(owing: owed, next: next)
    }

    /// - Parameters:
    ///   - done: mailboxes that have theirs.
    ///   - remember: is told of each mailbox that need not be told again.
    /// - Returns: what somebody has to be told of later, and the first one whom nobody tried to tell.
    private func tell(
        _ letters: QuarantineDigest.Letters, without done: Set<MailPath> = [], _ sender: DigestSender,
        remember: (MailPath) throws -> Void
    ) async throws -> (owed: [DigestMemory.Owed], next: MailPath?) {
        defer { sender.close() }
        var owed = letters.unread
        var next: MailPath?
        var notTried: [String: Int] = [:]
        for letter in letters.letters where !done.contains(letter.mailbox) {
            let line = "<\(letter.recipient)>: \(letter.mail.count) messages"
            if dryRun {
                print(line)
                for item in letter.items { print("  " + Self.row(item)) }
                continue
            }
            var isPutOff = true
            switch await sender.send(letter) {
            case .answered(let reply):
                print("\(line): \(Escaping.text(reply.summary, limit: 300))")
                // One that is refused for good would be refused the next time, too.
                isPutOff = reply.isTemporary
            case .failed(let words): Terminal.printError("digest: \(line): \(Escaping.text(words, limit: 300))")
            case .notTried(let words):
                notTried[words, default: 0] += 1
                next = next ?? letter.mailbox
            }
            if isPutOff {
                owed += letter.mail.map { DigestMemory.Owed(mail: $0, mailbox: letter.mailbox) }
            } else {
                try remember(letter.mailbox)
            }
        }
        for (words, count) in notTried.sorted(by: { $0.key < $1.key }) {
            Terminal.printError("digest: \(count) recipients were not tried: \(Escaping.text(words, limit: 300))")
        }
        return (owed, next)
    }

    private static func expectNothing(owed: [DigestMemory.Owed]) throws {
        guard owed.isEmpty else { throw ExitCode.failure }
    }

    private static func row(_ item: QuarantineDigest.Item) -> String {
        "\(item.id)  \(QuarantineListing.time(item.time))  \(item.category.rawValue)  <\(item.sender)>  "
            + Escaping.text(item.subject, limit: 200)
    }
}
