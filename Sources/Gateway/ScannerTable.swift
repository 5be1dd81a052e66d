internal import Configuration
internal import Linux
internal import MailModel
internal import Patterns
internal import Policy
internal import RemoteChecks

/// Makes the scanners outside the inspector from the settings. What another kind needs is in docs/ARCHITECTURE.md, "Adding
/// things".
struct ScannerTable {
    /// The program that starts scanners that are programs.
    let launcher: String
    let settings: Settings

    /// True when both settings make the same scanners: those that are there can stay.
    static func isSame(_ one: Settings, _ other: Settings) -> Bool {
        one.scanners == other.scanners && one.scanning == other.scanning
            && one.shortCircuit == other.shortCircuit && one.inspector.sandbox == other.inspector.sandbox
            && one.unpacking.workspace == other.unpacking.workspace
            && one.workspace.directory == other.workspace.directory
            && one.clamav.nameScores == other.clamav.nameScores
            && NameScores.mildNames(one) == NameScores.mildNames(other)
    }

    /// All scanners of the settings.
    /// - Throws: what is wrong with a pattern, for the administrator.
    func scanners(_ scores: NameScores, log: @escaping @Sendable (String) -> Void) throws -> ScannerSet {
        var options = ScannerSet.Options()
        options.stopsAtFirstHit = settings.scanning.firstHitStops
        options.testInterval = settings.scanning.selfTestInterval
        options.retryInterval = settings.scanning.retryInterval
        options.spamWaits = settings.siteShortCircuit.isOn
        options.isMild = { scores.isMild($0) }
        return ScannerSet(
            try settings.scanners.map { (Self.common($0), try places($0)) }, options: options, log: log)
    }

    /// The scanner at each of its addresses, or the program.
    func places(_ entry: ScannerEntry) throws -> [(name: String, scanner: any RemoteScanner)] {
        let (threads, workspace) = (entry.concurrency, settings.workspace.directory)
        let score = ScorePolicy(percent: entry.scorePercent, credit: Double(entry.maxCredit))
        let reading = try reading(entry)
        if entry.addresses.isEmpty {
            let cell = sandbox(entry)
            let program: any RemoteScanner
            if entry.kind == .protocol {
                program = ProtocolScanner(
                    .program(entry.programs, arguments: entry.arguments, launcher: launcher, cell), threads: threads)
            } else {
                var command = CommandScanner.Command(programs: entry.programs, arguments: entry.arguments)
                command.reading = reading
                program = CommandScanner(
                    command, launcher: launcher, sandbox: cell, workspace: workspace, threads: threads)
            }
            return [("", program)]
        }
        return entry.addresses.map { address in
            let server: any RemoteScanner =
                switch entry.kind {
                case .clamd:
                    ClamdScanner(
                        address: address, method: entry.method == .fildes ? .fildes : .instream, threads: threads)
                case .spamd: SpamdScanner(address: address, user: entry.user, score: score, threads: threads)
                case .rspamd: RspamdScanner(address: address, password: entry.password, score: score, threads: threads)
                case .http:
                    HTTPScanner(address: address, path: entry.path, password: entry.password, threads: threads)
                case .protocol, .command: ProtocolScanner(.server(address), threads: threads)
                case .text:
                    TextScanner(
                        address: address, request: Self.unescaped(entry.request), reading: reading,
                        workspace: workspace, threads: threads)
                }
            return (address.description, server)
        }
    }

    private static func common(_ entry: ScannerEntry) -> ScannerSettings {
        let sample: TestSample =
            switch entry.sample {
            case .eicar: .eicar
            case .gtube: .gtube
            case .none: .none
            }
        return ScannerSettings(
            name: entry.name, seeks: entry.aim == .spam ? .spam : .viruses, isBackup: entry.backup,
            failurePolicy: entry.onFailure, timeout: entry.timeout * 1_000_000_000, takesParts: entry.takesParts,
            looksAtContentOnly: looksAtContentOnly(entry.kind), sample: sample, staleAfter: entry.staleAfter,
            maxSize: entry.sizeLimit, namesAllMatches: entry.allMatches, isSpread: entry.spread)
    }

    /// Its answer may be kept for a while: the message alone decides.
    private static func looksAtContentOnly(_ kind: ScannerEntry.Kind) -> Bool {
        switch kind {
        case .clamd, .command, .text: true
        case .protocol, .http, .spamd, .rspamd: false
        }
    }

    /// `\n`, `\r`, `\t`, `\0` and `\\` as in C.
    static func unescaped(_ text: String) -> String {
        var out = ""
        var isEscaped = false
        for character in text.unicodeScalars {
            switch (isEscaped, character) {
            case (false, "\\"): isEscaped = true
            case (false, _): out.unicodeScalars.append(character)
            case (true, _):
                isEscaped = false
                switch character {
                case "n": out += "\n"
                case "r": out += "\r"
                case "t": out += "\t"
                case "0": out += "\0"
                case "\\": out += "\\"
                default: out += "\\\(character)"
                }
            }
        }
        return out + (isEscaped ? "\\" : "")
    }

    private func sandbox(_ entry: ScannerEntry) -> ProgramSandbox {
        ProgramSandbox(
            directory: "", readable: entry.readable, network: entry.network, memory: entry.memory,
            fileSize: settings.unpacking.workspace, allowWeaker: settings.inspector.sandbox == .allowWeaker)
    }

    private func reading(_ entry: ScannerEntry) throws -> OutputReading {
        func pattern(_ text: String) throws -> OutputPattern? { text.isEmpty ? nil : try OutputPattern(text) }
        var reading = OutputReading()
        if entry.kind == .command {
            reading.cleanCodes = entry.cleanCodes
            reading.infectedCodes = entry.infectedCodes
            reading.uncheckedCodes = entry.uncheckedCodes
        }
        reading.cleanPattern = try pattern(entry.cleanPattern)
        reading.infectedPattern = try pattern(entry.infectedPattern)
        reading.uncheckedPattern = try pattern(entry.uncheckedPattern)
        reading.uncheckedReason = entry.uncheckedReason.reason
        reading.namePattern = try pattern(entry.namePattern)
        reading.endPattern = try pattern(entry.endPattern)
        return reading
    }
}
