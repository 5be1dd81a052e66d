internal import CClamAV
internal import Glibc

/// A loaded libclamav engine. Loading takes seconds with a full database; afterwards the process may fork, and the
/// children scan with the same memory. Used by one thread at a time.
package final class ClamAVEngine {
    private let engine: OpaquePointer
    /// Octets of the largest content that is given to libclamav.
    private let largest: Int
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
        do throws(EngineError) {
            try Self.set(engine, settings)
            var count: UInt32 = 0
            let path = settings.database
            try Self.check("load \(path)", cl_load(path, engine, &count, Self.loadOptions))
            // libclamav takes a directory without any database for a success.
            guard count > 0 else { throw EngineError("load \(path): no signatures in it") }
            try Self.check("compile \(path)", cl_engine_compile(engine))
            signatures = Int(count)
        } catch {
            cl_engine_free(engine)
            throw error
        }
        database = DatabaseVersion(directory: settings.database)
        self.engine = engine
        // libclamav calls a map of more than a C int clean without a look at it.
        largest = min(settings.maxScanSize, Int(Int32.max) - 1)
    }

    deinit {
        cl_engine_free(engine)
    }

    /// `CL_DB_STDOPT`: signatures of phishing and bytecode too.
    private static let loadOptions = UInt32(CL_DB_PHISHING | CL_DB_PHISHING_URLS | CL_DB_BYTECODE)

    private static func set(_ engine: OpaquePointer, _ settings: EngineSettings) throws(EngineError) {
        let numbers: [(cl_engine_field, Int)] = [
            (CL_ENGINE_MAX_SCANSIZE, settings.maxScanSize), (CL_ENGINE_MAX_FILESIZE, settings.maxScanSize),
            (CL_ENGINE_MAX_RECURSION, settings.maxRecursion), (CL_ENGINE_MAX_FILES, settings.maxFiles),
            (CL_ENGINE_MAX_SCANTIME, settings.maxScanTime), (CL_ENGINE_DISABLE_CACHE, settings.cache ? 0 : 1),
            // Machine code that is made while scanning needs memory that the sandbox refuses.
            (CL_ENGINE_BYTECODE_MODE, Int(CL_BYTECODE_MODE_INTERPRETER.rawValue)),
        ]
        for (field, value) in numbers {
            try check("set engine field \(field.rawValue)", cl_engine_set_num(engine, field, Int64(value)))
        }
    }

    /// Sets where scans put their temporary files; each scan makes a directory of its own there and removes it.
    package func setTemporaryDirectory(_ path: String) throws(EngineError) {
        try Self.check("set the temporary directory", cl_engine_set_str(engine, CL_ENGINE_TMPDIR, path))
    }

    /// Scans bytes in memory with every parser of libclamav.
    /// - Parameters:
    ///   - parsingMail: take content that is mail apart. Off for what the caller takes apart by itself.
    ///   - parsingArchives: the same of archives and compressed files. With it off, signatures that are about an archive as
    ///     such (names and sizes of its members, `.cdb`) or that ask for the type of the container around a member find
    ///     nothing.
    package func scan(_ bytes: UnsafeRawBufferPointer, parsingMail: Bool, parsingArchives: Bool = true) -> ScanOutcome {
        guard let base = bytes.baseAddress, bytes.count > 0 else { return .clean }
        // libclamav says "virus" without a name for a whole file over its limit.
        guard bytes.count <= largest else { return .overLimits("Heuristics.Limits.Exceeded.MaxFileSize") }
        guard let map = cl_fmap_open_memory(base, bytes.count) else { return .failed("no memory to map the content") }
        defer { cl_fmap_close(map) }
        EngineMessages.clear()
        var options = Self.options(parsingMail: parsingMail, parsingArchives: parsingArchives)
        var name: UnsafePointer<CChar>?
        var scanned: UInt = 0
        let result = cl_scanmap_callback(map, nil, &name, &scanned, engine, &options, nil)
        switch result {
        case CL_CLEAN:
            return .clean
        case CL_VIRUS:
            return ScanOutcome(alert: name.map { String(cString: $0) } ?? "unnamed")
        case CL_EMAXSIZE, CL_EMAXFILES, CL_EMAXREC, CL_ETIMEOUT:
            return .overLimits(Self.words(result))
        case CL_EWRITE:
            let cause = EngineMessages.take()
            // The process may not write a file that large: the content's size, not the machine, is the reason.
            let tooLarge = String(cString: strerror(EFBIG))
            if cause.contains(where: { $0.contains(tooLarge) }) { return .overLimits(tooLarge) }
            return .failed(Self.explained(result, cause))
        default:
            return .failed(Self.explained(result, EngineMessages.take()))
        }
    }

    /// Scans a text that no signature is about.
    package func selfTest() throws(EngineError) {
        let text = Array("An empty page of a notebook.\r\n".utf8)
        let outcome = text.withUnsafeBytes { scan($0, parsingMail: true) }
        guard outcome == .clean else { throw EngineError("a first scan of harmless text says: \(outcome)") }
    }

    private static func options(parsingMail: Bool, parsingArchives: Bool) -> cl_scan_options {
        var options = cl_scan_options()
        options.general = UInt32(CL_SCAN_GENERAL_HEURISTICS)
        options.parse = ~0
        if !parsingMail { options.parse &= ~UInt32(CL_SCAN_PARSE_MAIL) }
        if !parsingArchives { options.parse &= ~UInt32(CL_SCAN_PARSE_ARCHIVE) }
        // Not findings but the only way in which libclamav says that it did not look at something.
        options.heuristic = UInt32(
            CL_SCAN_HEURISTIC_EXCEEDS_MAX | CL_SCAN_HEURISTIC_ENCRYPTED_ARCHIVE | CL_SCAN_HEURISTIC_ENCRYPTED_DOC)
        return options
    }

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

/// Version of the newest official database; zeros where there is none.
package struct DatabaseVersion: Hashable, Sendable {
    package var number = 0
    /// Unix time at which it was built.
    package var buildTime = 0

    /// Reads the head of `daily.cld` and `daily.cvd` and takes the newer one.
    init(directory: String) {
        for name in ["daily.cld", "daily.cvd"] {
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
