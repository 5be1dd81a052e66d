internal import Configuration
internal import Glibc
internal import Linux
internal import Patterns
internal import RemoteChecks

/// Every kind of scanner outside the inspector: what it is there for, and how it is made from the settings. Another kind is
/// a case of `ScannerEntry.Kind`, a file in `RemoteChecks` and a line in each of these two tables.
struct ScannerTable {
    /// The program that starts scanners that are programs.
    let launcher: String
    let settings: Settings

    static func aim(_ kind: ScannerEntry.Kind) -> ScannerSettings.Aim {
        switch kind {
        case .clamd: .viruses
        case .command: .viruses
        case .protocol: .viruses
        case .spamd: .spam
        case .rspamd: .spam
        }
    }

    /// Its answer may be kept for a while: the message alone decides.
    private static func looksAtContentOnly(_ kind: ScannerEntry.Kind) -> Bool {
        switch kind {
        case .clamd, .command: true
        case .protocol, .spamd, .rspamd: false
        }
    }

    func make(_ entry: ScannerEntry) throws -> any RemoteScanner {
        let (addresses, threads) = (entry.addresses.map(Self.address), entry.concurrency)
        let score = ScorePolicy(percent: entry.scorePercent)
        return switch entry.kind {
        case .clamd:
            ClamdScanner(
                addresses: addresses, method: entry.method == .fildes ? .fildes : .instream, threads: threads)
        case .command:
            CommandScanner(
                try command(entry), launcher: launcher, sandbox: sandbox(entry),
                workspace: settings.workspace.directory, threads: threads)
        case .spamd: SpamdScanner(addresses: addresses, user: entry.user, score: score, threads: threads)
        case .rspamd: RspamdScanner(addresses: addresses, password: entry.password, score: score, threads: threads)
        case .protocol: ProtocolScanner(try place(entry, addresses), threads: threads)
        }
    }

    /// All scanners of the settings.
    /// - Throws: what is wrong with a pattern, for the administrator.
    func scanners(log: @escaping @Sendable (String) -> Void) throws -> ScannerSet {
        var options = ScannerSet.Options()
        options.stopsAtFirstHit = settings.scanning.firstHitStops
        options.testInterval = settings.scanning.selfTestInterval
        options.retryInterval = settings.scanning.retryInterval
        return ScannerSet(
            try settings.scanners.map { (Self.common($0), try make($0)) }, options: options, log: log)
    }

    private static func common(_ entry: ScannerEntry) -> ScannerSettings {
        let sample: TestSample =
            switch entry.sample {
            case .eicar: .eicar
            case .gtube: .gtube
            case .none: .none
            }
        return ScannerSettings(
            name: entry.name, seeks: aim(entry.kind), isBackup: entry.backup, failurePolicy: entry.onFailure,
            timeout: entry.timeout * 1_000_000_000, takesParts: entry.takesParts,
            looksAtContentOnly: looksAtContentOnly(entry.kind), sample: sample,
            staleAfter: entry.staleAfter)
    }

    private static func address(_ endpoint: ServerAddress) -> ScannerAddress {
        switch endpoint {
        case .tcp(let host, let port): .tcp(host: host, port: port)
        case .unix(let path): .unix(path: path)
        }
    }

    private func place(_ entry: ScannerEntry, _ addresses: [ScannerAddress]) throws -> ProtocolScanner.Place {
        if entry.programs.isEmpty { return .server(addresses) }
        guard let program = entry.programs.first(where: { access($0, X_OK) == 0 }) else {
            throw GatewayError("scanner \(entry.name): none of its programs is there")
        }
        return .program([program] + entry.arguments, launcher: launcher, sandbox(entry))
    }

    private func sandbox(_ entry: ScannerEntry) -> ProgramSandbox {
        ProgramSandbox(
            directory: "", readable: entry.readable, network: entry.network, memory: entry.memory,
            fileSize: settings.unpacking.workspace, allowWeaker: settings.inspector.sandbox == .allowWeaker)
    }

    private func command(_ entry: ScannerEntry) throws -> CommandScanner.Command {
        func pattern(_ key: String, _ text: String) throws -> OutputPattern? {
            if text.isEmpty { return nil }
            do {
                return try OutputPattern(text)
            } catch {
                throw GatewayError("scanner \(entry.name): \(key): \(error)")
            }
        }
        var command = CommandScanner.Command(programs: entry.programs, arguments: entry.arguments)
        command.cleanCodes = entry.cleanCodes
        command.infectedCodes = entry.infectedCodes
        command.cleanPattern = try pattern("clean_pattern", entry.cleanPattern)
        command.infectedPattern = try pattern("infected_pattern", entry.infectedPattern)
        command.namePattern = try pattern("name_pattern", entry.namePattern)
        return command
    }
}
