internal import MailModel

// What no single key of a scanner shows.
extension SettingsReader {
    /// Names of scanners in reports that are not of the list.
    private static let taken = ["clamav", "rules", "banned", Finding.testStrings]

    mutating func checkScanners() {
        let settings = loaded.settings
        for (index, scanner) in settings.scanners.enumerated() {
            checkScanner(at: index, scanner)
            let path = "scanners[\(index)]"
            if settings.scanners[..<index].contains(where: { $0.name == scanner.name && !$0.name.isEmpty }) {
                complain(path, "name", "there is another scanner '\(scanner.name)'")
            }
            if scanner.timeout > settings.timeouts.inspection, !faulty.contains("\(path).timeout") {
                loaded.report(
                    .warning, at: "\(path).timeout", path,
                    message: "more than timeouts.inspection (\(settings.timeouts.inspection) s), which ends it before")
            }
            let hasPrimary =
                settings.scanners.contains { !$0.backup && $0.aim == scanner.aim }
                || scanner.aim == .viruses && settings.clamav.enabled
            if scanner.backup, !hasPrimary {
                complain(path, "backup", "a backup for \(scanner.aim.rawValue), and no other scanner that could fail")
            }
        }
    }

    private mutating func complain(_ path: String, _ key: String, _ message: String) {
        guard !faulty.contains("\(path).\(key)"), !faulty.contains("\(path).kind") else { return }
        loaded.report(at: "\(path).\(key)", path, message: message)
    }

    private mutating func checkScanner(at index: Int, _ scanner: ScannerEntry) {
        let (path, kind) = ("scanners[\(index)]", scanner.kind.rawValue)
        if scanner.name.isEmpty { complain(path, "name", "a scanner needs a name") }
        if Self.taken.contains(scanner.name) {
            complain(path, "name", "'\(scanner.name)' is the name of one of Mailreeve's own scanners")
        }
        for (key, kinds) in scannerKeyKinds where !kinds.contains(scanner.kind) {
            guard loaded.origins["\(path).\(key)"] != nil else { continue }
            complain(path, key, "'\(key)' means nothing to a scanner of kind \(kind)")
        }
        if scanner.kind == .protocol, !scanner.addresses.isEmpty {
            for key in ["arguments", "readable", "network", "memory"] where loaded.origins["\(path).\(key)"] != nil {
                complain(path, key, "'\(key)' means nothing to a server")
            }
        }
        switch (scanner.kind.isServer, scanner.kind.isProgram) {
        case (true, false) where scanner.addresses.isEmpty:
            complain(path, "addresses", "scanner '\(scanner.name)' of kind \(kind) needs addresses")
        case (false, _) where scanner.programs.isEmpty:
            complain(path, "programs", "scanner '\(scanner.name)' of kind \(kind) needs programs")
        case (true, true) where scanner.addresses.isEmpty == scanner.programs.isEmpty:
            complain(
                path, "addresses", "scanner '\(scanner.name)' of kind \(kind) needs either addresses or programs")
        default: break
        }
        if Set(scanner.addresses).count < scanner.addresses.count {
            complain(path, "addresses", "an address stands there twice")
        }
        if scanner.kind == .protocol, scanner.addresses.contains(where: { !$0.isUnix }) {
            complain(path, "addresses", "kind protocol needs a Unix socket: descriptors do not travel over TCP")
        }
        if !scanner.path.hasPrefix("/") || scanner.path.utf8.contains(where: { $0 <= 0x20 || $0 >= 0x7F }) {
            complain(path, "path", "a path begins with / and has no blanks; what is no ASCII is written %XX")
        }
        if scanner.spread, scanner.addresses.count < 2 {
            complain(path, "spread", "there is one address to ask")
        }
        if scanner.method == .fildes, scanner.addresses.contains(where: { !$0.isUnix }) {
            complain(path, "method", "fildes needs a Unix socket")
        }
        if let test = scanner.selfTest, test != .none, (test == .gtube) != (scanner.aim == .spam) {
            complain(path, "self_test", "a scanner that looks for \(scanner.aim.rawValue) cannot find \(test.rawValue)")
        }
        checkWords(path, scanner)
    }

    /// How a program or a daemon is told what to look at, and how its words are read.
    private mutating func checkWords(_ path: String, _ scanner: ScannerEntry) {
        if scanner.kind == .command, !scanner.arguments.contains(where: { $0.contains("{}") }) {
            complain(path, "arguments", "scanner '\(scanner.name)' is not told what to look at: {} is in no argument")
        }
        if scanner.kind == .command, scanner.cleanCodes.isEmpty, scanner.cleanPattern.isEmpty {
            complain(path, "clean_codes", "nothing says that scanner '\(scanner.name)' has found nothing")
        }
        if scanner.kind == .command, scanner.infectedCodes.isEmpty, scanner.infectedPattern.isEmpty {
            complain(path, "infected_codes", "nothing says that scanner '\(scanner.name)' has found something")
        }
        if let code = scanner.cleanCodes.first(where: { scanner.infectedCodes.contains($0) }) {
            complain(path, "clean_codes", "\(code) stands in infected_codes too, which counts before")
        }
        for (key, codes) in [("infected_codes", scanner.infectedCodes), ("clean_codes", scanner.cleanCodes)] {
            guard let code = scanner.uncheckedCodes.first(where: { codes.contains($0) }) else { continue }
            complain(path, "unchecked_codes", "\(code) stands in \(key) too")
        }
        if scanner.uncheckedCodes.isEmpty, scanner.uncheckedPattern.isEmpty,
            loaded.origins["\(path).unchecked_reason"] != nil
        {
            complain(path, "unchecked_reason", "neither unchecked_codes nor unchecked_pattern says when")
        }
        guard scanner.kind == .text else { return }
        if !scanner.request.contains("{}") {
            complain(path, "request", "scanner '\(scanner.name)' is not told what to look at: {} is not in request")
        }
        if scanner.request.contains("{}/*"), scanner.request.replacing("{}/*", with: "").contains("{}") {
            complain(path, "request", "either {} or {}/*: a request is about the directory or about one file")
        }
        if scanner.request.contains("{}"), !scanner.request.contains("{}/*"), scanner.endPattern.isEmpty {
            loaded.report(
                .warning, at: "\(path).request", path,
                message: "one answer for all files, and no end_pattern: an answer that is cut off after a file "
                    + "that is clean is not told from a whole one")
        }
        if !scanner.endPattern.isEmpty, [scanner.cleanPattern, scanner.infectedPattern].contains(scanner.endPattern) {
            loaded.report(
                .warning, at: "\(path).end_pattern", path,
                message: "the words about one file: an answer that goes on with others looks whole before its end")
        }
        for (key, pattern) in [
            ("clean_pattern", scanner.cleanPattern), ("infected_pattern", scanner.infectedPattern),
        ] where pattern.isEmpty {
            complain(path, key, "scanner '\(scanner.name)' of kind text needs \(key)")
        }
    }
}

/// Kinds of scanners to which a key means something; keys that are not here mean something to all.
private let scannerKeyKinds: [(key: String, kinds: Set<ScannerEntry.Kind>)] = [
    ("seeks", [.protocol, .http]),
    ("parts", [.clamd, .command, .protocol, .http, .text]),
    ("stale_after", [.clamd]),
    ("addresses", [.clamd, .spamd, .rspamd, .protocol, .http, .text]),
    ("spread", [.clamd, .spamd, .rspamd, .protocol, .http, .text]),
    ("path", [.http]),
    ("method", [.clamd]),
    ("request", [.text]),
    ("programs", [.command, .protocol]),
    ("arguments", [.command, .protocol]),
    ("clean_codes", [.command]),
    ("infected_codes", [.command]),
    ("unchecked_codes", [.command]),
    ("clean_pattern", [.command, .text]),
    ("infected_pattern", [.command, .text]),
    ("unchecked_pattern", [.command, .text]),
    ("unchecked_reason", [.command, .text]),
    ("name_pattern", [.command, .text]),
    ("end_pattern", [.command, .text]),
    ("all_matches", [.command, .protocol, .http, .text]),
    ("readable", [.command, .protocol]),
    ("network", [.command, .protocol]),
    ("memory", [.command, .protocol]),
    ("user", [.spamd]),
    ("password", [.rspamd, .http]),
    ("score_percent", [.spamd, .rspamd]),
    ("max_credit", [.spamd, .rspamd]),
]

extension ServerAddress {
    fileprivate var isUnix: Bool {
        if case .unix = self { true } else { false }
    }
}
