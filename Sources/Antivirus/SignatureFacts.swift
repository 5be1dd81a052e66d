internal import Bytes
internal import Compression
internal import Digests
internal import Glibc
internal import Linux

/// What whoever hands libclamav the contents of containers one by one has to know of the signatures in a directory: libclamav
/// itself tells nothing of them. Read beside libclamav, and after it: what it refuses to load is never read.
struct SignatureFacts {
    /// Digests of files that are fine whatever is found in them (`.fp`, `.sfp`).
    private(set) var goodFiles = GoodFiles()
    /// There are signatures that ask for the archive around a file, or describe its members: `Container:` and `Intermediates:` of
    /// logical signatures, `.cdb`, `.zmd`, `.rmd`.
    private(set) var asksForArchives = false
    /// Such signatures that ask for mail.
    private(set) var asksForMail = false
    /// Domains whose links are compared (`.pdb`), and addresses that are bad in themselves (`.gdb`).
    private(set) var holdsDomains = false
    private(set) var holdsAddresses = false

    /// Reads a directory, or a single file. What cannot be read is taken for one that has everything but digests.
    init(database: String) {
        let names = (try? directoryNames(database))?.map { "\(database)/\($0)" }
        if names == nil, access(database, R_OK) != 0 { takeAll() }
        for path in names ?? [database] {
            guard let kind = Kind(path) else { continue }
            do throws(SystemError) {
                let file = try Descriptor.open(path, O_RDONLY | O_CLOEXEC)
                guard try file.isRegularFile(), try file.size() > 0 else { continue }
                let whole = try Mapping(file).withBytes { read($0, kind) }
                if whole { continue }
            } catch {}
            takeAll()
        }
    }

    private mutating func takeAll() {
        (asksForArchives, asksForMail, holdsDomains, holdsAddresses) = (true, true, true, true)
    }

    /// What a file holds, by the end of its name.
    private enum Kind {
        case container, goodFiles, logical, members, domains, addresses

        init?(_ name: some StringProtocol) {
            switch name.split(separator: ".", omittingEmptySubsequences: false).last {
            case "cvd", "cld", "cud": self = .container
            case "fp", "sfp": self = .goodFiles
            case "ldb", "ldu", "cbc": self = .logical
            case "cdb", "zmd", "rmd": self = .members
            case "pdb": self = .domains
            case "gdb": self = .addresses
            default: return nil
            }
        }
    }

    /// Octets in front of the archive of a container.
    private static let header = 512
    /// Octets of one line that are kept: what counts stands at its beginning.
    private static let lineLimit = 65_536

    /// - Returns: false when it is not what it should be.
    private mutating func read(_ bytes: Span<UInt8>, _ kind: Kind) -> Bool {
        guard kind == .container else {
            var line: [UInt8] = []
            take(bytes, kind, &line)
            take(line.span, kind)
            return true
        }
        guard bytes.count > Self.header + 2 else { return false }
        let archive = bytes.extracting(Self.header..<bytes.count)
        var tape = Tape()
        guard archive[0] == 0x1F, archive[1] == 0x8B else {
            read(archive, &tape)
            return true
        }
        guard let inflate = PiecewiseInflate(.gzip, limit: Int.max) else { return false }
        inflate.append(archive) { piece in
            read(piece, &tape)
            return true
        }
        return inflate.end == .complete
    }

    /// Where the reading of a tape archive (tar(5)) is, which comes piece by piece.
    private struct Tape {
        var header: [UInt8] = []
        /// Octets of the file, and of what fills its last block, that are still to come.
        var content = 0
        var filling = 0
        var kind: Kind?
        var line: [UInt8] = []
    }

    private mutating func read(_ bytes: Span<UInt8>, _ tape: inout Tape) {
        let block = 512
        var index = 0
        while index < bytes.count {
            let left = bytes.count - index
            if tape.content > 0 {
                let count = min(tape.content, left)
                if let kind = tape.kind { take(bytes.extracting(index..<index + count), kind, &tape.line) }
                tape.content -= count
                index += count
                if tape.content == 0, let kind = tape.kind {
                    take(tape.line.span, kind)
                    tape.line = []
                }
            } else if tape.filling > 0 {
                let count = min(tape.filling, left)
                tape.filling -= count
                index += count
            } else {
                let count = min(block - tape.header.count, left)
                for offset in index..<index + count { tape.header.append(bytes[offset]) }
                index += count
                guard tape.header.count == block else { return }
                let name = String(decoding: tape.header[..<100].prefix { $0 != 0 }, as: UTF8.self)
                let digits = tape.header[124..<136].filter { (0x30...0x37).contains($0) }
                tape.content = digits.reduce(0) { $0 << 3 | Int($1 - 0x30) }
                tape.filling = (block - tape.content % block) % block
                // Directories and the like have no content whatever their size says; a container has no such member.
                tape.kind = Kind(name)
                tape.header = []
            }
        }
    }

    /// Takes lines; the beginning of one that is not at its end waits in `line`.
    private mutating func take(_ bytes: Span<UInt8>, _ kind: Kind, _ line: inout [UInt8]) {
        var start = 0
        while let end = bytes.firstIndex(of: UInt8(ascii: "\n"), from: start) {
            if line.isEmpty {
                take(bytes.extracting(start..<end), kind)
            } else {
                Self.add(bytes.extracting(start..<end), to: &line)
                take(line.span, kind)
                line = []
            }
            start = end + 1
        }
        Self.add(bytes.extracting(start..<bytes.count), to: &line)
    }

    private static func add(_ bytes: Span<UInt8>, to line: inout [UInt8]) {
        for offset in 0..<min(bytes.count, max(0, lineLimit - line.count)) { line.append(bytes[offset]) }
    }

    private mutating func take(_ line: Span<UInt8>, _ kind: Kind) {
        guard line.count > 1, line[0] != UInt8(ascii: "#") else { return }
        switch kind {
        case .container: break
        case .goodFiles: goodFiles.add(Self.fields(line, UInt8(ascii: ":"), limit: 3))
        case .logical:
            guard let start = line.firstIndex(of: UInt8(ascii: ";")) else { return }
            let end = line.firstIndex(of: UInt8(ascii: ";"), from: start + 1) ?? line.count
            let target = line.extracting(start..<end)
            guard target.firstIndex(of: "Container:") != nil || target.firstIndex(of: "Intermediates:") != nil else {
                return
            }
            asksForArchives = true
            if target.firstIndex(of: "CL_TYPE_MAIL") != nil { asksForMail = true }
        case .members:
            asksForArchives = true
            let fields = Self.fields(line, UInt8(ascii: ":"), limit: 3)
            // In files for zip and RAR the second field is another one.
            if fields.count > 1, ["CL_TYPE_MAIL", "*"].contains(fields[1]) { asksForMail = true }
        case .domains: holdsDomains = true
        case .addresses: holdsAddresses = true
        }
    }

    private static func fields(_ line: Span<UInt8>, _ separator: UInt8, limit: Int) -> [String] {
        let text = line.withUnsafeBufferPointer { Array($0.prefix(1024)) }.filter { $0 != 0x0D }
        return text.split(separator: separator, maxSplits: limit, omittingEmptySubsequences: false).prefix(limit).map {
            String(decoding: $0, as: UTF8.self)
        }
    }
}

/// Files that are fine whatever is found in them, by digest and size.
struct GoodFiles {
    private struct Entry: Hashable {
        var digest: [UInt8]
        /// Octets; nil for any.
        var size: Int?
    }

    private var entries: Set<Entry> = []
    /// What a content must be compared by: nothing for most.
    private var methods: [Int?: Set<MessageDigest>] = [:]

    var isEmpty: Bool { entries.isEmpty }

    /// - Parameter fields: digest in hexadecimal digits, size or `*`, and what is not looked at.
    mutating func add(_ fields: [String]) {
        guard fields.count > 1 else { return }
        let digits = fields[0].utf8.compactMap(hexadecimalValue)
        let method: MessageDigest? =
            switch digits.count {
            case 32: .md5
            case 40: .sha1
            case 64: .sha256
            default: nil
            }
        let size = Int(fields[1])
        guard let method, digits.count == fields[0].utf8.count, size != nil || fields[1] == "*" else { return }
        let digest = stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
        entries.insert(Entry(digest: digest, size: size))
        methods[size, default: []].insert(method)
    }

    func contains(_ content: UnsafeRawBufferPointer) -> Bool {
        guard !entries.isEmpty else { return false }
        for size in [content.count, nil] {
            for method in methods[size] ?? [] {
                if entries.contains(Entry(digest: method.digest(content), size: size)) { return true }
            }
        }
        return false
    }
}
