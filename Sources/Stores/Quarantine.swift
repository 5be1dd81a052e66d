internal import Glibc
package import Linux
package import MailModel

/// Mail that was kept: each entry is a directory with the message, its envelope and the report.
///
/// States of an entry, and the one atomic step that means "kept":
///
///     tmp/ID/            being written; removed when older than a day
///     ID/                complete: every file and both directories are on the disk, then `rename(2)`
///     ID/ + ID/released  passed on by an administrator; the copy stays
///
/// All calls block on a disk: never on an event loop.
package struct Quarantine: Sendable {
    /// The directory; made with mode 0700 when absent.
    package let directory: String

    package init(directory: String) {
        self.directory = directory
    }

    /// What is known of an entry beside the message itself.
    package struct Entry: Sendable, Hashable {
        /// 12 letters and digits, the `mail_id` of logs.
        package var id: String
        /// Unix time.
        package var time: Int
        package var category: Category
        /// Why, as in the reply; escaped text.
        package var reason: String
        package var envelope: Envelope
        /// Octets of the message.
        package var size: Int
        /// Unix time of the last release; nil before.
        package var released: Int?

        package init(id: String, time: Int, category: Category, reason: String, envelope: Envelope, size: Int) {
            self.id = id
            self.time = time
            self.category = category
            self.reason = reason
            self.envelope = envelope
            self.size = size
            released = nil
        }
    }

    /// Why a call on the quarantine failed.
    package enum Failure: Error, Hashable, CustomStringConvertible {
        case unknown(String)
        case damaged(String)
        case system(SystemError)

        package var description: String {
            switch self {
            case .unknown(let id): "no message \(Escaping.text(id)) in the quarantine"
            case .damaged(let what): "quarantine entry is damaged: \(what)"
            case .system(let error): "\(error)"
            }
        }
    }

    /// A new identifier: 12 random letters and digits, about 71 bits.
    package static func newID() -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)
        return String(decoding: (0..<12).map { _ in alphabet.randomElement() ?? 0x30 }, as: UTF8.self)
    }

    /// Keeps a message. When this returns, the entry is complete on the disk.
    package func put(_ entry: Entry, message: Descriptor, report: [UInt8]) throws(Failure) {
        guard Self.isValid(entry.id) else { throw .unknown(entry.id) }
        BlockingCheck.mayBlock("quarantine")
        let work = path("tmp/\(entry.id)")
        do throws(SystemError) {
            try makeDirectory(directory)
            try makeDirectory(path("tmp"))
            try makeDirectory(work)
            try copy(message, to: work + "/message")
            try write(EntryCoding.encode(entry), to: work + "/envelope")
            try write(report, to: work + "/report")
            try synchronizeDirectory(work)
            try check("rename \(work)") { rename(work, path(entry.id)) }
            try synchronizeDirectory(directory)
        } catch {
            removeEntry(work)
            throw .system(error)
        }
    }

    /// All entries, oldest first. Damaged ones are left out and named in `damaged`.
    package func list() throws(Failure) -> (entries: [Entry], damaged: [String]) {
        var entries: [Entry] = []
        var damaged: [String] = []
        for name in try names(in: directory) {
            do throws(Failure) {
                entries.append(try self.entry(name))
            } catch {
                damaged.append(name)
            }
        }
        entries.sort { ($0.time, $0.id) < ($1.time, $1.id) }
        return (entries, damaged)
    }

    /// One entry.
    package func entry(_ id: String) throws(Failure) -> Entry {
        let text = try read(id, "envelope", limit: 16_777_216)
        guard var entry = EntryCoding.decode(text), entry.id == id else { throw .damaged("\(id)/envelope") }
        if let released = try? read(id, "released", limit: 100) {
            entry.released = Int(String(decoding: released, as: UTF8.self).prefix { $0.isNumber })
        }
        return entry
    }

    /// The message of an entry.
    package func message(_ id: String) throws(Failure) -> Descriptor {
        try open(id, "message")
    }

    /// The report of an entry, as JSON.
    package func report(_ id: String) throws(Failure) -> [UInt8] {
        try read(id, "report", limit: 67_108_864)
    }

    /// Notes that an entry was passed on.
    package func markReleased(_ id: String, time: Int) throws(Failure) {
        _ = try entry(id)
        do throws(SystemError) {
            let temporary = path("\(id)/released.tmp")
            unlink(temporary)
            try write(Array("\(time)\n".utf8), to: temporary)
            try check("rename \(temporary)") { rename(temporary, path("\(id)/released")) }
            try synchronizeDirectory(path(id))
        } catch {
            throw .system(error)
        }
    }

    /// Removes what a crash left in `tmp/`: entries last touched before `time` (Unix time). None of them was ever said
    /// to be kept.
    package func removeUnfinished(before time: Int) throws(Failure) {
        for name in try names(in: path("tmp")) {
            var status = stat()
            let unfinished = path("tmp/\(name)")
            guard lstat(unfinished, &status) == 0, Int(status.st_mtim.tv_sec) < time else { continue }
            removeEntry(unfinished)
        }
    }

    // MARK: - Files

    private func path(_ name: String) -> String { directory + "/" + name }

    /// An identifier that cannot leave the directory.
    private static func isValid(_ id: String) -> Bool {
        (1...64).contains(id.utf8.count)
            && id.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
            }
            && id != "tmp"
    }

    private func open(_ id: String, _ file: String) throws(Failure) -> Descriptor {
        guard Self.isValid(id) else { throw .unknown(id) }
        do throws(SystemError) {
            return try Descriptor.open(path("\(id)/\(file)"), O_RDONLY | O_NOFOLLOW)
        } catch {
            if error.code == ENOENT || error.code == ENOTDIR { throw .unknown(id) }
            throw .system(error)
        }
    }

    private func read(_ id: String, _ file: String, limit: Int) throws(Failure) -> [UInt8] {
        let descriptor = try open(id, file)
        do throws(SystemError) {
            let bytes = try descriptor.read(at: 0, count: min(try descriptor.size(), limit + 1))
            if bytes.count <= limit { return bytes }
        } catch {
            throw .system(error)
        }
        throw .damaged("\(id)/\(file) is larger than \(limit) octets")
    }

    private func names(in directory: String) throws(Failure) -> [String] {
        do throws(SystemError) {
            return try directoryNames(directory).filter(Self.isValid)
        } catch {
            if error.code == ENOENT { return [] }
            throw .system(error)
        }
    }

    private func makeDirectory(_ path: String) throws(SystemError) {
        guard mkdir(path, 0o700) != 0 else {
            // The name must be on the disk before anything in it counts as kept.
            if let slash = path.lastIndex(of: "/") { try synchronizeDirectory(String(path[..<slash])) }
            return
        }
        let code = errno
        if code != EEXIST { throw SystemError("mkdir \(path)", code: code) }
    }

    private func write(_ bytes: [UInt8], to path: String) throws(SystemError) {
        let file = try Descriptor.open(path, O_WRONLY | O_CREAT | O_EXCL)
        try file.write(bytes)
        try file.synchronize()
    }

    private func copy(_ source: Descriptor, to path: String) throws(SystemError) {
        let file = try Descriptor.open(path, O_WRONLY | O_CREAT | O_EXCL)
        var offset = 0
        while true {
            let chunk = try source.read(at: offset, count: 262_144)
            if chunk.isEmpty { break }
            try file.write(chunk)
            offset += chunk.count
        }
        try file.synchronize()
    }

    private func synchronizeDirectory(_ path: String) throws(SystemError) {
        try Descriptor.open(path, O_RDONLY | O_DIRECTORY).synchronize()
    }

    private func removeEntry(_ path: String) {
        for name in ["message", "envelope", "report", "released", "released.tmp"] { unlink("\(path)/\(name)") }
        rmdir(path)
    }
}
