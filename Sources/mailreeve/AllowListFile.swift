import ArgumentParser
import Configuration
import Gateway
import Glibc
import Linux
import Stores

/// The allow list of `banned.allow_list` as `quarantine release --allow-until` writes it.
struct AllowListFile {
    private let file: Descriptor
    private let grant: AllowEntries.Grant

    /// Opens the list. To be called before root is given up: the gateway's user can only read it.
    /// - Throws: an exit code, with the reason on standard error.
    init(_ config: ConfigOption, until day: String, reason: String) throws {
        let path = try config.load().rules.bannedAllowList
        guard !path.isEmpty else {
            Terminal.printError("release: --allow-until needs a file in banned.allow_list")
            throw ExitCode.failure
        }
        do {
            file = try Descriptor.open(path, O_RDWR | O_APPEND | O_CLOEXEC)
        } catch {
            Terminal.printError("release: \(path) cannot be written: \(error)")
            throw ExitCode.failure
        }
        grant = AllowEntries.Grant(lastDay: day, owner: Self.operatorName(), reason: reason)
    }

    /// Who runs this: the user behind sudo(8), else that of the process.
    private static func operatorName() -> String {
        if getuid() == 0, let name = getenv("SUDO_USER"), name.pointee != 0 { return String(cString: name) }
        guard let account = getpwuid(getuid()) else { return "\(getuid())" }
        return String(cString: account.pointee.pw_name)
    }

    /// The entries for a message, before it is sent.
    func entries(for id: String, _ quarantine: Quarantine) throws -> AllowEntries {
        do {
            let entry = try quarantine.entry(id)
            return try AllowEntries(entry, report: try quarantine.report(of: entry), grant, now: Int(time(nil)))
        } catch {
            Terminal.printError("release: \(error)")
            throw ExitCode.failure
        }
    }

    /// Writes them, once the message was sent.
    func add(_ entries: AllowEntries, _ id: String) throws {
        do {
            try entries.append(to: file)
        } catch {
            Terminal.printError("release: \(id) was sent, but the allow list was not written: \(error)")
            throw ExitCode.failure
        }
        for line in entries.lines { print("allowed: \(line)") }
        print("The gateway reads the list at the next 'mailreeve reload'.")
    }
}
