import Glibc
import Linux
import MailModel

/// A file that is to be read for mail.
struct LearnFile {
    var path: String
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
    private(set) var firstPassedOver = ""

    private struct Identity: Hashable {
        var device: UInt64
        var number: UInt64
    }

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
    private mutating func descend(_ top: String, _ target: LearnOptions.Target) {
        var waiting = [(path: top, depth: 0)]
        // A link may lead back up.
        var seen: Set<Identity> = []
        while let (path, depth) = waiting.popLast() {
            guard let status = status(path),
                seen.insert(Identity(device: UInt64(status.st_dev), number: UInt64(status.st_ino))).inserted
            else { continue }
            let names: [String]
            do throws(SystemError) {
                names = try directoryNames(path).filter { $0 != "." && $0 != ".." }.sorted()
            } catch {
                Self.complain("\(error)")
                continue
            }
            let isMaildir = Set(["cur", "new", "tmp"]).isSubset(of: names)
            let isMessages = target.format == .dir || Self.isInMaildir(path)
            var below: [String] = []
            for name in names {
                let inner = "\(path)/\(name)"
                let isMail = !name.hasPrefix(".") && (!isMaildir || name == "cur" || name == "new")
                guard isMail else {
                    if !isMaildir || name != "tmp" { passOver(inner) }
                    continue
                }
                guard let status = self.status(inner) else { continue }
                switch status.st_mode & S_IFMT {
                case S_IFREG: append(inner, status, target, isMessages ? .file : target.format)
                case S_IFDIR where depth < Self.depthLimit: below.append(inner)
                case S_IFDIR: Self.complain("\(Self.shown(inner)): too deep")
                default: break
                }
            }
            waiting += below.reversed().map { ($0, depth + 1) }
        }
    }

    /// The files of a Maildir are one message each, whatever they begin with.
    private static func isInMaildir(_ path: String) -> Bool {
        guard path.hasSuffix("/cur") || path.hasSuffix("/new") else { return false }
        let mailbox = path.dropLast("/cur".count)
        return ["cur", "new", "tmp"].allSatisfy { access("\(mailbox)/\($0)", F_OK) == 0 }
    }

    private mutating func passOver(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return }
        if passedOver == 0 { firstPassedOver = path }
        passedOver += 1
    }

    private mutating func append(
        _ path: String, _ status: stat, _ target: LearnOptions.Target, _ format: LearnOptions.Format
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

    private func status(_ path: String) -> stat? {
        var status = stat()
        if stat(path, &status) == 0 { return status }
        Self.complain("\(Self.shown(path)): \(String(cString: strerror(errno)))")
        return nil
    }

    /// csh(1) wildcards, where the shell did not resolve them; the word itself when nothing matches.
    private func glob(_ pattern: String) -> [String] {
        guard pattern.contains(where: { "*?[{~".contains($0) }), access(pattern, F_OK) != 0 else { return [pattern] }
        var found = glob_t()
        defer { globfree(&found) }
        guard Glibc.glob(pattern, GLOB_BRACE | GLOB_TILDE, nil, &found) == 0 else { return [pattern] }
        return (0..<Int(found.gl_pathc)).compactMap { index in
            found.gl_pathv[index].map { String(cString: $0) }
        }
    }

    /// Targets that a file lists: `[spam:|ham:][format:]path` on each line; an empty format is `detect`.
    static func listed(_ list: LearnOptions.Target) throws(SystemError) -> [LearnOptions.Target] {
        let bytes: [UInt8]
        if list.path == "-" {
            bytes = try MailFile.readAll(0, limit: listLimit, "standard input")
        } else {
            let file = try Descriptor.open(list.path, O_RDONLY)
            bytes = try withExtendedLifetime(file) { () throws(SystemError) in
                try MailFile.readAll(file.raw, limit: listLimit, list.path)
            }
        }
        return bytes.split(separator: 0x0A).compactMap { line in
            var text = String(decoding: line, as: UTF8.self)
            if text.hasSuffix("\r") { text.removeLast() }
            guard !text.isEmpty, !text.hasPrefix("#") else { return nil }
            var target = LearnOptions.Target(path: "", lesson: list.lesson, format: list.format)
            for (word, lesson) in [("spam:", LearnOptions.Lesson.spam), ("ham:", .ham), ("nonspam:", .ham)]
            where text.hasPrefix(word) {
                target.lesson = lesson
                text.removeFirst(word.count)
            }
            if let colon = text.firstIndex(of: ":"),
                let format = colon == text.startIndex ? .detect : LearnOptions.Format(rawValue: String(text[..<colon]))
            {
                target.format = format
                text = String(text[text.index(after: colon)...])
            }
            target.path = text
            return target
        }
    }

    /// A path for the terminal.
    static func shown(_ path: String) -> String {
        path == "-" ? "standard input" : Escaping.text(path, limit: 500)
    }

    /// Tells the person at the terminal what could not be read.
    static func complain(_ text: String) {
        Terminal.printError("learn: \(text)")
    }
}
