internal import Compression
internal import Digests
internal import Glibc
package import Linux
internal import MailModel

/// Mail that was kept: each entry is a message, its envelope and the report, in files of a storage (`QuarantineStorage`).
///
///     message.gz      the message as it was received, as one gzip member
///     envelope        `EntryCoding`; has the digest of the message
///     report          `scan --json`'s object; the envelope has its digest
///
/// With a key (`QuarantineKeys`) each of these three is a `SealedFile` around the same octets.
///
/// The storage is all there is; an index (`QuarantineIndex`) only finds entries faster. All calls block: never on an event
/// loop.
package struct Quarantine: Sendable {
    let storage: any QuarantineStorage
    let keys: QuarantineKeys

    package init(storage: any QuarantineStorage, keys: QuarantineKeys = .none) {
        self.storage = storage
        self.keys = keys
    }

    /// One whose entries are directories of files.
    /// - Parameter directory: made with mode 0700 when absent.
    package init(directory: String, keys: QuarantineKeys = .none) {
        self.init(storage: QuarantineDirectory(directory), keys: keys)
    }

    static let (messageFile, envelopeFile, reportFile) = ("message.gz", "envelope", "report")
    static let files = [messageFile, envelopeFile, reportFile]
    /// Octets of an envelope and of a report that are read at most.
    private static let envelopeLimit = 16_777_216
    private static let reportLimit = 67_108_864

    // MARK: - Keeping

    /// Keeps a message. When this returns, the entry is complete and safe.
    /// - Returns: the entry with digest and octets stored.
    @discardableResult
    package func put(_ entry: Entry, message: Descriptor, report: [UInt8]) throws(Failure) -> Entry {
        guard Self.isValid(entry.id) else { throw .unknown(entry.id) }
        var kept = entry
        kept.stored = try storage.put(entry.id) { append throws(Failure) in
            kept.digest = try compress(message, of: entry.id, append)
            kept.reportDigest = hexadecimal(report.withUnsafeBytes { SHA256.digest($0) })
            for (file, octets) in [(Self.envelopeFile, EntryCoding.encode(kept)), (Self.reportFile, report)] {
                try append(try sealed(octets, entry.id, file), file)
            }
        }
        return kept
    }

    // MARK: - Reading

    /// Identifiers of all entries that claim to be complete, in no order.
    package func identifiers() throws(Failure) -> [String] { try storage.identifiers() }

    /// Names in the storage that are neither entries nor ours, such as entries of another layout.
    package func strays(known: Set<String>) throws(Failure) -> [String] { try storage.strays(known: known) }

    /// True when there is an entry of this name, whole or not.
    package func contains(_ id: String) throws(Failure) -> Bool { try storage.contains(id) }

    /// One entry.
    package func entry(_ id: String) throws(Failure) -> Entry {
        let text = try read(id, Self.envelopeFile, limit: Self.envelopeLimit)
        guard var entry = EntryCoding.decode(text) else { throw .damaged("\(id)/envelope") }
        guard entry.id == id else {
            throw .damaged("\(id): the envelope is of another entry, \(Escaping.text(entry.id, limit: 40))")
        }
        let status = try storage.status(id)
        (entry.stored, entry.released) = (status.stored, status.released)
        return entry
    }

    /// What there is to say of an entry that cannot be read: that it came when it was last changed, and takes its octets.
    /// nil for one that is none, or is gone.
    package func unreadable(_ id: String) -> Entry? {
        guard let status = try? storage.status(id) else { return nil }
        var entry = Entry(
            id: id, time: status.changed, category: .unchecked, reason: "it cannot be read",
            envelope: Envelope(reversePath: .null, recipients: []), size: 0)
        entry.stored = status.stored
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
        let file = try storage.open(id, Self.messageFile)
        let mapping = try orSystem { () throws(SystemError) in try Mapping(file) }
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
        let report = try read(entry.id, Self.reportFile, limit: Self.reportLimit)
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
        let envelope = (try? read(id, Self.envelopeFile, limit: Self.envelopeLimit)) ?? []
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
    package func markReleased(_ id: String, time: Int) throws(Failure) { try storage.markReleased(id, time: time) }

    /// Removes an entry.
    package func remove(_ id: String) throws(Failure) { try storage.remove(id) }

    /// Removes what a crash left of entries last touched before `time` (Unix time). None of them is said to be kept.
    package func removeUnfinished(before time: Int) throws(Failure) { try storage.removeUnfinished(before: time) }
}

// MARK: - Files

extension Quarantine {
    private func read(_ id: String, _ file: String, limit: Int) throws(Failure) -> [UInt8] {
        let descriptor = try storage.open(id, file)
        let bytes = try orSystem { () throws(SystemError) in
            try descriptor.read(at: 0, count: min(try descriptor.size(), SealedFile.size(sealing: limit) + 1))
        }
        var plain: [UInt8] = []
        try unsealed(bytes.span, id, file) { piece in
            piece.withUnsafeBufferPointer { plain.append(contentsOf: $0) }
            return plain.count <= limit
        }
        if plain.count > limit { throw .damaged("\(id)/\(file) is larger than \(limit) octets") }
        return plain
    }

    /// Writes a message as gzip.
    /// - Returns: its digest.
    private func compress(
        _ source: Descriptor, of id: String, _ append: QuarantineStorage.Append
    ) throws(Failure) -> String {
        guard let writer = GzipWriter() else { throw .system(SystemError("deflateInit", code: ENOMEM)) }
        var sum = SHA256()
        var sealer = keys.writing.map { SealedFile.Writer($0, place: Self.place(id, Self.messageFile)) }
        var packed: [UInt8] = []
        var sealed: [UInt8] = []
        func write(isLast: Bool) throws(Failure) {
            guard sealer != nil else { return try append(packed, Self.messageFile) }
            sealed.removeAll(keepingCapacity: true)
            guard sealer?.append(packed, to: &sealed) == true, !isLast || sealer?.finish(to: &sealed) == true else {
                throw Self.notSealed
            }
            try append(sealed, Self.messageFile)
        }
        var offset = 0
        while true {
            let chunk = try orSystem { () throws(SystemError) in try source.read(at: offset, count: 262_144) }
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
        return hexadecimal(sum.finish())
    }
}
