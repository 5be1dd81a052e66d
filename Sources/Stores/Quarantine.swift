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
/// With a key (`QuarantineKeys`) each of these three is a `SealedFile` around the same octets.
///
/// The files are all there is; an index (`QuarantineIndex`) only finds them faster. All calls block on a disk: never on an
/// event loop.
package struct Quarantine: Sendable {
    /// The directory; made with mode 0700 when absent.
    package let directory: String
    let keys: QuarantineKeys

    package init(directory: String, keys: QuarantineKeys = .none) {
        self.directory = directory
        self.keys = keys
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
            let copy = try compress(message, of: entry.id, to: "\(work)/\(Self.messageFile)")
            kept.digest = copy.digest
            kept.reportDigest = hexadecimal(report.withUnsafeBytes { SHA256.digest($0) })
            let envelope = try write(
                try sealed(EntryCoding.encode(kept), entry.id, "envelope"), to: work + "/envelope")
            let document = try write(try sealed(report, entry.id, "report"), to: work + "/report")
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
        entry.stored = stored(id)
        return entry
    }

    /// Octets of an entry's files.
    private func stored(_ id: String) -> Int {
        [Self.messageFile, "envelope", "report"].reduce(0) { $0 + ((try? open(id, $1).size()) ?? 0) }
    }

    /// What there is to say of an entry that cannot be read: that it came when its directory was last changed, and takes its octets.
    /// nil for one that is no directory, or is gone.
    package func unreadable(_ id: String) -> Entry? {
        var status = stat()
        guard Self.isValid(id), lstat(path(entry: id), &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            return nil
        }
        var entry = Entry(
            id: id, time: Int(status.st_mtim.tv_sec), category: .unchecked, reason: "it cannot be read",
            envelope: Envelope(reversePath: .null, recipients: []), size: 0)
        entry.stored = stored(id)
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
        guard let inflate = PiecewiseInflate(.gzip, limit: limit) else {
            throw .system(SystemError("inflateInit", code: ENOMEM))
        }
        var sum = SHA256()
        let result: Result<Void, Failure> = mapping.withBytes { bytes in
            do throws(Failure) {
                try unsealed(bytes, id, Self.messageFile) { packed in
                    inflate.append(packed) { piece in
                        piece.withUnsafeBytes { sum.update($0) }
                        return use(piece)
                    }
                    return inflate.end == nil || inflate.end == .complete
                }
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        try result.get()
        if inflate.end == .stopped { return nil }
        guard inflate.end == .complete else { throw .damaged("\(id): the message is not the one that was kept") }
        return (inflate.produced, hexadecimal(sum.finish()))
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
        let envelope = (try? read(id, "envelope", limit: Self.envelopeLimit)) ?? []
        let (digest, owner) = (EntryCoding.messageDigest(envelope), EntryCoding.id(envelope) ?? id)
        if owner == id, let digest, digest != found.digest {
            throw .damaged("\(id): neither the envelope nor the message is the one that was kept")
        }
        var entry = Entry(
            id: id, time: 0, category: .unchecked, reason: "",
            envelope: Envelope(reversePath: .null, recipients: []), size: found.size)
        // The one that was given to those who may release it is lost.
        entry.secret = ""
        entry.digest = found.digest
        // Of another entry's envelope nothing is believed: the message may be the other one, too.
        if owner != id { return Remains(entry: entry, loss: .foreignEnvelope(of: owner)) }
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

    func open(_ id: String, _ file: String) throws(Failure) -> Descriptor {
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
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try descriptor.read(at: 0, count: min(try descriptor.size(), SealedFile.size(sealing: limit) + 1))
        } catch {
            throw .system(error)
        }
        var plain: [UInt8] = []
        try unsealed(bytes.span, id, file) { piece in
            piece.withUnsafeBufferPointer { plain.append(contentsOf: $0) }
            return plain.count <= limit
        }
        if plain.count > limit { throw .damaged("\(id)/\(file) is larger than \(limit) octets") }
        return plain
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
        _ source: Descriptor, of id: String, to path: String
    ) throws(SystemError) -> (file: Descriptor, digest: String) {
        let file = try Descriptor.open(path, O_WRONLY | O_CREAT | O_EXCL)
        guard let writer = GzipWriter() else { throw SystemError("deflateInit", code: ENOMEM) }
        var sum = SHA256()
        var sealer = keys.writing.map { SealedFile.Writer($0, place: Self.place(id, Self.messageFile)) }
        var packed: [UInt8] = []
        var sealed: [UInt8] = []
        func write(isLast: Bool) throws(SystemError) {
            guard sealer != nil else { return try file.write(packed) }
            sealed.removeAll(keepingCapacity: true)
            guard sealer?.append(packed, to: &sealed) == true, !isLast || sealer?.finish(to: &sealed) == true else {
                throw Self.notSealed
            }
            try file.write(sealed)
        }
        var offset = 0
        while true {
            let chunk = try source.read(at: offset, count: 262_144)
            if chunk.isEmpty { break }
            chunk.withUnsafeBytes { sum.update($0) }
            packed.removeAll(keepingCapacity: true)
            writer.append(chunk.span, to: &packed)
            try write(isLast: false)
            offset += chunk.count
        }
        packed.removeAll(keepingCapacity: true)
        writer.finish(to: &packed)
        try write(isLast: true)
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
