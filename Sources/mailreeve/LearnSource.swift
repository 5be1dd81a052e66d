import Glibc
import Linux
import MailModel

/// A file that is to be read for mail.
struct LearnFile {
    var path: OctetPath
    var lesson: LearnOptions.Lesson?
    var format: LearnOptions.Format
    /// Octets; 0 of what is no regular file.
    var size = 0
}

/// Finds the files behind the targets of a command line.
struct LearnSource {
    /// Directories below a target.
    static let depthLimit = 32
    /// Files of one run.
    static let fileLimit = 1_000_000
    /// Octets of a list of targets.
    private static let listLimit = 64 << 20

    private(set) var files: [LearnFile] = []
    /// Folders that were not looked into: hidden ones, and those beside the mail of a Maildir.
    private(set) var passedOver = 0
    private(set) var firstPassedOver: OctetPath = ""
    /// Messages that their owner deleted, and that no program has removed yet.
    private(set) var deleted = 0

    /// Takes the files of a target, wildcards and directories resolved, in the order of names.
    mutating func add(_ target: LearnOptions.Target) {
        if target.path == "-" {
            append(LearnFile(path: "-", lesson: target.lesson, format: target.format))
            return
        }
        for path in glob(target.path) {
            guard let status = status(path) else { continue }
            if status.st_mode & S_IFMT == S_IFDIR {
                descend(path, target)
            } else {
                append(path, status, target, target.format)
            }
        }
    }

    /// Every visible file below a directory, as sa-learn(1) does, in a list of its own instead of by recursion.
    private mutating func descend(_ top: OctetPath, _ target: LearnOptions.Target) {
        var waiting = [(path: top, depth: 0)]
        // A link may lead back up.
        var seen: Set<FileIdentity> = []
        while let (path, depth) = waiting.popLast() {
            guard let status = status(path), seen.insert(FileIdentity(status)).inserted else { continue }
            let names: [OctetPath]
            do throws(SystemError) {
                names = try entryNames(path).filter { $0 != "." && $0 != ".." }.sorted()
            } catch {
                Self.complain("\(Self.shown(path)): \(String(cString: strerror(error.code)))")
                continue
            }
            let isMaildir = Set<OctetPath>(["cur", "new", "tmp"]).isSubset(of: names)
            let isInMaildir = Self.isInMaildir(path)
            let isMessages = target.format == .dir || isInMaildir
            let isCyrus = names.contains("cyrus.header")
            var below: [OctetPath] = []
            for name in names {
                let inner = path.appending(name)
                let isMail = !name.hasPrefix(".") && (!isMaildir || name == "cur" || name == "new")
                guard isMail else {
                    if !isMaildir || name != "tmp" { passOver(inner) }
                    continue
                }
                guard let status = self.status(inner) else { continue }
                switch status.st_mode & S_IFMT {
                case S_IFREG where Self.isDeleted(name, isInMaildir: isInMaildir): deleted += 1
                // What Cyrus keeps beside the mail of a folder.
                case S_IFREG where isCyrus && name.hasPrefix("cyrus."): break
                case S_IFREG: append(inner, status, target, isMessages ? .file : target.format)
                case S_IFDIR where depth < Self.depthLimit: below.append(inner)
                case S_IFDIR: Self.complain("\(Self.shown(inner)): too deep")
                default: break
                }
            }
            waiting += below.reversed().map { ($0, depth + 1) }
        }
    }

    /// A Maildir marks deleted mail by the flag T (maildir(5)), other folders by a comma in front of the name (rmm(1) of MH). A message
    /// that its owner took out of a folder of spam lies there like that until it is removed.
    private static func isDeleted(_ name: OctetPath, isInMaildir: Bool) -> Bool {
        guard isInMaildir else { return name.hasPrefix(",") }
        let flags = Array(":2,".utf8)
        let octets = Array(name.octets)
        guard let start = octets.indices.first(where: { octets[$0...].starts(with: flags) }) else { return false }
        return octets[(start + flags.count)...].contains(UInt8(ascii: "T"))
    }

    /// The files of a Maildir are one message each, whatever they begin with.
    private static func isInMaildir(_ path: OctetPath) -> Bool {
        guard path.hasSuffix("/cur") || path.hasSuffix("/new") else { return false }
        let mailbox = OctetPath(octets: path.octets.dropLast("/cur".utf8.count))
        return ["cur", "new", "tmp"].allSatisfy { isThere(mailbox.appending($0)) }
    }

    /// Not by access(2): it asks as the real user, who has no right to read the mailboxes of others where root learns them.
    private static func isThere(_ path: OctetPath) -> Bool {
        var status = stat()
        return path.withCString { stat($0, &status) } == 0
    }

    private mutating func passOver(_ path: OctetPath) {
        var status = stat()
        guard path.withCString({ stat($0, &status) }) == 0, status.st_mode & S_IFMT == S_IFDIR else { return }
        if passedOver == 0 { firstPassedOver = path }
        passedOver += 1
    }

    private mutating func append(
        _ path: OctetPath, _ status: stat, _ target: LearnOptions.Target, _ format: LearnOptions.Format
    ) {
        let size = status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : 0
        append(LearnFile(path: path, lesson: target.lesson, format: format, size: size))
    }

    private mutating func append(_ file: LearnFile) {
        if files.count == Self.fileLimit {
            Self.complain("more than \(Self.fileLimit) files; from \(Self.shown(file.path)) on they are not read")
        }
        if files.count <= Self.fileLimit { files.append(file) }
    }

    private func status(_ path: OctetPath) -> stat? {
        var status = stat()
        // A list may have a NUL in a line.
        let code = path.octets.contains(0) ? EINVAL : path.withCString { stat($0, &status) == 0 ? 0 : errno }
        if code == 0 { return status }
        Self.complain("\(Self.shown(path)): \(String(cString: strerror(code)))")
        return nil
    }

    /// csh(1) wildcards, where the shell did not resolve them; the word itself when nothing matches.
    private func glob(_ pattern: OctetPath) -> [OctetPath] {
        guard pattern.octets.contains(where: { "*?[{~".utf8.contains($0) }),
            !Self.isThere(pattern)
        else { return [pattern] }
        var found = glob_t()
        defer { globfree(&found) }
        guard pattern.withCString({ Glibc.glob($0, GLOB_BRACE | GLOB_TILDE, nil, &found) }) == 0 else {
            return [pattern]
        }
        return (0..<Int(found.gl_pathc)).compactMap { index in
            found.gl_pathv[index].map { OctetPath(cString: $0) }
        }
    }

    /// Targets that a file lists: `[spam:|ham:][format:]path` on each line; an empty format is `detect`.
    static func listed(_ list: LearnOptions.Target) throws(SystemError) -> [LearnOptions.Target] {
        let bytes = try whole(list.path, limit: listLimit)
        return bytes.split(separator: 0x0A).compactMap { line in
            var text = line.last == 0x0D ? line.dropLast() : line
            guard let first = text.first, first != 0x23 else { return nil }
            var target = LearnOptions.Target(path: "", lesson: list.lesson, format: list.format)
            for (word, lesson) in [("spam:", LearnOptions.Lesson.spam), ("ham:", .ham), ("nonspam:", .ham)]
            where text.starts(with: word.utf8) {
                target.lesson = lesson
                text = text.dropFirst(word.utf8.count)
            }
            if let colon = text.firstIndex(of: 0x3A),
                let format = colon == text.startIndex
                    ? .detect : LearnOptions.Format(rawValue: String(decoding: text[..<colon], as: UTF8.self))
            {
                target.format = format
                text = text[(colon + 1)...]
            }
            target.path = OctetPath(octets: text)
            return target
        }
    }

    /// All octets of a file, or of standard input.
    /// - Throws: `EFBIG` when there are more than `limit`.
    static func whole(_ path: OctetPath, limit: Int) throws(SystemError) -> [UInt8] {
        let name = shown(path)
        if path == "-" { return try MailFile.readAll(0, limit: limit, name) }
        let file: Descriptor
        do throws(SystemError) {
            file = try Descriptor.open(path, O_RDONLY)
        } catch {
            throw SystemError("open \(name)", code: error.code)
        }
        return try MailFile.readAll(file.raw, limit: limit, name)
    }

    /// A path for the terminal.
    static func shown(_ path: OctetPath) -> String {
        path == "-" ? "standard input" : Escaping.text(path.octets, limit: 500)
    }

    /// Tells the person at the terminal what could not be read.
    static func complain(_ text: String) {
        Terminal.printError("learn: \(text)")
    }
}
