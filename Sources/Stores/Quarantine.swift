internal import Compression
internal import Digests
internal import Glibc
package import Linux
internal import MailModel

/// Mail that was kept: each entry is a directory with the message, its envelope and the report.
///
/// States of an entry, and the one atomic step that means "kept":
///
///     tmp/ID/              being written, or being removed; goes when older than a day
///     I/ID/                complete: every file is on the disk, then `rename(2)`; I is the first character of ID
///     I/ID/ + released     passed on by an administrator; the copy stays
///
///     I/ID/message.gz      the message as it was received, as one gzip member
///     I/ID/envelope        `EntryCoding`; has the digest of the message
///     I/ID/report          `scan --json`'s object; the envelope has its digest
///
/// The files are all there is; an index (`QuarantineIndex`) only finds them faster. All calls block on a disk: never on an
/// event loop.
package struct Quarantine: Sendable {
    /// The directory; made with mode 0700 when absent.
    package let directory: String

    package init(directory: String) {
        self.directory = directory
    }

    static let messageFile = "message.gz"
    static let files = [messageFile, "envelope", "report", "released", "released.tmp"]
    /// Octets of an envelope and of a report that are read at most.
    private static let envelopeLimit = 16_777_216
    private static let reportLimit = 67_108_864

    // MARK: - Keeping

    /// Keeps a message. When this returns, the entry is complete on the disk.
    /// - Returns: the entry with digest and octets stored.
    @discardableResult
    package func put(_ entry: Entry, message: Descriptor, report: [UInt8]) throws(Failure) -> Entry {
        guard Self.isValid(entry.id) else { throw .unknown(entry.id) }
        BlockingCheck.mayBlock("quarantine")
        let work = path("tmp/\(entry.id)")
        var kept = entry
        do throws(SystemError) {
            try makeDirectory(directory)
            try makeDirectory(path("tmp"))
            let shelf = path(Self.shelf(of: entry.id))
            try makeDirectory(shelf)
            try check("mkdir \(work)") { mkdir(work, 0o700) }
            let copy = try compress(message, to: "\(work)/\(Self.messageFile)")
            kept.digest = copy.digest
            kept.reportDigest = hexadecimal(report.withUnsafeBytes { SHA256.digest($0) })
            let envelope = try write(EntryCoding.encode(kept), to: work + "/envelope")
            let document = try write(report, to: work + "/report")
            let directory = try Descriptor.open(work, O_RDONLY | O_DIRECTORY)
            kept.stored = try copy.file.size() + envelope.size() + document.size()
            try synchronizeTogether([copy.file, envelope, document, directory])
            try check("rename \(work)") { rename(work, path(entry: entry.id)) }
            try synchronizeDirectory(shelf)
        } catch {
            removeFiles(work)
            throw .system(error)
        }
        return kept
    }

    // MARK: - Reading

    /// Identifiers of all entries that claim to be complete, in no order.
    package func identifiers() throws(Failure) -> [String] {
        var found: [String] = []
        for shelf in try names(in: directory) where shelf.utf8.count == 1 {
            for name in try shelved(shelf) ?? [] where Self.isValid(name) && Self.shelf(of: name) == shelf {
                found.append(name)
            }
        }
        return found
    }

    /// Names in the directory that are neither entries nor ours, such as entries of another layout.
    package func strays(known: Set<String>) throws(Failure) -> [String] {
        var found: [String] = []
        for name in try names(in: directory) where !known.contains(name) && name != "tmp" {
            guard name.utf8.count == 1 else {
                found.append(name)
                continue
            }
            guard let shelved = try shelved(name) else {
                found.append(name)
                continue
            }
            for inner in shelved where !Self.isValid(inner) || Self.shelf(of: inner) != name {
                found.append("\(name)/\(inner)")
            }
        }
        return found
    }

    /// Names on a shelf; nil where something else has the name of one. A link is none, wherever it leads: its target's names are not ours
    /// to tell.
    private func shelved(_ shelf: String) throws(Failure) -> [String]? {
        var status = stat()
        guard lstat(path(shelf), &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return nil }
        return try names(in: path(shelf))
    }

    /// True when there is an entry of this name, whole or not.
    package func contains(_ id: String) -> Bool {
        Self.isValid(id) && access(path(entry: id), F_OK) == 0
    }

    /// One entry.
    package func entry(_ id: String) throws(Failure) -> Entry {
        let text = try read(id, "envelope", limit: Self.envelopeLimit)
        guard var entry = EntryCoding.decode(text) else { throw .damaged("\(id)/envelope") }
        guard entry.id == id else {
            throw .damaged("\(id): the envelope is of another entry, \(Escaping.text(entry.id, limit: 40))")
        }
        if let released = try? read(id, "released", limit: 100) {
            entry.released = Int(String(decoding: released, as: UTF8.self).prefix { $0.isNumber })
        }
        var stored = text.count
        for file in [Self.messageFile, "report"] {
            stored += (try? open(id, file).size()) ?? 0
        }
        entry.stored = stored
        return entry
    }

    /// Lends the message of an entry, octet for octet as it was received, in pieces.
    /// - Parameter use: false ends the reading; then what was lent is not proven to be whole.
    /// - Throws: `.damaged` when size or digest are not those of the message that was kept. What was lent before is then
    ///   not to be used.
    package func read(message entry: Entry, _ use: (Span<UInt8>) -> Bool) throws(Failure) {
        guard let found = try inflate(entry.id, limit: entry.size, use) else { return }
        guard found.size == entry.size, found.digest == entry.digest else {
            throw .damaged("\(entry.id): the message is not the one that was kept")
        }
    }

    /// Lends what a stored message inflates to, and takes size and digest.
    /// - Parameter limit: octets that are lent at most; a message with more is damaged.
    /// - Returns: nil when `use` ended it.
    private func inflate(
        _ id: String, limit: Int, _ use: (Span<UInt8>) -> Bool
    ) throws(Failure) -> (size: Int, digest: String)? {
        BlockingCheck.mayBlock("quarantine")
        let file = try open(id, Self.messageFile)
        let mapping: Mapping
        do throws(SystemError) {
            mapping = try Mapping(file)
        } catch {
            throw .system(error)
        }
        var sum = SHA256()
        var wasStopped = false
        let result = mapping.withBytes { bytes in
            Inflate.pieces(bytes, form: .gzip, limit: limit) { piece in
                piece.withUnsafeBytes { sum.update($0) }
                wasStopped = !use(piece)
                return !wasStopped
            }
        }
        if wasStopped { return nil }
        guard result.end == .complete, result.consumed == mapping.count else {
            throw .damaged("\(id): the message is not the one that was kept")
        }
        return (result.produced, hexadecimal(sum.finish()))
    }

    /// The report of an entry, as JSON.
    /// - Throws: `.damaged` when it is not the one that was kept.
    package func report(of entry: Entry) throws(Failure) -> [UInt8] {
        let report = try read(entry.id, "report", limit: Self.reportLimit)
        guard let digest = entry.reportDigest else { return report }
        guard hexadecimal(report.withUnsafeBytes { SHA256.digest($0) }) == digest else {
            throw .damaged("\(entry.id)/report")
        }
        return report
    }

    /// What is left of an entry. Of an envelope that is lost or damaged only the digest of the message is believed, because the
    /// message proves it.
    /// - Throws: `.damaged` when the message is not whole.
    package func remains(_ id: String) throws(Failure) -> Remains {
        do throws(Failure) {
            return Remains(entry: try entry(id))
        } catch {
            guard case .damaged = error else { throw error }
        }
        guard let found = try inflate(id, limit: .max, { _ in true }) else { throw .damaged(id) }
        let digest = (try? read(id, "envelope", limit: Self.envelopeLimit)).flatMap(EntryCoding.messageDigest)
        if let digest, digest != found.digest {
            throw .damaged("\(id): neither the envelope nor the message is the one that was kept")
        }
        var entry = Entry(
            id: id, time: 0, category: .unchecked, reason: "",
            envelope: Envelope(reversePath: .null, recipients: []), size: found.size)
        entry.digest = found.digest
        return Remains(entry: entry, loss: digest == nil ? .envelopeAndDigest : .envelope)
    }

    // MARK: - Changing

    /// Notes that an entry was passed on.
    package func markReleased(_ id: String, time: Int) throws(Failure) {
        guard contains(id) else { throw .unknown(id) }
        let place = path(entry: id)
        do throws(SystemError) {
            let temporary = place + "/released.tmp"
            unlink(temporary)
            try write(Array("\(time)\n".utf8), to: temporary).synchronize()
            try check("rename \(temporary)") { rename(temporary, place + "/released") }
            try synchronizeDirectory(place)
        } catch {
            throw .system(error)
        }
    }

    /// Removes an entry. It is gone at once; after a crash of the machine it may be there again, as a whole.
    package func remove(_ id: String) throws(Failure) {
        guard contains(id) else { throw .unknown(id) }
        BlockingCheck.mayBlock("quarantine")
        let work = path("tmp/\(id)")
        do throws(SystemError) {
            try makeDirectory(path("tmp"))
            try check("rename \(work)") { rename(path(entry: id), work) }
        } catch {
            throw .system(error)
        }
        removeFiles(work)
    }

    /// Removes what a crash left in `tmp/`: entries last touched before `time` (Unix time). None of them is said to be kept.
    package func removeUnfinished(before time: Int) throws(Failure) {
        for name in try names(in: path("tmp")) where Self.isValid(name) {
            var status = stat()
            let unfinished = path("tmp/\(name)")
            guard lstat(unfinished, &status) == 0, Int(status.st_mtim.tv_sec) < time else { continue }
            removeFiles(unfinished)
        }
    }
}

// MARK: - Files

extension Quarantine {
    private func path(_ name: String) -> String { directory + "/" + name }

    /// The directory that holds an entry: 62 of them keep each one short.
    private static func shelf(of id: String) -> String { String(id.prefix(1)) }

    private func path(entry id: String) -> String { path("\(Self.shelf(of: id))/\(id)") }

    private func open(_ id: String, _ file: String) throws(Failure) -> Descriptor {
        guard Self.isValid(id) else { throw .unknown(id) }
        do throws(SystemError) {
            return try Descriptor.open("\(path(entry: id))/\(file)", O_RDONLY | O_NOFOLLOW)
        } catch {
            if error.code == ENOENT || error.code == ENOTDIR {
                throw contains(id) ? .damaged("\(id) has no \(file)") : .unknown(id)
            }
            throw .system(error)
        }
    }

    private func read(_ id: String, _ file: String, limit: Int) throws(Failure) -> [UInt8] {
        BlockingCheck.mayBlock("quarantine")
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
        BlockingCheck.mayBlock("quarantine")
        do throws(SystemError) {
            return try directoryNames(directory).filter { $0 != "." && $0 != ".." }
        } catch {
            if error.code == ENOENT { return [] }
            throw .system(error)
        }
    }

    /// Makes a directory where it is absent; its name is then on the disk.
    private func makeDirectory(_ path: String) throws(SystemError) {
        guard mkdir(path, 0o700) != 0 else {
            if let slash = path.lastIndex(of: "/") { try synchronizeDirectory(String(path[..<slash])) }
            return
        }
        let code = errno
        if code != EEXIST { throw SystemError("mkdir \(path)", code: code) }
    }

    /// Writes a new file, not yet synchronized.
    private func write(_ bytes: [UInt8], to path: String) throws(SystemError) -> Descriptor {
        let file = try Descriptor.open(path, O_WRONLY | O_CREAT | O_EXCL)
        try file.write(bytes)
        return file
    }

    /// Writes a message as gzip, not yet synchronized.
    private func compress(
        _ source: Descriptor, to path: String
    ) throws(SystemError) -> (file: Descriptor, digest: String) {
        let file = try Descriptor.open(path, O_WRONLY | O_CREAT | O_EXCL)
        guard let writer = GzipWriter() else { throw SystemError("deflateInit", code: ENOMEM) }
        var sum = SHA256()
        var packed: [UInt8] = []
        var offset = 0
        while true {
            let chunk = try source.read(at: offset, count: 262_144)
            if chunk.isEmpty { break }
            chunk.withUnsafeBytes { sum.update($0) }
            packed.removeAll(keepingCapacity: true)
            writer.append(chunk.span, to: &packed)
            try file.write(packed)
            offset += chunk.count
        }
        packed.removeAll(keepingCapacity: true)
        writer.finish(to: &packed)
        try file.write(packed)
        return (file, hexadecimal(sum.finish()))
    }

    private func synchronizeDirectory(_ path: String) throws(SystemError) {
        try Descriptor.open(path, O_RDONLY | O_DIRECTORY).synchronize()
    }

    private func removeFiles(_ path: String) {
        for name in Self.files { unlink("\(path)/\(name)") }
        rmdir(path)
    }
}
