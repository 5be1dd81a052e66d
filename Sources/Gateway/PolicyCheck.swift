package import Checks
package import Configuration
internal import Policy
internal import Stores

/// What `check-config` says of what settings, of policies above all, name: tables, sets of rules, files. The tables are read once.
package struct PolicyCheck {
    private let loaded: LoadedConfiguration
    /// Without the lines that are wrong.
    private let book: PolicyBook
    private let tableFaults: [SettingFault]

    /// Reads the tables. Blocks on a disk.
    package init(_ loaded: LoadedConfiguration) {
        self.loaded = loaded
        var faults: [SettingFault] = []
        book = PolicyBook(loaded.settings, faults: &faults)
        tableFaults = faults
    }

    /// The sets that policies, banks, recipients and tables ask and the rules do not have.
    package func missingSets(_ rules: BannedRules) -> [Problem] { placed(book.missingSets(rules)) }

    /// Everything that is wrong or doubtful about the tables, the texts of notices and disclaimers, the keys and the directory of the quarantine,
    /// the file of the journal's lines, the files of copies, the directory of signatures and the scanners that the settings name, but for what
    /// `ScannerRemarks` tell. Blocks on a disk.
    package var problems: [Problem] {
        let settings = loaded.settings
        var faults = tableFaults
        var warnings: [SettingFault] = []
        var others: [Problem] = []
        func look(_ check: () throws -> Void) {
            do {
                try check()
            } catch let fault as SettingFault {
                faults.append(fault)
            } catch let found as SettingFaults {
                faults += found.faults
            } catch let fault as QuarantineKeys.Fault {
                let isOld = fault.file != settings.quarantine.keyFile
                let key = isOld ? "quarantine.old_key_files" : "quarantine.key_file"
                faults.append(SettingFault(place: .key(key), text: "\(fault)"))
            } catch {
                others.append(Problem(file: loaded.file, position: nil, message: "\(error)"))
            }
        }
        look { _ = try settings.quarantineKeys() }
        look { try settings.checkQuarantineDirectory() }
        look { try MessageJournal.lines(settings)?.check() }
        look { try CopyFileChecks.check(book.copyPlaces, stateDirectory: settings.stateDirectory) }
        look { _ = try NoticeBook(settings, book, before: nil) }
        look { warnings = try DisclaimerBook(settings, book).warnings }
        look {
            do {
                _ = try SetupBuilder(settings).database()
            } catch {
                throw SettingFault(place: .key("clamav.database"), text: "\(error)")
            }
        }
        // What is wrong with a pattern of theirs is among their remarks, with its place.
        if !ScannerRemarks.remarks(on: settings).contains(where: \.isRefusal) {
            look { _ = try SetupBuilder(settings).scanners(inspector: "") { _ in } }
        }
        return placed(faults) + others + placed(warnings, .warning)
    }

    /// In the order of the files, the configuration first.
    private func placed(_ faults: [SettingFault], _ severity: Problem.Severity = .error) -> [Problem] {
        Set(faults).map { $0.problem(severity, in: loaded) }.sorted { left, right in
            guard left.file == right.file else {
                return left.file == loaded.file || right.file != loaded.file && left.file < right.file
            }
            return (left.line, left.column, left.message) < (right.line, right.column, right.message)
        }
    }
}
