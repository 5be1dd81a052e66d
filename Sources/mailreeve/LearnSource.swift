import Gateway
import Glibc
import Linux
import MIME
import MailModel

/// One message that is to be learnt.
struct LearnMail: Sendable {
    /// File and number, for complaints.
    var name: String
    /// With CRLF line ends.
    var bytes: [UInt8]
    /// What it is known by, see `MessageIdentity`.
    var id: String
    /// When it came, in seconds since 1970; 0 where it does not say.
    var date: UInt32

    init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
        id = MessageIdentity.of(bytes.span)
        date = MessageIdentity.date(of: bytes.span)
    }
}

/// Tells the person at the terminal what could not be read, and counts it.
final class Complaints {
    private(set) var count = 0

    func add(_ text: String) {
        count += 1
        Terminal.printError("learn: \(text)")
    }
}

/// Finds the messages behind the targets of a command line.
struct LearnSource {
    /// Octets of the largest file.
    private static let fileSize = 4 << 30

    /// What could not be read.
    let complaints = Complaints()

    /// The files of a target, wildcards and directories resolved; a directory is one message a file, in the order of names.
    func files(_ target: LearnOptions.Target) -> [LearnOptions.Target] {
        if target.path == "-" { return [target] }
        return glob(target.path).flatMap { path in
            var status = stat()
            guard stat(path, &status) == 0 else {
                complaints.add("\(Escaping.text(path, limit: 500)): \(String(cString: strerror(errno)))")
                return [LearnOptions.Target]()
            }
            var found = target
            found.path = path
            guard status.st_mode & S_IFMT == S_IFDIR else { return [found] }
            return directory(path, target)
        }
    }

    private func directory(_ path: String, _ target: LearnOptions.Target) -> [LearnOptions.Target] {
        var names: [String] = []
        do throws(SystemError) {
            names = try directoryNames(path).sorted()
        } catch {
            complaints.add("\(error)")
        }
        var out: [LearnOptions.Target] = []
        for name in names where !name.hasPrefix(".") {
            let inner = "\(path)/\(name)"
            var status = stat()
            guard stat(inner, &status) == 0 else { continue }
            if status.st_mode & S_IFMT == S_IFREG {
                out.append(
                    LearnOptions.Target(
                        path: inner, lesson: target.lesson, format: target.format == .dir ? .file : target.format))
            } else if status.st_mode & S_IFMT == S_IFDIR, name == "cur" || name == "new" {
                // A Maildir.
                out += directory(inner, target)
            }
        }
        return out
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

    /// Targets that a file lists: `[spam:|ham:][format:]path` on each line.
    func listed(_ list: LearnOptions.Target) throws(SystemError) -> [LearnOptions.Target] {
        let bytes = try read(list.path)
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
            if let colon = text.firstIndex(of: ":"), let format = LearnOptions.Format(rawValue: String(text[..<colon]))
            {
                target.format = format
                text = String(text[text.index(after: colon)...])
            }
            target.path = text
            return target
        }
    }

    /// The messages of a file.
    func messages(_ target: LearnOptions.Target) throws(SystemError) -> [LearnMail] {
        let bytes = try read(target.path)
        let name = Escaping.text(target.path, limit: 500)
        if target.format == .mbx || bytes.starts(with: Mbx.mark) {
            return Mbx.messages(bytes).enumerated().map { number, message in
                LearnMail(name: "\(name) message \(number + 1)", bytes: Mbox.canonical(message))
            }
        }
        let text = Mbox.canonical(bytes)
        let ranges = target.format == .file ? [] : Mbox.messages(in: text.span)
        if ranges.isEmpty {
            guard target.format != .mbox else { return [] }
            let start = Mbox.leadingLine(text.span)
            return text.isEmpty ? [] : [LearnMail(name: name, bytes: start == 0 ? text : Array(text[start...]))]
        }
        return ranges.enumerated().map { number, range in
            LearnMail(name: "\(name) message \(number + 1)", bytes: Mbox.unquoted(text.span.extracting(range)))
        }
    }

    private func read(_ path: String) throws(SystemError) -> [UInt8] {
        if path == "-" { return try MailFile.readAll(0, limit: Self.fileSize, "standard input") }
        let file = try Descriptor.open(path, O_RDONLY)
        if let program = try Compression.program(of: file) {
            return try Compression.read(file, with: program, limit: Self.fileSize, name: path)
        }
        return try MailFile.readAll(file.raw, limit: Self.fileSize, path)
    }
}

/// Mailboxes of the form mbx (UW IMAP): 2048 octets of header, then for each message a line
/// `date,size;flags-uid` and `size` octets.
enum Mbx {
    static let mark = Array("*mbx*".utf8)
    private static let headerSize = 2048

    static func messages(_ bytes: [UInt8]) -> [[UInt8]] {
        guard bytes.starts(with: mark) else { return [] }
        var out: [[UInt8]] = []
        var position = headerSize
        while position < bytes.count, let end = bytes[position...].firstIndex(of: 0x0A) {
            let line = bytes[position..<end]
            guard let comma = line.firstIndex(of: 0x2C),
                let semicolon = line[comma...].firstIndex(of: 0x3B),
                let size = Int(String(decoding: line[(comma + 1)..<semicolon], as: UTF8.self)),
                size >= 0, size <= bytes.count - end - 1
            else { break }
            out.append(Array(bytes[(end + 1)..<(end + 1 + size)]))
            position = end + 1 + size
        }
        return out
    }
}
