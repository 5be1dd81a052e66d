import ArgumentParser
import Gateway
import Glibc
import MailModel
import SQLiteStores
import Stores

/// `mailreeve quarantine delete`.
struct QuarantineDeleteCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Remove messages from quarantine.",
        discussion: """
            Log and journal keep who removed what.

            Exit codes: 0 all removed; 1 one was not there or could not be removed (it is named; the others are removed).
            """)

    @OptionGroup var config: ConfigOption

    @Argument(help: "IDs of the messages.")
    var ids: [String]

    func run() throws {
        let open = try OpenQuarantine(config)
        var failed = false
        for id in ids {
            do throws(Quarantine.Failure) {
                // Of a damaged one only the name is known.
                let known = try? open.quarantine.files.entry(id)
                try open.quarantine.remove(id)
                let envelope = Envelope(reversePath: .null, recipients: [])
                let entry =
                    known
                    ?? Quarantine.Entry(id: id, time: 0, category: .clean, reason: "", envelope: envelope, size: 0)
                QuarantineRecord(entry, .deleted, by: open.person).write(open.settings) {
                    Terminal.printError("delete: \($0)")
                }
            } catch {
                Terminal.printError("quarantine: \(open.explained(error))")
                failed = true
            }
        }
        if failed { throw ExitCode.failure }
    }
}

/// `mailreeve quarantine expire`.
struct QuarantineExpireCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "expire", abstract: "Remove what is too old or too much.",
        discussion: """
            By quarantine.keep, quarantine.size and quarantine.tenants. The running gateway does this every hour.

            Exit codes: 0 done; 1 not.
            """)

    @OptionGroup var config: ConfigOption

    func run() throws {
        let open = try OpenQuarantine(config)
        let expiry = try open.orFail { try $0.expire(open.settings.quarantineLimits, now: Glibc.time(nil)) }
        print(expiry.text)
    }
}

/// `mailreeve quarantine fsck`.
struct QuarantineCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fsck", abstract: "Prove that everything in quarantine is whole, and repair its index.",
        discussion: """
            Reads every message and compares its digest; makes the index say what the files do. A damaged index is made \
            anew (the old one stays as index.sqlite.damaged). Damaged messages are named and left as they are.

            Exit codes: 0 all is whole; 1 something is damaged or could not be read.
            """)

    @OptionGroup var config: ConfigOption

    func run() throws {
        let open = try OpenQuarantine(config)
        let findings = try open.orFail { try $0.check(own: SQLiteQuarantineIndex.files) }
        print("\(findings.whole) messages are whole")
        for (name, count) in findings.keys.sorted(by: { $0.key < $1.key }) {
            print("\(count) are encrypted with key \(name)")
        }
        if findings.wasRebuilt { print("the index was made anew") }
        for (count, what) in [
            (findings.added, "added to the index"), (findings.corrected, "corrected in the index"),
            (findings.forgotten, "removed from the index"),
        ] where count > 0 {
            print("\(count) \(what)")
        }
        for name in findings.strays { Terminal.printError("quarantine: \(Escaping.text(name)) is no entry") }
        for damage in findings.damaged + findings.locked { Terminal.printError("quarantine: \(damage)") }
        if let failure = findings.indexFailure {
            Terminal.printError("quarantine: \(failure); the messages were read, the index was not compared")
        }
        if !findings.damaged.isEmpty || !findings.locked.isEmpty || findings.indexFailure != nil {
            throw ExitCode.failure
        }
    }
}
