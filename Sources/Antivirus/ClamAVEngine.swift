internal import CClamAV
internal import Glibc
internal import Linux
internal import MailModel

/// A loaded libclamav engine. Loading takes seconds with a full database; afterwards the process may fork, and the
/// children scan with the same memory. Used by one thread at a time.
package final class ClamAVEngine {
    private let engine: OpaquePointer
    private var temporaryDirectory = ""
    /// Octets of the largest content that is given to libclamav.
    private let largest: Int
    private let options: EngineOptions
    /// What a scan is bounded by unless it says otherwise.
    package let limits: EngineLimits
    /// The database directory as it was when it was loaded.
    /// Nil when nothing can be watched.
    private var databaseState: DatabaseState?
    private var isDatabaseGone = false
    /// Signatures loaded.
    package let signatures: Int
    /// Version and build time of the daily database.
    package let database: DatabaseVersion

    /// `ClamAV 1.4.6`.
    package static var version: String { "ClamAV " + String(cString: cl_retver()) }

    /// Loads and compiles a database directory: official files (`.cvd`, `.cld`, `.cud`) and own ones (`.ndb`, `.hdb` and
    /// so on).
    /// - Throws: libclamav's words when the directory is missing, unreadable, empty or broken.
    package init(_ settings: EngineSettings) throws(EngineError) {
        EngineMessages.capture()
        CharsetModules.load()
        try Self.check("start libclamav", cl_init(UInt32(CL_INIT_DEFAULT)))
        guard let engine = cl_engine_new() else { throw EngineError("libclamav has no memory for an engine") }
        // Before loading: what changes meanwhile is noticed afterwards.
        databaseState = DatabaseState(settings.database)
        do throws(EngineError) {
            try Self.set(engine, settings)
            var count: UInt32 = 0
            let path = settings.database
            let excluded = ExcludedPUA(settings.excludedPUA)
            excluded.leaveOut(engine)
            let result = withExtendedLifetime(excluded) {
                cl_load(path, engine, &count, Self.loadOptions(settings))
            }
            try Self.check("load \(path)", result)
            // libclamav takes a directory without any database for a success.
            guard count > 0 else { throw EngineError("load \(path): no signatures in it") }
            try Self.check("compile \(path)", cl_engine_compile(engine))
            signatures = Int(count)
        } catch {
            cl_engine_free(engine)
            throw error
        }
        database = DatabaseVersion(directory: settings.database)
        let facts = SignatureFacts(database: settings.database)
        looksUpLinks = settings.options.contains(.phishing) && facts.holdsAddresses
        // Without a list of domains that are worth it, it objects to what is odd in itself alone, where that is wanted.
        comparesLinks =
            settings.options.contains(.phishing)
            && (!settings.options.isDisjoint(with: [.alertSSLMismatch, .alertCloak])
                || facts.holdsDomains || facts.holdsAddresses)
        asksForArchives = settings.options.contains(.containers) && facts.asksForArchives
        asksForMail = settings.options.contains(.containers) && facts.asksForMail
        goodFiles = facts.goodFiles
        self.engine = engine
        options = settings.options
        limits = settings.limits
        // libclamav calls a map of more than a C int clean without a look at it.
        largest = min(settings.maxScanSize, Int(Int32.max) - 1)
    }

    deinit {
        cl_engine_free(engine)
    }

    /// True when a file of the database directory has come, changed or gone since it was loaded or since this was last
    /// asked.
    package func databaseHasChanged(_ directory: String) -> Bool {
        guard let known = databaseState else { return false }
        guard let state = DatabaseState(directory) else {
            // Told once: loading it again fails, which is what the administrator has to hear.
            defer { isDatabaseGone = true }
            return !isDatabaseGone
        }
        let isBack = isDatabaseGone
        isDatabaseGone = false
        databaseState = state
        return isBack || state != known
    }

    /// As `CL_DB_STDOPT`, and what the settings add.
    private static func loadOptions(_ settings: EngineSettings) -> UInt32 {
        var options = CL_DB_BYTECODE
        if settings.options.contains(.phishing) { options |= CL_DB_PHISHING | CL_DB_PHISHING_URLS }
        if settings.options.contains(.pua) { options |= CL_DB_PUA }
        if settings.options.contains(.officialOnly) { options |= CL_DB_OFFICIAL_ONLY }
        return UInt32(options)
    }

    /// Milliseconds of one program of a signature: no inspection has as many, so that its own time ends it, which is told.
    private static let bytecodeTime = 3_600_000

    private static func set(_ engine: OpaquePointer, _ settings: EngineSettings) throws(EngineError) {
        try set(engine, settings.limits)
        let numbers: [(cl_engine_field, Int)] = [
            (CL_ENGINE_MAX_FILESIZE, settings.maxScanSize), (CL_ENGINE_MAX_SCANTIME, settings.maxScanTime),
            (CL_ENGINE_DISABLE_CACHE, settings.cache ? 0 : 1),
            // Machine code that is made while scanning needs memory that the sandbox refuses.
            (CL_ENGINE_BYTECODE_MODE, Int(CL_BYTECODE_MODE_INTERPRETER.rawValue)),
            // Limits beyond which libclamav passes something over without a word: as large as the others, or none.
            (CL_ENGINE_MAX_EMBEDDEDPE, settings.maxScanSize), (CL_ENGINE_MAX_HTMLNORMALIZE, settings.maxScanSize),
            (CL_ENGINE_MAX_HTMLNOTAGS, settings.maxScanSize), (CL_ENGINE_MAX_SCRIPTNORMALIZE, settings.maxScanSize),
            (CL_ENGINE_MAX_ZIPTYPERCG, settings.maxScanSize), (CL_ENGINE_PCRE_MAX_FILESIZE, 0),
            // Steps and depth of a match: who writes what a pattern tries long on would hide from it. The caller's time ends it.
            (CL_ENGINE_PCRE_MATCH_LIMIT, Int(UInt32.max)), (CL_ENGINE_PCRE_RECMATCH_LIMIT, Int(UInt32.max)),
            (CL_ENGINE_MAX_ICONSPE, min(settings.maxScanSize, Int(Int32.max))),
            (CL_ENGINE_BYTECODE_TIMEOUT, bytecodeTime),
        ]
        try set(engine, numbers)
        cl_engine_set_clcb_virus_found(engine) { _, name, context in
            guard let name, let context else { return }
            Unmanaged<Matches>.fromOpaque(context).takeUnretainedValue().add(String(cString: name))
        }
    }

    private static func set(_ engine: OpaquePointer, _ limits: EngineLimits) throws(EngineError) {
        try set(
            engine,
            [
                (CL_ENGINE_MAX_SCANSIZE, limits.scanSize), (CL_ENGINE_MAX_RECURSION, limits.recursion),
                (CL_ENGINE_MAX_FILES, limits.files),
                // Each partition counts as a file, whose limit is told.
                (CL_ENGINE_MAX_PARTITIONS, limits.files + 1),
            ])
    }

    private static func set(_ engine: OpaquePointer, _ numbers: [(cl_engine_field, Int)]) throws(EngineError) {
        for (field, value) in numbers {
            try check("set engine field \(field.rawValue)", cl_engine_set_num(engine, field, Int64(value)))
        }
    }

    /// It compares what links of mail show with where they lead.
    package let comparesLinks: Bool
    /// It has lists of addresses (`.gdb`), which it looks for in the links of mail.
    package let looksUpLinks: Bool
    /// It alerts to partitions that overlap, and looks at a disk's where it takes that apart itself.
    package var comparesPartitions: Bool { options.contains(.alertPartitions) }
    /// Signatures ask for the archive around a file, or for the mail: they find something only where libclamav itself opens that.
    package let asksForArchives: Bool
    package let asksForMail: Bool
    private let goodFiles: GoodFiles

    /// Whatever is found in this content, or in what it holds, is none: the signatures say so by its digest. Of what a content holds
    /// libclamav sees that only where it has opened it itself.
    package func isGood(_ content: UnsafeRawBufferPointer) -> Bool { goodFiles.contains(content) }

    /// Sets where scans put their temporary files; each scan makes a directory of its own there and removes it.
    package func setTemporaryDirectory(_ path: String) throws(EngineError) {
        try Self.check("set the temporary directory", cl_engine_set_str(engine, CL_ENGINE_TMPDIR, path))
        temporaryDirectory = path
    }

    /// Sets what scans are bounded by from now on. The size of one content stays bounded by that of the settings.
    package func setLimits(_ limits: EngineLimits) throws(EngineError) {
        try Self.set(engine, limits)
    }

    /// Scans bytes in memory with every parser of libclamav.
    /// - Parameters:
    ///   - parsingMail: take content that is mail apart. Off for what the caller takes apart by itself.
    ///   - parsingArchives: the same of archives and compressed files. With it off, signatures that are about an archive as
    ///     such (names and sizes of its members, `.cdb`) or that ask for the type of the container around a member find
    ///     nothing.
    package func scan(
        _ bytes: UnsafeRawBufferPointer, parsingMail: Bool, parsingArchives: Bool = true
    ) -> ScanResult {
        guard let base = bytes.baseAddress, bytes.count > 0 else { return ScanResult([]) }
        // libclamav says "virus" without a name for a whole file over its limit.
        guard bytes.count <= largest else { return ScanResult([.overLimits("Heuristics.Limits.Exceeded.MaxFileSize")]) }
        guard let map = cl_fmap_open_memory(base, bytes.count) else {
            return ScanResult([.failed("no memory to map the content")])
        }
        defer { cl_fmap_close(map) }
        if let words = lackOfFiles { return ScanResult([.full(words)]) }
        EngineMessages.clear()
        var options = scanOptions(parsingMail: parsingMail, parsingArchives: parsingArchives)
        var name: UnsafePointer<CChar>?
        var scanned: UInt = 0
        let matches = Matches()
        let context = Unmanaged.passUnretained(matches).toOpaque()
        let result = withExtendedLifetime(matches) {
            cl_scanmap_callback(map, nil, &name, &scanned, engine, &options, context)
        }
        let (octets, isLarge) = scanned.multipliedReportingOverflow(by: UInt(CL_COUNT_PRECISION))
        return ScanResult(
            outcomes(result, name, matches), octets: isLarge ? .max : Int(clamping: octets))
    }

    /// Files and directories that have to have room: libclamav makes a few of most contents, and calls clean what it could not make
    /// one for (attack: many members, or other mail at the same time, take the last of them).
    private static let fewestFiles = 1024

    /// What to say where there is no room for so many.
    private var lackOfFiles: String? {
        guard let left = (try? FileSystem(of: temporaryDirectory))?.freeFiles, left < Self.fewestFiles
        else { return nil }
        return "the workspace has room for \(left) files, and \(Self.fewestFiles) are needed (nr_inodes)"
    }

    private func outcomes(_ result: cl_error_t, _ name: UnsafePointer<CChar>?, _ matches: Matches) -> [ScanOutcome] {
        switch result {
        case CL_CLEAN, CL_VIRUS:
            if result == CL_VIRUS, matches.names.isEmpty { matches.add(name.map { String(cString: $0) } ?? "unnamed") }
            var outcomes: [ScanOutcome] = []
            for name in matches.names where !outcomes.contains(ScanOutcome(alert: name)) {
                outcomes.append(ScanOutcome(alert: name))
            }
            // One of those that are not kept may be the one that counts.
            if matches.isCut { outcomes.append(.overLimits("more than \(Matches.limit) names")) }
            // It looks at what it has written, such as a page without its tags, and goes on without what it could not write.
            if let unwritten, !outcomes.contains(where: \.isFound) { outcomes.append(unwritten) }
            return outcomes
        case CL_EMAXSIZE, CL_EMAXFILES, CL_EMAXREC, CL_ETIMEOUT:
            return [.overLimits(Self.words(result))]
        case CL_EMEM:
            let cause = EngineMessages.take()
            // A match that goes deeper than memory allows: the content is the reason, and would be again.
            if let words = cause.first(where: { $0.contains("cli_pcre_match") }) { return [.overLimits(words)] }
            return [.failed(Self.explained(result, cause))]
        default:
            return [unwritten ?? .failed(Self.explained(result, EngineMessages.take()))]
        }
    }

    /// A file that could not be written.
    private var unwritten: ScanOutcome? {
        if let lackOfFiles { return .full(lackOfFiles) }
        return switch EngineMessages.writeFailure {
        case .full(let words): .full(words)
        // The content's size, not the machine, is the reason.
        case .tooLarge: .overLimits(String(cString: strerror(EFBIG)))
        case .failed(let words): .failed(words)
        case nil: nil
        }
    }

    /// Names that libclamav says while it scans one content, each once: the same one comes for every member of an archive.
    private final class Matches {
        /// Names that are kept, as many as of a scanner outside.
        static let limit = 200
        private(set) var names: [String] = []
        /// There were more.
        private(set) var isCut = false

        func add(_ name: String) {
            guard !names.contains(name) else { return }
            guard names.count < Self.limit else { return isCut = true }
            names.append(name)
        }
    }

    /// Scans a text that no signature is about.
    package func selfTest() throws(EngineError) {
        let text = Array("An empty page of a notebook.\r\n".utf8)
        let outcome = text.withUnsafeBytes { scan($0, parsingMail: true).outcomes }
        // Room may come, and is asked for by each scan.
        guard outcome.allSatisfy(\.isFull) else { throw EngineError("a first scan of harmless text says: \(outcome)") }
    }

    private func scanOptions(parsingMail: Bool, parsingArchives: Bool) -> cl_scan_options {
        var scan = cl_scan_options()
        if options.contains(.heuristics) { scan.general |= UInt32(CL_SCAN_GENERAL_HEURISTICS) }
        if options.contains(.allMatches) { scan.general |= UInt32(CL_SCAN_GENERAL_ALLMATCHES) }
        scan.parse = ~0
        if !parsingMail { scan.parse &= ~UInt32(CL_SCAN_PARSE_MAIL) }
        if !parsingArchives { scan.parse &= ~UInt32(CL_SCAN_PARSE_ARCHIVE) }
        // Not findings but the only way in which libclamav says that it did not look at something.
        scan.heuristic = UInt32(
            CL_SCAN_HEURISTIC_EXCEEDS_MAX | CL_SCAN_HEURISTIC_ENCRYPTED_ARCHIVE | CL_SCAN_HEURISTIC_ENCRYPTED_DOC)
        for (option, flags) in Self.alerts where options.contains(option) { scan.heuristic |= UInt32(flags) }
        return scan
    }

    private static let alerts: [(EngineOptions, Int32)] = [
        (.alertBroken, CL_SCAN_HEURISTIC_BROKEN), (.alertBrokenMedia, CL_SCAN_HEURISTIC_BROKEN_MEDIA),
        (.alertMacros, CL_SCAN_HEURISTIC_MACROS), (.alertSSLMismatch, CL_SCAN_HEURISTIC_PHISHING_SSL_MISMATCH),
        (.alertCloak, CL_SCAN_HEURISTIC_PHISHING_CLOAK), (.alertPartitions, CL_SCAN_HEURISTIC_PARTITION_INTXN),
        (.alertCards, CL_SCAN_HEURISTIC_STRUCTURED | CL_SCAN_HEURISTIC_STRUCTURED_CC),
    ]

    private static func check(_ what: String, _ result: cl_error_t) throws(EngineError) {
        guard result != CL_SUCCESS else { return }
        throw EngineError(what + ": " + explained(result, EngineMessages.take()))
    }

    private static func explained(_ result: cl_error_t, _ cause: [String]) -> String {
        ([words(result)] + cause).joined(separator: "; ")
    }

    private static func words(_ result: cl_error_t) -> String {
        cl_strerror(result).map { String(cString: $0) } ?? "error \(result.rawValue)"
    }
}

/// Version of the newest daily database; zeros where there is none.
package struct DatabaseVersion: Hashable, Sendable {
    package var number = 0
    /// Unix time at which it was built.
    package var buildTime = 0
    /// Its makers have signed it.
    package var isSigned = true

    /// Reads the head of `daily.cld` and `daily.cvd` and takes the newer one, as `clamscan --version` does; without these that of
    /// `daily.cud`, which is the site's own.
    init(directory: String) {
        read(["daily.cld", "daily.cvd"], directory)
        guard number == 0 else { return }
        read(["daily.cud"], directory)
        isSigned = number == 0
    }

    private mutating func read(_ names: [String], _ directory: String) {
        for name in names {
            let path = directory + "/" + name
            guard access(path, R_OK) == 0, let head = cl_cvdhead(path) else { continue }
            defer { cl_cvdfree(head) }
            if Int(head.pointee.version) > number {
                number = Int(head.pointee.version)
                buildTime = Int(head.pointee.stime)
            }
        }
    }
}
