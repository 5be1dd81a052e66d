internal import Bytes
internal import Compression
internal import Members

/// Decodes one member of a zip archive into the sink, whatever its headers claim.
struct ZipExtraction {
    /// Up to this size a member is decoded in one piece of memory.
    private static let wholeSize = 1_048_576

    let sink: any MemberSink
    let passwords: Passwords
    /// Size of the archive.
    let content: Int
    /// False when the sink wants no more.
    private(set) var goesOn = true

    init(sink: any MemberSink, passwords: Passwords, content: Int) {
        self.sink = sink
        self.passwords = passwords
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
            opened = ZipPasswords.openAES(entry, content, extent.data, passwords, sink)
        } else {
            opened = ZipPasswords.openTraditional(entry, local, content, extent.data, passwords, sink)
        }
        guard let opened else {
            addEncrypted(member)
            return extent.data.count
        }
        var member = member
        member.flags.insert(.decrypted)
        sink.report(.note, "opened with \(opened.source.words)")
        if opened.isCut { sink.report(.overLimits, "encrypted zip entry") }
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
        guard entry.checksum != 0, entry.size > 0, entry.size <= min(sink.room, 64 * Self.wholeSize) else {
            return nil
        }
        let data = content.extracting(extent.data)
        if entry.method == 0 { return crc32(data) == entry.checksum ? data.array : nil }
        guard entry.method == 8 else { return nil }
        var decoded: [UInt8] = []
        let result = Inflate.append(data, form: .raw, to: &decoded, expected: entry.size, limit: entry.size)
        if result.end == .complete, crc32(decoded.span) == entry.checksum { return decoded }
        sink.spend(decoded.count)
        return nil
    }

    // MARK: Methods (section 4.4.5)

    private mutating func decode(
        _ member: Member, _ entry: ZipEntry, _ content: Span<UInt8>, _ extent: ZipExtent
    ) -> Int {
        switch entry.method {
        case 0:
            return copyStored(member, entry, content, extent)
        case 8:
            return inflate(member, entry, content, extent)
        case 9:
            guard begin(member) else { return 0 }
            let result = Deflate64.pieces(content.extracting(extent.bound), limit: .max) { sink.append($0) }
            sink.end()
            finish(result, extent)
            return result.consumed
        case 12, 14, 93, 95:
            return filter(member, entry, content, extent)
        case 98:
            return decodeByLibrary(member, entry, content, extent)
        default:
            sink.report(.unsupported, "zip method \(entry.method)")
            goesOn = sink.add(member)
            return extent.data.count
        }
    }

    private mutating func begin(_ member: Member) -> Bool {
        goesOn = sink.begin(member)
        return goesOn
    }

    private mutating func copyStored(
        _ member: Member, _ entry: ZipEntry, _ content: Span<UInt8>, _ extent: ZipExtent
    ) -> Int {
        // A size that is larger than what is stored in the archive was cut there; one that lies is followed as far as the
        // archive goes, but not past the next header.
        let claimed = content.clamped(extent.data.lowerBound, max(extent.data.count, entry.size))
        if entry.size != extent.data.count, !entry.hasDescriptor || entry.size > 0 {
            sink.report(.ambiguous, "stored zip entry with two sizes")
        }
        var range = extent.data
        if claimed.count > range.count {
            let next = ZipSignatures.firstLocalHeader(content, from: range.upperBound, to: claimed.upperBound)
            range = range.lowerBound..<(next ?? claimed.upperBound)
        }
        if entry.checksum != 0, crc32(content.extracting(range)) != entry.checksum {
            sink.report(.corrupt, "zip entry with a wrong checksum")
        }
        goesOn = sink.add(member, range: range)
        return range.count
    }

    private mutating func inflate(
        _ member: Member, _ entry: ZipEntry, _ content: Span<UInt8>, _ extent: ZipExtent
    ) -> Int {
        let input = content.extracting(extent.bound)
        if entry.size <= Self.wholeSize, extent.data.count <= Self.wholeSize {
            var decoded: [UInt8] = []
            // A size that lies does not cut what is decoded; it goes on in pieces when there is more than a whole.
            let whole = Inflate.append(
                input, form: .raw, to: &decoded,
                expected: entry.size > 0 ? entry.size : extent.data.count * 4 + 1024, limit: Self.wholeSize)
            if whole.end != .limit {
                check(crc32(decoded.span), decoded.count, entry, whole)
                finish(whole, extent)
                goesOn = sink.add(member, content: decoded)
                return whole.consumed
            }
        }
        guard begin(member) else { return 0 }
        var sum: UInt32 = 0
        let result = Inflate.pieces(input, form: .raw, limit: .max) { piece in
            sum = crc32(piece, seed: sum)
            return sink.append(piece)
        }
        sink.end()
        check(sum, result.produced, entry, result)
        finish(result, extent)
        return result.consumed
    }

    private func check(_ sum: UInt32, _ count: Int, _ entry: ZipEntry, _ result: InflateResult) {
        guard result.end == .complete else { return }
        if entry.checksum != 0, sum != entry.checksum { sink.report(.corrupt, "zip entry with a wrong checksum") }
        if entry.size != count, !entry.hasDescriptor || entry.size > 0 {
            sink.report(.ambiguous, "zip entry whose size lies")
        }
    }

    private mutating func finish(_ result: InflateResult, _ extent: ZipExtent) {
        switch result.end {
        case .complete:
            if extent.data.count > 0, result.consumed > extent.data.count {
                sink.report(.ambiguous, "zip entry that is longer than its headers say")
            }
        case .truncated, .corrupt:
            sink.report(.corrupt, "damaged zip entry")
        case .limit, .stopped:
            goesOn = false
        }
    }

    // MARK: Methods that libarchive decodes

    private mutating func filter(
        _ member: Member, _ entry: ZipEntry, _ content: Span<UInt8>, _ extent: ZipExtent
    ) -> Int {
        let data = content.extracting(extent.data)
        switch entry.method {
        case 12: goesOn = FilterReader.decode(data, .bzip2, member, into: sink)
        case 93: goesOn = FilterReader.decode(data, .zstd, member, into: sink)
        case 95: goesOn = FilterReader.decode(data, .xz, member, into: sink)
        default:
            guard let file = ZipPasswords.lzmaFile(data, size: entry.flags & 2 != 0 ? nil : entry.size) else {
                sink.report(.corrupt, "damaged zip entry")
                goesOn = sink.add(member)
                break
            }
            goesOn = FilterReader.decode(file.span, .lzma, member, into: sink)
        }
        return extent.data.count
    }

    private mutating func decodeByLibrary(
        _ member: Member, _ entry: ZipEntry, _ content: Span<UInt8>, _ extent: ZipExtent
    ) -> Int {
        let archive = SingleZip.archive(entry, content, extent.data)
        goesOn = ArchiveReader.readOneZipMember(archive.span, member, into: sink)
        return extent.data.count
    }
}
