package import Configuration
internal import Foundation
internal import Logging
internal import Policy
internal import PostgreSQLStores
internal import SQLiteStores
package import Stores

extension Settings {
    /// The quarantine of these settings with its index. Only the keys are read. Blocks on a disk.
    /// - Parameter report: hears of what goes wrong with the index.
    /// - Throws: `QuarantineKeys.Fault`.
    package func openQuarantine(report: @escaping @Sendable (String) -> Void) throws -> IndexedQuarantine {
        quarantine(with: try quarantineKeys(), report: report)
    }

    func quarantineKeys() throws(QuarantineKeys.Fault) -> QuarantineKeys {
        try QuarantineKeys(writing: quarantine.keyFile, reading: quarantine.oldKeyFiles)
    }

    func quarantine(
        with keys: QuarantineKeys, report: @escaping @Sendable (String) -> Void
    ) -> IndexedQuarantine {
        let builder = SetupBuilder(self)
        let (database, isShared) = (quarantine.postgresql, quarantine.store == .postgresql)
        let deadline = timeouts.postgresql
        let storage: any QuarantineStorage =
            isShared
            ? PostgreSQLQuarantineStorage(parameters: database, deadline: deadline, scratch: builder.spoolDirectory)
            : QuarantineDirectory(quarantineDirectory)
        let index: any QuarantineIndex =
            database.isEmpty
            ? SQLiteQuarantineIndex(directory: quarantineDirectory, node: builder.hostname)
            : PostgreSQLQuarantineIndex(
                parameters: database, deadline: deadline,
                node: isShared ? PostgreSQLQuarantineStorage.node : builder.hostname)
        return IndexedQuarantine(
            files: Quarantine(storage: storage, keys: keys), index: index, report: report)
    }

    /// Looks whether this process could keep mail in files of this host, where that is asked. What the first start makes is not
    /// missed. Blocks on a disk.
    /// - Throws: `SettingFault`.
    func checkQuarantineDirectory() throws(SettingFault) {
        guard quarantine.store == .files, access(stateDirectory, F_OK) == 0 else { return }
        let places =
            [quarantineDirectory] + (access(quarantineDirectory, F_OK) == 0 ? [quarantineDirectory + "/tmp"] : [])
        for place in places {
            guard let fault = obstacle(toWriting: place, asDirectory: true) else { continue }
            throw SettingFault(
                place: .key("state_directory"),
                text: "quarantine: \(fault); mail that has to be kept would be put off")
        }
    }

    /// Tells of mail in files of this host that `quarantine.store` looks for elsewhere. Blocks on a disk.
    var filesLeftBehind: String? {
        guard quarantine.store != .files, let count = try? QuarantineDirectory(quarantineDirectory).identifiers().count,
            count > 0
        else { return nil }
        return "quarantine: \(count) messages lie in files of this host, of a time before quarantine.store: "
            + "\(quarantine.store.rawValue); only commands with quarantine.store: files find them, and they do not expire"
    }

    /// How long and how much is kept.
    package var quarantineLimits: QuarantineLimits {
        QuarantineLimits(
            all: QuarantineLimits.Bound(keep: quarantine.keep, octets: quarantine.size),
            tenants: Dictionary(
                quarantine.tenants.map { ($0.domain, QuarantineLimits.Bound(keep: $0.keep, octets: $0.size)) },
                uniquingKeysWith: { _, last in last }))
    }
}

/// Keeps quarantine and journal in order while the daemon runs: the index agrees with the files, what is too old or too much
/// goes.
struct QuarantineKeeping: Sendable {
    let state: GatewayState
    let logger: Logger

    private static let pause = Duration.seconds(3600)

    /// Runs until the task is cancelled.
    func run() async {
        await step("quarantine: files") { setup in setup.settings.filesLeftBehind }
        while !Task.isCancelled {
            // What the index missed: a crash of the last daemon, a database that was away for a while.
            await step("quarantine: index") { setup in
                let findings = try setup.quarantine.reconcile()
                let counts = (findings.added, findings.forgotten, findings.damaged.count, findings.locked.count)
                return counts == (0, 0, 0, 0)
                    ? nil
                    : "quarantine: index: \(counts.0) entries added, \(counts.1) forgotten, \(counts.2) entries are damaged, "
                        + "the keys of \(counts.3) are not set"
            }
            await step("quarantine: expiry") { setup in
                let expiry = try setup.quarantine.expire(
                    setup.settings.quarantineLimits, now: Int(Date().timeIntervalSince1970))
                return expiry == QuarantineExpiry() ? nil : "quarantine: " + expiry.text
            }
            await step("digests") { setup in
                // A link that was redeemed holds no longer than any that was made at the same time.
                let time = Int(Date().timeIntervalSince1970) - longestLinkTime
                try RedeemedLinks(directory: setup.settings.redeemedDirectory).forget(before: time)
                return nil
            }
            await step("journal") { setup in
                let journal = setup.settings.journal
                guard journal.enabled else { return nil }
                let before = journal.keep > 0 ? Int(Date().timeIntervalSince1970) - journal.keep : 0
                let expiry = try SQLiteJournal(path: setup.settings.journalPath).expire(
                    before: before, size: journal.size)
                if let text = expiry.warning { logger.error("\(text)") }
                return expiry.aged == 0 ? nil : "journal: \(expiry.aged) events were too old"
            }
            try? await Task.sleep(for: Self.pause)
        }
    }

    private func step(_ what: String, _ work: @escaping @Sendable (GatewaySetup) throws -> String?) async {
        let setup = state.current
        do {
            if let text = try await setup.keeping({ try work(setup) }) { logger.notice("\(text)") }
        } catch is CancellationError {
            // The daemon stops; the next one does it.
        } catch {
            logger.error("\(what): \(error)")
        }
    }
}

extension JournalExpiry {
    /// Said when events go before their time: somebody may have a duty to keep them.
    var warning: String? {
        guard crowdedOut > 0 else { return nil }
        let left = oldest.map { "the oldest is of \(DateText.rfc3339($0)) now" } ?? "none is left"
        return
            "journal: \(crowdedOut) events were removed before journal.keep was over, \(left): journal.size is too small"
    }
}

extension QuarantineExpiry {
    /// For people.
    package var text: String {
        "\(aged) entries were too old, \(crowdedOut) were too much; \(octets) octets are free"
    }
}
