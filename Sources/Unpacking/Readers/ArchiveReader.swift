internal import Bytes
internal import Compression
internal import Members

/// Reads the archives that libarchive knows, one format at a time.
struct ArchiveReader {
    /// Times that a reader may stay where it is behind a damaged header.
    private static let stalls = 32

    private let what: String
    private let sink: any MemberSink
    /// The members of a RAR archive by its own headers.
    private let rar: RarMembers?
    /// A member was compressed in a way that is not decoded.
    private var lacksMethod = false
    /// All names came as if they were in code page 437, as the archive does not say in which they are.
    private var hasDOSNames = false
    /// Members that were read.
    private var count = 0
    /// Names of members that were handed out.
    private var seen: Set<[UInt8]> = []

    private init(_ what: String, _ sink: any MemberSink, rar: RarMembers?) {
        self.what = what
        self.sink = sink
        self.rar = rar
    }

    /// - Parameter rar: the headers of a RAR archive.
    static func read(
        _ file: Span<UInt8>, _ format: FileType.ArchiveFormat, rar: RarListing? = nil, into sink: any MemberSink
    ) {
        guard format == .lha else { return read(file, format, pages: nil, rar: rar, into: sink) }
        let pages = LHACodePages(file)
        // Once: code pages that are still unknown behind it are a failure of libarchive's.
        if file.count <= sink.limits.buffer, let plain = pages.withoutUnknown(file) {
            read(plain.span, format, pages: pages, rar: nil, into: sink)
        } else {
            read(file, format, pages: pages, rar: nil, into: sink)
        }
    }

    /// - Parameter pages: of an LHA archive.
    private static func read(
        _ file: Span<UInt8>, _ format: FileType.ArchiveFormat, pages: LHACodePages?, rar listing: RarListing?,
        into sink: any MemberSink
    ) {
        let content = file.extracting(0..<sizeWithoutPadding(file, format))
        if let volume = ArchiveFacts.volume(content, format) {
            sink.report(.unsupported, volume)
            // Without its header nothing can be read of it.
            if format == .sevenZip { return }
        }
        if ArchiveFacts.hasEncryptedHeaders(content, format) {
            sink.report(.encrypted, "\(format.words) with its names")
        }
        guard !LoopChecks.hasLoop(content, format) else {
            return sink.report(.corrupt, "\(format.words) that leads in a circle")
        }
        let rar = listing.map { RarMembers(content, format, $0, into: sink) }
        if let rar, rar.isReadHere {
            rar.addRest(of: content)
            if let end = rar.end, sink.mayGoOn() {
                ArchiveEnd.addRest(of: content, from: end, format.words, into: sink)
            }
            return
        }
        var reader = ArchiveReader(format.words, sink, rar: rar)
        let consumed: Int? = content.withUnsafeBufferPointer { bytes in
            guard let archive = LibArchive() else {
                sink.report(.corrupt, "no memory for \(format.words)")
                return nil
            }
            archive.enable(format)
            if let pages, archive.takeDOSNames() { reader.hasDOSNames = !pages.areKnown }
            guard archive.open(bytes) else {
                sink.report(reader.failure(of: archive, bytes.span))
                return nil
            }
            return reader.readMembers(archive, bytes.span, format) ? archive.consumed : nil
        }
        if format == .rpm, RPMPayload.hasWrongDigest(content) {
            sink.report(.corrupt, "\(format.words) with a wrong checksum")
        }
        rar?.addRest(of: content)
        if format == .sevenZip, reader.count == 0, consumed != nil,
            content.littleEndian64(at: 20) ?? 0 > 0 || !ArchiveFacts.hasSevenZipChecksum(content, at: 0)
        {
            // A header of that size and nothing in it: libarchive gave up without a word. Or it only seems to be none.
            sink.report(.corrupt, "damaged \(format.words)")
        }
        if format == .iso9660, sink.mayGoOn() { ISOTrees.read(content, names: reader.seen, into: sink) }
        let end = rar?.listing.end ?? ArchiveEnd.of(content, format, consumed: consumed)
        if format == .ar, let end, content.count - end < ArchiveFacts.arHeader, end < content.count,
            (end..<content.count).contains(where: { content[$0] != 0x0A && content[$0] != 0 })
        {
            sink.report(.corrupt, "\(format.words) is cut off")
        }
        if let end, sink.mayGoOn() {
            ArchiveEnd.addRest(of: content, from: end, format.words, goingOn: parts(of: format), into: sink)
        }
    }

    /// What may follow an archive that goes on with it.
    private static func parts(of format: FileType.ArchiveFormat) -> Set<FileType> {
        switch format {
        // In an image that a system starts from the kernel takes several for one (its documentation, "initramfs buffer format").
        case .cpio: [.cpio, .gzip, .bzip2, .xz, .lzma, .zstd, .lz4]
        // The partition that a machine starts from, in an image for disks and sticks.
        case .iso9660: [.disk]
        default: []
        }
    }

    /// Octets without the zeros to the end of a block that programs for tapes add: libarchive takes them for headers in these formats.
    private static func sizeWithoutPadding(_ file: Span<UInt8>, _ format: FileType.ArchiveFormat) -> Int {
        guard format == .ar || format == .warc, let end = ArchiveEnd.of(file, format, consumed: nil), end > 0,
            (end..<file.count).allSatisfy({ file[$0] == 0 })
        else { return file.count }
        return end
    }

    /// Reads all members of an open archive; true when its end was reached.
    private mutating func readMembers(
        _ archive: LibArchive, _ content: Span<UInt8>, _ format: FileType.ArchiveFormat
    ) -> Bool {
        // Where headers begin that make no sense; programs look for the next one that does.
        var damage: Int?
        var stalls = 0
        while sink.mayGoOn() {
            let place = archive.consumed
            let header = archive.next()
            if case .damaged = header {
                report(.corrupt, "damaged \(what)")
                if archive.consumed <= place { stalls += 1 }
                guard stalls <= Self.stalls else { return false }
                damage = damage ?? place
                continue
            }
            if let start = damage {
                // What they passed over is content of some member, or one whose header was broken on purpose.
                damage = nil
                let range = start..<min(content.count, max(start, place))
                guard sink.add(Member(flags: .slack, role: "behind a damaged header"), range: range) else {
                    return false
                }
            }
            switch header {
            case .damaged:
                break
            case .end:
                return format != .cpio || addPassedOver(archive, content, untilEnd: true)
            case .failed:
                // Behind a method that is not decoded some readers are lost; that is no damage.
                if !lacksMethod {
                    let failure = failure(of: archive, content)
                    report(failure.kind, failure.detail)
                }
                return false
            case .entry(let entry):
                if format == .cpio, !addPassedOver(archive, content, untilEnd: false) { return false }
                // libarchive does not look at it.
                let sum = format == .cpio ? CPIOHeader.sum(content, at: archive.headerPosition) : nil
                guard readMember(archive, entry, content, sum: sum, isSparse: format == .tar) else { return false }
            }
        }
        return false
    }

    /// Octets that may be left of a content that is cut off: libarchive waits for the rest of a header, the longest of them of tar.
    private static let block = 512
    /// Octets of a mark of cpio, without which a header that libarchive did not take is not taken for one again.
    private static let cpioMark = 6

    /// libarchive looks for the next header of cpio that is all right, and says nothing of what it passes over, where it comes to
    /// the end too: others read broken headers, and look elsewhere. Hands that on as damage. Returns false when the sink wants
    /// no more.
    private func addPassedOver(_ archive: LibArchive, _ content: Span<UInt8>, untilEnd: Bool) -> Bool {
        let start = archive.headerPosition
        guard untilEnd ? !CPIOHeader.isLast(content, at: start) : !CPIOHeader.isWhole(content, at: start) else {
            return true
        }
        let end = min(content.count, archive.consumed)
        guard (start..<max(start, end)).contains(where: { content[$0] != 0 }) else { return true }
        report(.corrupt, "damaged \(what)")
        // What stands between two members may be anything.
        let isHeader = content.hasBytes("07070", at: start)
        let first = isHeader ? min(start + Self.cpioMark, end) : start
        return sink.add(
            Member(flags: .slack, role: isHeader ? "behind a damaged header" : "between members"), range: first..<end)
    }

    /// Notes a problem. Of a volume of RAR, which is told as such, the rest of what it holds is missing without any damage.
    private func report(_ kind: ContainerProblem.Kind, _ detail: String) {
        sink.report([.corrupt, .cut].contains(kind) && rar?.isVolume == true ? .note : kind, detail)
    }

    /// Why the last call failed. What is encrypted is a member as soon as there is one: the same is not said twice.
    private func failure(of archive: LibArchive, _ content: Span<UInt8>) -> ContainerProblem {
        var failure = archive.failure(what)
        // Of damage in the midst it says the same.
        if failure.kind == .cut, content.count - archive.consumed >= Self.block { failure.kind = .corrupt }
        return failure.kind == .encrypted && count > 0 ? ContainerProblem(.encrypted, "member of \(what)") : failure
    }

    /// Returns false when there is no going on.
    /// - Parameters:
    ///   - sum: of all octets of the content, where the header states it.
    ///   - isSparse: it may have holes, and end with one.
    private mutating func readMember(
        _ archive: LibArchive, _ entry: LibArchive.Entry, _ content: Span<UInt8>, sum: UInt32?, isSparse: Bool
    ) -> Bool {
        var member = entry.member
        if hasDOSNames {
            member.names = member.names.map(NameCharsets.dosOctets)
            member.flags.insert(.dosNames)
        }
        count += 1
        if archive.saysDamage { report(.corrupt, "damaged \(what)") }
        for name in member.names { seen.insert(name) }
        let listed = rar?.take(at: archive.headerPosition)
        if let listed { listed.addNames(to: &member) }
        if !member.hasReadableName { sink.report(.ambiguous, "member of \(what) without a readable name") }
        if entry.isEncrypted || listed?.isEncrypted == true {
            member.flags.insert(.encrypted)
            sink.report(.encrypted, "member of \(what)")
            return sink.add(member)
        }
        // A directory or link that claims to have content is read like a file; where none comes it has none.
        let isFile = member.flags.isDisjoint(with: [.directory, .symbolicLink, .hardLink, .special])
        if entry.size == 0, !isFile { return sink.add(member) }
        let pending = PendingMember(member, sink)
        var size = 0
        let crc = listed?.storedChecksum
        var (octets, found): (UInt32, UInt32) = (0, 0)
        let end = archive.copyData(size: isSparse ? entry.size : 0, while: { sink.mayGoOn() }) {
            size += $0.count
            if sum != nil { for index in $0.indices { octets &+= UInt32($0[index]) } }
            if crc != nil { found = crc32($0, seed: found) }
            return pending.append($0)
        }
        var isRead = false
        if case .complete = end { isRead = true }
        guard pending.end(isRead: isRead && isFile) else { return false }
        switch end {
        case .complete:
            if archive.hasWrongData || (size > 0 && sum ?? octets != octets) || crc ?? found != found {
                report(.corrupt, "member of \(what) with a wrong checksum")
            }
            if let stated = listed?.size, stated != size { report(.corrupt, "member of \(what) with a wrong size") }
            return true
        case .stopped: return false
        case .failed:
            // The next header may still be found.
            let failure = failure(of: archive, content)
            if failure.kind == .unsupported { lacksMethod = true }
            if !lacksMethod || failure.kind == .unsupported { report(failure.kind, failure.detail) }
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
