internal import Bytes
internal import Compression
internal import Members

/// The members of a RAR archive by its own headers, and the content of those of RAR 2 to 4. libarchive reads those of RAR 5 but streams
/// of NTFS: which of them it came to is noted here.
final class RarMembers {
    let listing: RarListing
    /// One volume of several.
    let isVolume: Bool
    private let what: String
    private let isVersion5: Bool
    private let sink: any MemberSink
    /// Members that were handed out.
    private var given: Set<Int> = []
    /// Members that libarchive passed.
    private var passed = 0
    private lazy var rar2 = Rar2Data()
    private lazy var rar3 = Rar3Data(mostMemory: sink.limits.dictionary)
    /// A member could not be decoded: those that begin in its dictionary cannot be, either.
    private var isBroken = false

    init(
        _ content: Span<UInt8>, _ format: FileType.ArchiveFormat, _ listing: RarListing, into sink: any MemberSink
    ) {
        self.sink = sink
        self.listing = listing
        what = format.words
        isVersion5 = format == .rar5
        isVolume = ArchiveFacts.volume(content, format) != nil
        if listing.limitReached { sink.report(.headers, of: what) }
        // Nothing was met, or damage.
        let isEmpty = listing.endOfArchive == nil && !ArchiveFacts.hasEncryptedHeaders(content, format)
        if isReadHere, listing.hasDamagedHeaders || isEmpty { report(.corrupt, "damaged \(what)") }
        if isVersion5, listing.end == nil, !listing.limitReached, sink.mayGoOn(),
            !ArchiveFacts.hasEncryptedHeaders(content, format)
        {
            report(.cut, "\(what) is cut off")
        }
    }

    /// libarchive is not asked: of RAR 2 to 4 it has no members that go on in the dictionary of others and takes neighbours of one name for
    /// parts of one file; and it keeps as much data as a program in the archive states, a gigabyte in a hundred octets.
    var isReadHere: Bool { !isVersion5 }

    /// Where the archive ends: RAR 2 wrote no header that says it.
    var end: Int? { listing.endOfArchive }

    /// Takes the member whose header libarchive met, looking from this place on: it passes over other headers.
    func take(at place: Int) -> RarListing.Entry? {
        let entries = listing.entries
        while passed < entries.count, entries[passed].header < place || entries[passed].isStream { passed += 1 }
        guard passed < entries.count else { return nil }
        defer { passed += 1 }
        given.insert(passed)
        return entries[passed]
    }

    /// Hands out what was not taken.
    func addRest(of content: Span<UInt8>) {
        for (index, entry) in listing.entries.enumerated() where !given.contains(index) {
            guard sink.mayGoOn(), add(entry, content) else { return }
        }
    }

    /// Notes a problem. Of a volume, which is told as such, the rest is missing without any damage.
    private func report(_ kind: ContainerProblem.Kind, _ detail: String) {
        sink.report([.corrupt, .cut].contains(kind) && isVolume ? .note : kind, detail)
    }

    /// Returns false when the sink wants no more.
    private func add(_ entry: RarListing.Entry, _ content: Span<UInt8>) -> Bool {
        var member = Member(names: entry.names)
        if entry.isStream {
            member.role = "NTFS stream"
        } else if !member.hasReadableName {
            sink.report(.ambiguous, "member of \(what) without a readable name")
        }
        if entry.isDirectory { member.flags.insert(.directory) }
        if entry.isEncrypted {
            member.flags.insert(.encrypted)
            isBroken = true
            let isOld = !isVersion5 && entry.version < RarListing.present
            sink.report(.encrypted, "member of \(what)\(isOld ? ", as RAR 2 encrypts" : "")")
            return sink.add(member)
        }
        if entry.isSplit, !isVolume { sink.report(.unsupported, "volume of a split \(what)") }
        guard !entry.isDirectory || !entry.data.isEmpty else { return sink.add(member) }
        if entry.isStored { return addStored(entry, member, content) }
        if entry.isSplit, isVersion5 || entry.isContinued {
            isBroken = true
            return sink.add(member)
        }
        if isVersion5 {
            return entry.isStream ? addStream(entry, member, content) : addUnread(member, "method")
        }
        return addDecoded(entry, member, content)
    }

    private func addUnread(_ member: Member, _ why: String) -> Bool {
        isBroken = true
        sink.report(.unsupported, "\(why) in \(what)")
        return sink.add(member)
    }

    private func addStored(_ entry: RarListing.Entry, _ listed: Member, _ content: Span<UInt8>) -> Bool {
        var member = listed
        let data = content.extracting(entry.data)
        if !entry.isSplit {
            if let size = entry.size, size != data.count { report(.corrupt, "member of \(what) with a wrong size") }
            if let sum = entry.checksum, sum != crc32(data) {
                report(.corrupt, "member of \(what) with a wrong checksum")
            }
        }
        if entry.isLink {
            member.flags.insert(.symbolicLink)
            member.names.append(data.extracting(data.clamped(0, Self.longestTarget)).array)
        }
        return sink.add(member, range: entry.data)
    }

    /// Octets of the target of a link.
    private static let longestTarget = 4096

    private func addDecoded(_ entry: RarListing.Entry, _ member: Member, _ content: Span<UInt8>) -> Bool {
        guard entry.version >= 20 else { return addUnread(member, "method of RAR 1.5") }
        guard !entry.isSolid || !isBroken else { return addUnread(member, "solid member behind one that is not read") }
        let size = entry.size ?? 0
        let pending = PendingMember(member, sink)
        var sum: UInt32 = 0
        let use: (Span<UInt8>) -> Bool = { [sink] piece in
            sum = crc32(piece, seed: sum)
            return sink.mayGoOn() && pending.append(piece)
        }
        let data = content.extracting(entry.data)
        let end =
            entry.version < RarListing.present
            ? rar2.decode(data, size: size, isSolid: entry.isSolid, use)
            : rar3.decode(data, size: size, isSolid: entry.isSolid, use)
        isBroken = end != .complete
        guard pending.end(isRead: end == .complete) else { return false }
        switch end {
        case .stopped: return false
        case .unsupported:
            let isOld = entry.version < RarListing.present
            sink.report(.unsupported, "\(isOld ? "audio compression" : "filter of another program") in \(what)")
        case .tooLarge: sink.report(.dictionary, of: what)
        case .complete where sum == entry.checksum: break
        // The rest is in another volume, and the checksum is that of what is here.
        case .complete, .damaged: if !entry.isSplit { report(.corrupt, "damaged \(what)") }
        }
        return true
    }

    /// Hands out a compressed stream of RAR 5: libarchive decodes it as the only file of an archive.
    private func addStream(_ entry: RarListing.Entry, _ member: Member, _ content: Span<UInt8>) -> Bool {
        let archive = entry.archive(content.extracting(entry.data))
        let pending = PendingMember(member, sink)
        var end = LibArchive.DataEnd.failed
        var size = 0
        var isWrong = false
        archive.withUnsafeBufferPointer { bytes in
            guard let reader = LibArchive() else { return }
            reader.enable(.rar5)
            guard reader.open(bytes), case .entry = reader.next() else { return }
            end = reader.copyData(while: { sink.mayGoOn() }) {
                size += $0.count
                return pending.append($0)
            }
            isWrong = reader.hasWrongData
        }
        var isRead = false
        if case .complete = end { isRead = true }
        guard pending.end(isRead: isRead) else { return false }
        switch end {
        case .stopped: return false
        case .complete where !isWrong && size == entry.size ?? size: break
        case .complete, .failed: report(.corrupt, "damaged \(what)")
        }
        return true
    }
}

extension RarListing.Entry {
    /// Adds the readings of its name that libarchive does not have.
    func addNames(to member: inout Member) {
        func bare(_ name: [UInt8]) -> ArraySlice<UInt8> {
            let path = RarListing.path(name)
            return path.last == UInt8(ascii: "/") ? path.dropLast() : path[...]
        }
        let known = member.names.map(bare)
        member.names += names.filter { !known.contains(bare($0)) }
    }

    /// An archive of RAR 5 with this as its only member.
    fileprivate func archive(_ data: Span<UInt8>) -> [UInt8] {
        func block(_ body: [UInt8]) -> [UInt8] {
            let sized = RarInteger.bytes(body.count) + body
            let sum = crc32(sized.span)
            return (0..<4).map { UInt8(truncatingIfNeeded: sum >> ($0 * 8)) } + sized
        }
        // A file, with data; its size, attributes, [checksum,] method, system, and a name.
        var body: [UInt8] = [2, 2] + RarInteger.bytes(data.count)
        body += [(checksum == nil ? 0 : 4) | (size == nil ? 8 : 0)] + RarInteger.bytes(size ?? 0) + [0]
        if let checksum { body += (0..<4).map { UInt8(truncatingIfNeeded: checksum >> ($0 * 8)) } }
        // It begins in a dictionary of its own.
        body += RarInteger.bytes(compression & ~0x40) + [0, 1, UInt8(ascii: "s")]
        let mark: [UInt8] = [0x52, 0x61, 0x72, 0x21, 0x1A, 0x07, 0x01, 0x00]
        return mark + block([1, 0, 0]) + block(body) + data.array + block([5, 0, 0])
    }
}
