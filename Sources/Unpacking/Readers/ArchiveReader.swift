internal import Bytes
internal import Members

/// Reads the archives that libarchive knows, one format at a time.
enum ArchiveReader {
    static func read(_ content: Span<UInt8>, _ format: FileType.ArchiveFormat, into sink: any MemberSink) {
        if let volume = ArchiveFacts.volume(content, format) { sink.report(.unsupported, volume) }
        if ArchiveFacts.hasEncryptedHeaders(content, format) {
            sink.report(.encrypted, "\(format.words) with its names")
        }
        content.withUnsafeBufferPointer { bytes in
            guard let archive = LibArchive() else { return sink.report(.corrupt, "no memory for \(format.words)") }
            archive.enable(format)
            guard archive.open(bytes) else { return sink.report(archive.failure(format.words)) }
            readMembers(archive, format.words, sink)
        }
    }

    /// Reads all members of an open archive.
    private static func readMembers(_ archive: LibArchive, _ what: String, _ sink: any MemberSink) {
        while sink.mayGoOn() {
            switch archive.next() {
            case .end:
                return
            case .failed:
                return sink.report(archive.failure(what))
            case .entry(let entry):
                guard readMember(archive, entry, what, sink) else { return }
            }
        }
    }

    /// Returns false when there is no going on.
    private static func readMember(
        _ archive: LibArchive, _ entry: LibArchive.Entry, _ what: String, _ sink: any MemberSink
    ) -> Bool {
        var member = entry.member
        if member.names.isEmpty { sink.report(.ambiguous, "member of \(what) without a readable name") }
        if entry.isEncrypted {
            member.flags.insert(.encrypted)
            sink.report(.encrypted, "member of \(what)")
            return sink.add(member)
        }
        // A directory or link that claims to have content is read like a file.
        if entry.size == 0, !member.flags.isDisjoint(with: [.directory, .symbolicLink, .hardLink, .special]) {
            return sink.add(member)
        }
        guard sink.begin(member) else { return false }
        let end = archive.copyData(into: sink)
        sink.end()
        switch end {
        case .complete: return true
        case .stopped: return false
        case .failed:
            // The next header may still be found.
            sink.report(archive.failure(what))
            return true
        }
    }

    /// Decodes the only member of a zip archive that was made for it. Returns false when the sink wants no more.
    static func readOneZipMember(_ content: Span<UInt8>, _ member: Member, into sink: any MemberSink) -> Bool {
        content.withUnsafeBufferPointer { bytes in
            guard let archive = LibArchive() else { return sink.add(member) }
            archive.enableStreamedZip()
            guard archive.open(bytes), case .entry = archive.next() else {
                sink.report(.corrupt, "damaged zip entry")
                return sink.add(member)
            }
            guard sink.begin(member) else { return false }
            let end = archive.copyData(into: sink)
            sink.end()
            if case .failed = end { sink.report(archive.failure("zip entry")) }
            if case .stopped = end { return false }
            return true
        }
    }
}

/// Reads files that were compressed as a whole.
enum FilterReader {
    static func read(_ content: Span<UInt8>, _ filter: FileType.ArchiveFilter, into sink: any MemberSink) {
        _ = decode(content, filter, Member(role: "decompressed"), into: sink)
    }

    /// Decompresses content into one member. Returns false when the sink wants no more.
    static func decode(
        _ content: Span<UInt8>, _ filter: FileType.ArchiveFilter, _ member: Member, into sink: any MemberSink
    ) -> Bool {
        content.withUnsafeBufferPointer { bytes in
            let what = "\(filter.rawValue) data"
            guard let archive = LibArchive() else { return sink.add(member) }
            archive.enable(filter)
            archive.enableRaw()
            guard archive.open(bytes), case .entry = archive.next() else {
                sink.report(archive.failure(what))
                return sink.add(member)
            }
            guard sink.begin(member) else { return false }
            let end = archive.copyData(into: sink)
            sink.end()
            if case .failed = end { sink.report(archive.failure(what)) }
            if case .stopped = end { return false }
            return true
        }
    }
}

extension FileType.ArchiveFormat {
    /// What it is called in reports.
    var words: String {
        switch self {
        case .sevenZip: "7z archive"
        case .iso9660: "ISO image"
        case .rpm: "rpm package"
        default: "\(rawValue) archive"
        }
    }
}
