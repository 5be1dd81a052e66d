package import Checks
package import Configuration
internal import Policy
internal import Stores

/// What `check-config` says of what settings, of policies above all, name: tables, sets of rules, files. The tables are read once.
package struct PolicyCheck {
    private let loaded: LoadedConfiguration
    private let book: Result<PolicyBook, any Error>

    /// Reads the tables. Blocks on a disk.
    package init(_ loaded: LoadedConfiguration) {
        self.loaded = loaded
        book = Result { try PolicyBook(loaded.settings) }
    }

    /// The sets that policies, banks, recipients and tables ask and the rules do not have, in words; none where a table is
    /// wrong, which is told elsewhere.
    package func missingSets(_ rules: BannedRules) -> [String] {
        (try? book.get())?.missingSets(rules) ?? []
    }

    /// What is wrong with the tables, the texts of notices and disclaimers, the keys and the directory of the quarantine, the file of
    /// the journal's lines, the files of copies and the patterns of scanners that the settings name, in words for the administrator;
    /// nil when nothing is. Blocks on a disk.
    package var problem: String? {
        let settings = loaded.settings
        do {
            _ = try settings.quarantineKeys()
            try settings.checkQuarantineDirectory()
            try MessageJournal.lines(settings)?.check()
            let policies = try book.get()
            try CopyFileChecks.check(policies.copyPlaces, stateDirectory: settings.stateDirectory)
            _ = try NoticeBook(settings, policies, before: nil)
            _ = try DisclaimerBook(settings, policies)
            _ = try SetupBuilder(settings).scanners(inspector: "") { _ in }
            return nil
        } catch let fault as NamedFileFault {
            return placed("\(fault)", at: fault.setting)
        } catch let fault as QuarantineKeys.Fault {
            let isOld = fault.file != settings.quarantine.keyFile
            return placed("\(fault)", at: isOld ? "quarantine.old_key_files" : "quarantine.key_file")
        } catch {
            return "\(error)"
        }
    }

    private func placed(_ text: String, at key: String) -> String {
        guard let position = loaded.origins[key] else { return text }
        return "\(Problem(file: loaded.file, position: position, message: text))"
    }
}
