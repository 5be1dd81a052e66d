import ArgumentParser
import Configuration
import Gateway
import Glibc
import Linux
import MailModel
import Stores

/// `mailreeve quarantine`: mail that was kept back.
struct QuarantineCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quarantine", abstract: "List, show and release mail that was kept back.",
        discussion: """
            The quarantine lies in the state directory of the configuration. Run this as root (rights are given up for the \
            configured user first) or as that user. The daemon need not run.
            """,
        subcommands: [List.self, Show.self, Release.self])

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List the messages in quarantine, oldest first.",
            discussion: """
                Columns: ID, time (UTC), category, octets, R when released, sender -> recipients.

                Exit codes: 0 listed; 1 the quarantine cannot be read, or entries are damaged (they are named).
                """)

        @OptionGroup var config: ConfigOption

        @Flag(help: "Print one JSON object a message, each on one line.")
        var json = false

        func run() throws {
            let quarantine = try openQuarantine(config).quarantine
            let (entries, damaged) = try orFail { () throws(Quarantine.Failure) in try quarantine.list() }
            for entry in entries {
                Terminal.write(json ? try QuarantineListing(entry).encoded() : Array(QuarantineListing.row(entry).utf8))
                Terminal.write([0x0A])
            }
            for id in damaged { Terminal.printError("quarantine: \(id) is damaged") }
            if !damaged.isEmpty { throw ExitCode.failure }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Show one message in quarantine.",
            discussion: """
                Prints envelope, reason and the header of the message, control characters escaped.

                Exit codes: 0 shown; 1 there is no such message, or it cannot be read.
                """)

        @OptionGroup var config: ConfigOption

        @Flag(help: "Print the message itself, byte for byte. It may be dangerous: not for a terminal.")
        var raw = false

        @Flag(help: "Print the report of the inspection: the JSON object of `mailreeve scan --json`.")
        var report = false

        @Argument(help: "ID of the message, as `quarantine list` and the log (mail_id) name it.")
        var id: String

        func validate() throws {
            if raw, report { throw ValidationError("--raw and --report exclude each other") }
        }

        func run() throws {
            let quarantine = try openQuarantine(config).quarantine
            let entry = try orFail { () throws(Quarantine.Failure) in try quarantine.entry(id) }
            if report {
                Terminal.write(try orFail { () throws(Quarantine.Failure) in try quarantine.report(id) } + [0x0A])
                return
            }
            let message = try orFail { () throws(Quarantine.Failure) in try quarantine.message(id) }
            guard raw else {
                let head = try message.read(at: 0, count: QuarantineListing.headerLimit + 1)
                print(QuarantineListing.page(entry, head: head))
                return
            }
            var offset = 0
            while true {
                let chunk = try message.read(at: offset, count: 262_144)
                if chunk.isEmpty { return }
                Terminal.write(chunk)
                offset += chunk.count
            }
        }
    }

    struct Release: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "release", abstract: "Pass a message in quarantine on.",
            discussion: """
                Sends the message as it was kept, with the envelope that it came with, to the next hops of the policy: behind \
                the gateway, so it is not inspected again. It stays in quarantine, marked as released once the next hop has \
                taken it for a recipient. Infected mail needs --force.

                Exit codes: 0 taken for every recipient; 1 not (the replies are printed), or refused before it was sent.
                """)

        @OptionGroup var config: ConfigOption

        @Option(help: ArgumentHelp("Send it to this address only.", valueName: "address"))
        var to: AddressArgument?

        @Option(
            help: ArgumentHelp(
                "Send it there: smtp:[host]:port, lmtp:[host]:port, lmtp:unix:/path, maildir:/path.", valueName: "hop"))
        var nextHop: String?

        @Option(help: ArgumentHelp("Policy whose next hops are used.", valueName: "name"))
        var policy = "default"

        @Flag(help: "Release infected mail as well.")
        var force = false

        @Argument(help: "ID of the message.")
        var id: String

        func validate() throws {
            if to?.path.isNull ?? false { throw ValidationError("--to needs an address") }
            do throws(ValueError) {
                if let nextHop { _ = try NextHopAddress(parsing: nextHop) }
            } catch {
                throw ValidationError(error.message)
            }
        }

        func run() async throws {
            let settings = try openQuarantine(config).settings
            let answers: [QuarantineRelease.Answer]
            do {
                answers = try await release(settings).run(settings)
            } catch {
                Terminal.printError("release: \(error)")
                throw ExitCode.failure
            }
            for answer in answers { print("<\(answer.recipient)>: \(answer.reply.summary)") }
            if !answers.allSatisfy(\.reply.isPositive) { throw ExitCode.failure }
        }

        private func release(_ settings: Settings) throws -> QuarantineRelease {
            var release = QuarantineRelease(id: id, recipient: to?.path, nextHops: [], force: force)
            if let nextHop {
                release.nextHops = [try NextHopAddress(parsing: nextHop)]
            } else if let found = settings.policies[policy] {
                release.nextHops = found.nextHops
                release.tls = found.nextHopTLS
            } else {
                throw GatewayError("there is no policy \(policy)")
            }
            return release
        }
    }
}

/// The settings, and the quarantine as the configured user.
private func openQuarantine(_ config: ConfigOption) throws -> (settings: Settings, quarantine: Quarantine) {
    let settings = try config.load()
    do {
        try Identity(settings).assume()
    } catch {
        Terminal.printError("quarantine: \(error)")
        throw ExitCode.failure
    }
    return (settings, Quarantine(directory: settings.quarantineDirectory))
}

/// Runs a call on the quarantine; a failure is explained and ends the command with exit code 1.
private func orFail<Result>(_ call: () throws(Quarantine.Failure) -> Result) throws -> Result {
    do throws(Quarantine.Failure) {
        return try call()
    } catch {
        var text = "quarantine: \(error)"
        if case .system(let error) = error, error.code == EACCES {
            text += " (run this as root or as the configured user)"
        }
        Terminal.printError(text)
        throw ExitCode.failure
    }
}
