import ArgumentParser
import Configuration
import Foundation
import Gateway
import Glibc
import Linux
import Stores

/// `mailreeve quarantine`: mail that was kept back.
struct QuarantineCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quarantine", abstract: "Find, show, release and remove mail that was kept back.",
        discussion: """
            The quarantine lies in the state directory, or where quarantine.store says. Run this as root (rights are given up for the \
            configured user first) or as that user. The daemon need not run.
            """,
        subcommands: [
            QuarantineListCommand.self, QuarantineShowCommand.self, QuarantineReleaseCommand.self,
            QuarantineRequeueCommand.self, QuarantineDigestCommand.self, QuarantineDeleteCommand.self,
            QuarantineExpireCommand.self,
            QuarantineCheckCommand.self,
        ])
}

/// The settings, and the quarantine as the configured user.
struct OpenQuarantine {
    let settings: Settings
    let quarantine: IndexedQuarantine
    /// Who runs the command, for the journal, by name and number: behind sudo(8) the user who called it.
    let person: String

    init(_ config: ConfigOption) throws {
        settings = try config.load()
        let user = getpwuid(getuid()).map { String(cString: $0.pointee.pw_name) } ?? "?"
        let environment = ProcessInfo.processInfo.environment
        if getuid() == 0, let caller = environment["SUDO_USER"] {
            person = "\(caller) (uid \(environment["SUDO_UID"] ?? "?"))"
        } else {
            person = "\(user) (uid \(getuid()))"
        }
        do {
            try Identity(settings).assume()
        } catch {
            Terminal.printError("quarantine: \(error)")
            throw ExitCode.failure
        }
        do {
            quarantine = try settings.openQuarantine { Terminal.printError($0) }
        } catch {
            Terminal.printError("quarantine: \(error)")
            throw ExitCode.failure
        }
    }

    /// Why something failed, with the host that keeps a message which is not here.
    func explained(_ error: any Error) -> String {
        guard case Quarantine.Failure.unknown(let id) = error else { return "\(error)" }
        var query = QuarantineQuery(limit: 1)
        query.id = id
        let row = try? quarantine.index.search(query).first
        return "\(error)" + (row.map { $0.node == quarantine.index.node ? "" : "; \($0.node) keeps it" } ?? "")
    }

    /// Runs a call on the quarantine; a failure is explained and ends the command with exit code 1.
    func orFail<Result>(_ call: (IndexedQuarantine) throws -> Result) throws -> Result {
        do {
            return try call(quarantine)
        } catch {
            var text = "quarantine: \(explained(error))"
            if case Quarantine.Failure.system(let cause) = error, cause.code == EACCES {
                text += " (run this as root or as the configured user)"
            }
            Terminal.printError(text)
            throw ExitCode.failure
        }
    }
}
