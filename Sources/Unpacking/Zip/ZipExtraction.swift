internal import Bytes
internal import Codecs
internal import Compression
internal import Members

/// Decodes one member of a zip archive into the sink, whatever its headers claim.
struct ZipExtraction {
    /// Up to this size a member is decoded in one piece of memory.
    private static let wholeSize = 1_048_576

    let sink: any MemberSink
    let passwords: PasswordSupply
    let keys: PasswordKeys
    /// Size of the archive.
    let content: Int
    /// False when the sink wants no more.
    private(set) var goesOn = true
    /// All of the data became content, as its method says.
    private(set) var isDecoded = false

    init(sink: any MemberSink, passwords: @escaping PasswordSupply, keys: PasswordKeys, content: Int) {
        self.sink = sink
        self.passwords = passwords
        self.keys = keys
        self.content = content
    }

    /// Decodes a member. Returns how many octets of the archive it took, counted from its data on.
    mutating func run(
        _ member: Member, _ entry: ZipEntry, _ local: ZipEntry, _ content: Span<UInt8>, _ extent: ZipExtent
    ) -> Int {
        guard entry.isEncrypted || entry.method == 99 else {
            return decode(member, entry, content, extent)
        }
        if entry.isStronglyEncrypted {
            addEncrypted(member)
            return extent.data.count
        }
        // The flag may lie: data that decodes to its own checksum is not encrypted.
        if entry.method != 99, let clear = clear(entry, content, extent) {
            sink.report(.ambiguous, "zip entry that claims to be encrypted")
            goesOn = sink.add(member, content: clear)
            return extent.data.count
        }
        let opened: ZipPasswords.Opened?
        if entry.method == 99 {
            opened = ZipPasswords.openAES(entry, content, extent.data, passwords(), keys, sink)
        } else {
            opened = ZipPasswords.openTraditional(entry, local, content, extent.data, passwords(), sink)
        }
        guard let opened else {
            addEncrypted(member)
            return extent.data.count
        }
        var member = member
        member.flags.formUnion([.decrypted, .guessed])
        sink.report(openedWith: opened.source)
        if opened.isCut { sink.report(.encryptedEntry) }
        goesOn = sink.add(member, content: opened.content)
        return extent.data.count
    }

    private mutating func addEncrypted(_ member: Member) {
        var member = member
        member.flags.insert(.encrypted)
        sink.report(.encrypted, "zip entry")
        goesOn = sink.add(member)
    }

    /// The content when the data decodes as it stands.
    private func clear(_ entry: ZipEntry, _ content: Span<UInt8>, _ extent: ZipExtent) -> [UInt8]? {
        guard entry.checksum != 0, entry.size > 0, entry.size <= min(sink.room, sink.limits.buffer) else {
            return nil
        }
        let data = content.extracting(extent.data)
        if entry.method == 0 { return crc32(data) == entry.checksum ? data.array : nil }
        var decoded: [UInt8] = []
        let result = ZipMethod(entry: entry).pieces(
            data, size: data.count, memory: sink.limits.dictionary, while: { sink.mayGoOn() }
        ) { piece in
            guard piece.count <= entry.size - decoded.count else { return false }
            piece.withUnsafeBufferPointer { decoded.append(contentsOf: $0) }
            return true
        }
        if result.end == .complete, result.checksum == entry.checksum { return decoded }
        sink.spend(decoded.count)
        return nil
    }

    // MARK: Decoding

    private mutating func decode(
        _ member: Member, _ entry: ZipEntry, _ content: Span<UInt8>, _ extent: ZipExtent
    ) -> Int {
        if entry.method == 0 { return copyStored(member, entry, content, extent) }
        let method = ZipMethod(entry: entry)
        guard method.isKnown else {
            sink.report(.unsupported, "zip method \(entry.method)")
            goesOn = sink.add(member)
            return extent.data.count
        }
        if entry.method == 8, let used = inflateWhole(member, entry, content, extent) { return used }
        let pending = PendingMember(member, sink)
        let input = content.extracting(extent.bound)
        let result = method.pieces(
            input, size: extent.data.count, memory: sink.limits.dictionary, while: { sink.mayGoOn() }
        ) { pending.append($0) }
        goesOn = pending.end(isRead: result.end == .complete)
        finish(result, entry, extent)
        return result.consumed
    }

    private mutating func copyStored(
        _ member: Member, _ entry: ZipEntry, _ content: Span<UInt8>, _ extent: ZipExtent
    ) -> Int {
        // A size that is larger than what is stored in the archive was cut there; one that lies is followed as far as the
        // archive goes, but not past the next header.
        let claimed = content.clamped(extent.data.lowerBound, max(extent.data.count, entry.size))
        if entry.size != extent.data.count, !extent.isCut, !entry.hasDescriptor || entry.size > 0 {
            sink.report(.ambiguous, "stored zip entry with two sizes")
        }
        var range = extent.data
        if claimed.count > range.count {
            let next = ZipSignatures.firstLocalHeader(content, from: range.upperBound, to: claimed.upperBound)
            range = range.lowerBound..<(next ?? claimed.upperBound)
        }
        if !extent.isCut { check(crc32(content.extracting(range)), entry) }
        isDecoded = true
        goesOn = sink.add(member, range: range)
        return range.count
    }

    /// Deflated data of a moderate size, in one piece: that is two to three times as fast. nil when there is more of it.
    private mutating func inflateWhole(
        _ member: Member, _ entry: ZipEntry, _ content: Span<UInt8>, _ extent: ZipExtent
    ) -> Int? {
        guard entry.size <= Self.wholeSize, extent.data.count <= Self.wholeSize else { return nil }
        var decoded: [UInt8] = []
        // A size that lies does not cut what is decoded; it goes on in pieces when there is more than a whole.
        let whole = Inflate.append(
            content.extracting(extent.bound), form: .raw, to: &decoded,
            expected: entry.size > 0 ? entry.size : extent.data.count * 4 + 1024, limit: Self.wholeSize)
        guard whole.end != .limit else { return nil }
        var result = ZipMethod.Result(whole)
        result.checksum = crc32(decoded.span)
        finish(result, entry, extent)
        goesOn = sink.add(member, content: decoded)
        return whole.consumed
    }

    private func check(_ sum: UInt32, _ entry: ZipEntry) {
        if entry.hasChecksum, sum != entry.checksum { sink.report(.corrupt, "zip entry with a wrong checksum") }
    }

    private mutating func finish(_ result: ZipMethod.Result, _ entry: ZipEntry, _ extent: ZipExtent) {
        switch result.end {
        case .complete:
            isDecoded = true
            check(result.checksum, entry)
            if entry.size != result.produced, !entry.hasDescriptor || entry.size > 0 {
                sink.report(.ambiguous, "zip entry whose size lies")
            }
            if extent.data.count > 0, result.consumed > extent.data.count {
                sink.report(.ambiguous, "zip entry that is longer than its headers say")
            }
        case .stopped:
            goesOn = false
        case .truncated where extent.isCut: break
        case .truncated, .corrupt:
            sink.report(.corrupt, "damaged zip entry")
        case .unsupported, .memory:
            result.end.report("zip entry", sink)
        }
    }
}
