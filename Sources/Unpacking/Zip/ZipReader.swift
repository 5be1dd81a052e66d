internal import Bytes
internal import Members

/// Opens zip archives: every member of every directory, every local header that no directory knows, and what lies between
/// them.
struct ZipReader {
    /// Octets between members that are too few to hold anything.
    private static let smallestSlack = 24

    private let sink: any MemberSink
    private let passwords: PasswordSupply
    private let keys: PasswordKeys
    private var covered: [Range<Int>] = []
    private var decoded: [Range<Int>] = []
    /// Every local header that was opened.
    private var opened: Set<Int> = []
    private var remarks = ZipRemarks()
    private var goesOn = true
    /// It is one of several volumes: what is in the others is missing, and no damage.
    private var isVolume = false

    /// It has archives with octets of others in them, or parts of archives.
    private let mayBeInPieces: Bool

    private init(
        _ sink: any MemberSink, _ passwords: @escaping PasswordSupply, _ keys: PasswordKeys, mayBeInPieces: Bool
    ) {
        self.sink = sink
        self.mayBeInPieces = mayBeInPieces
        self.passwords = passwords
        self.keys = keys
    }

    /// Reads the archive into the sink. Returns where the data of members lies that were decoded.
    /// - Parameters:
    ///   - isStorageStream: the content is a stream in a compound file.
    ///   - mayBeInPieces: it has archives with octets of others in them, or parts of archives.
    static func read(
        _ content: Span<UInt8>, passwords: @escaping PasswordSupply, keys: PasswordKeys, isStorageStream: Bool,
        mayBeInPieces: Bool, into sink: any MemberSink
    ) -> Coverage {
        var reader = ZipReader(sink, passwords, keys, mayBeInPieces: mayBeInPieces)
        reader.read(content, isStorageStream: isStorageStream)
        return Coverage(reader.decoded)
    }

    private mutating func read(_ content: Span<UInt8>, isStorageStream: Bool) {
        let directory = ZipDirectory(content, most: sink.limits.zipDirectories)
        if directory.limitReached { sink.report(.zipDirectories) }
        // The first volume begins with the mark of a split archive, and the directory is in the last.
        if directory.isSplit || directory.listings.isEmpty && content.hasBytes(ZipSignatures.descriptor, at: 0) {
            reportVolume()
        }
        var listings = directory.listings
        if let first = listings.firstIndex(where: { Self.overlaps($0, content) }) {
            // What is read once for each of many names is a bomb, and nothing that a program writes.
            guard mayBeInPieces else { return sink.report(.overlappingEntries) }
            // Octets that a database has between the pieces of an archive lead its directory astray: members are found by their own
            // headers then, each once.
            sink.report(.note, ContainerLimit.overlappingEntries.rawValue)
            listings.removeSubrange(first...)
        }
        if directory.listings.count > 1 {
            // Office since 2007 keeps packages in streams of the old formats, one in a record or property each ([MS-PPT]
            // 2.11.1, [MS-ODRAW] 2.3.4.29). All are read, and no program could choose another one of them.
            sink.report(isStorageStream ? .note : .ambiguous, "more than one zip directory")
        }
        if directory.isContradicted, !isVolume {
            sink.report(.ambiguous, "zip end record that does not fit the directory")
        }
        if directory.isCommentCut { sink.report(.corrupt, "zip comment beyond the end") }
        covered = directory.records + directory.comments + directory.listings.map(\.range)
        for listing in listings {
            for entry in listing.entries {
                guard goesOn, sink.mayGoOn() else { return }
                open(entry, content)
            }
        }
        openUnlisted(content, hasDirectory: !listings.isEmpty)
        if !isVolume, directory.listings.isEmpty ? !directory.isEmptyArchive : directory.records.isEmpty {
            sink.report(directory.listings.isEmpty ? .cut : .corrupt, "zip archive without a directory or its end")
        }
        for comment in directory.comments where comment.count >= Self.smallestSlack && goesOn {
            goesOn = sink.add(Member(flags: .slack, role: "zip comment"), range: comment)
        }
        addRemarks(content)
    }

    private mutating func reportVolume() {
        isVolume = true
        sink.report(.unsupported, "volume of a split zip archive")
    }

    /// Honest archives with comments have many of them: beyond some they are handed out in one piece.
    private mutating func addRemarks(_ content: Span<UInt8>) {
        let ranges = remarks.ranges.filter { !isBlank(content, $0) }
        var rest: [UInt8] = []
        for (number, range) in ranges.enumerated() where goesOn {
            if number < sink.limits.zipPieces {
                goesOn = sink.add(Member(flags: .slack, role: "comment or extra field of a zip entry"), range: range)
            } else if rest.count + range.count <= sink.room {
                rest += content.extracting(range).array + [0x0A]
            } else {
                sink.spend(range.count)
            }
        }
        guard !rest.isEmpty, goesOn else { return }
        goesOn = sink.add(Member(flags: .slack, role: "comments and extra fields of zip entries"), content: rest)
    }

    /// True when two entries of one directory claim the same octets.
    private static func overlaps(_ listing: ZipDirectory.Listing, _ content: Span<UInt8>) -> Bool {
        var claims: [Range<Int>] = []
        for entry in listing.entries {
            guard let local = ZipEntry(local: content, at: entry.localHeader) else { continue }
            let end = local.dataStart.addingReportingOverflow(max(0, entry.compressedSize))
            claims.append(local.localHeader..<(end.overflow ? Int.max : end.partialValue))
        }
        claims.sort { $0.lowerBound < $1.lowerBound }
        for index in claims.indices.dropFirst() where claims[index].lowerBound < claims[index - 1].upperBound {
            return true
        }
        return false
    }

    // MARK: Members

    private mutating func open(_ entry: ZipEntry, _ content: Span<UInt8>) {
        remarks.add(entry, content)
        guard let local = ZipEntry(local: content, at: entry.localHeader) else {
            sink.report(isVolume ? .note : .corrupt, "zip entry without a local header")
            var flags = MemberFlags()
            if entry.isEncrypted { flags.insert(.encrypted) }
            goesOn = sink.add(Member(names: names(entry, content), flags: flags))
            return
        }
        // Two directories may list the same member, under different names.
        let isFirst = opened.insert(local.localHeader).inserted
        if isFirst {
            remarks.add(local, content)
            if let problem = ZipAgreement(entry, local, content).problem { sink.report(problem) }
        }
        let member = member(entry, local, content)
        guard isFirst else {
            goesOn = sink.add(Member(names: member.names, role: "listed again"))
            return
        }
        if member.flags.contains(.directory), entry.compressedSize == 0, local.compressedSize == 0 {
            covered.append(local.localHeader..<local.dataStart)
            goesOn = sink.add(member)
            return
        }
        let extent = dataExtent(local, claimed: entry.compressedSize, content)
        extract(member, entry, local, content, extent)
        if goesOn, local.method != entry.method || local.isEncrypted != entry.isEncrypted {
            sink.report(.ambiguous, "local and central zip header differ")
            extract(member, local, local, content, extent)
        }
    }

    private mutating func extract(
        _ member: Member, _ entry: ZipEntry, _ local: ZipEntry, _ content: Span<UInt8>, _ extent: ZipExtent
    ) {
        var extraction = ZipExtraction(sink: sink, passwords: passwords, keys: keys, content: content.count)
        let used = extraction.run(member, entry, local, content, extent)
        goesOn = extraction.goesOn
        if extraction.isDecoded { decoded.append(extent.data.lowerBound..<extent.data.lowerBound + used) }
        var end = extent.data.lowerBound + used
        if local.hasDescriptor || entry.hasDescriptor {
            end = descriptorEnd(content, at: end, isWide: entry.size > 0xFFFF_FFFF)
        }
        covered.append(local.localHeader..<max(end, local.dataStart))
    }

    private func member(_ entry: ZipEntry, _ local: ZipEntry, _ content: Span<UInt8>) -> Member {
        var member = Member(names: names(entry, content))
        for name in names(local, content) where !member.names.contains(name) { member.names.append(name) }
        if !member.hasReadableName { sink.report(.ambiguous, "zip entry without a name") }
        if member.names.count > 1,
            entry.name.count != local.name.count || entry.names(content)[0] != local.names(content)[0]
        {
            sink.report(.ambiguous, "zip entry with two names")
        }
        // Programs that read from the front would write the content behind the local header to a file with a backslash.
        let ends: [UInt8] = local.hasDescriptor ? [0x2F] : [0x2F, 0x5C]
        if !member.names.isEmpty, member.names.allSatisfy({ $0.last.map(ends.contains) == true }) {
            member.flags.insert(.directory)
        }
        if !entry.hasUTF8Name || !local.hasUTF8Name,
            member.names.contains(where: { String(validating: $0, as: UTF8.self) == nil })
        {
            member.flags.insert(.dosNames)
        }
        switch entry.unixType {
        case 0o120000: member.flags.insert(.symbolicLink)
        case 0o010000, 0o020000, 0o060000, 0o140000: member.flags.insert(.special)
        default: break
        }
        return member
    }

    /// Octets of the longest name of a file that systems have (`NAME_MAX`).
    private static let longestName = 255

    /// The names in a header. Where other octets stand in it, its length is any number, and what it has of a name is data: longer
    /// than the name of any file, and with characters that none has.
    private func names(_ entry: ZipEntry, _ content: Span<UInt8>) -> [[UInt8]] {
        let names = entry.names(content)
        guard mayBeInPieces else { return names }
        return names.filter { $0.count <= Self.longestName || !$0.contains { $0 < 0x20 } }
    }

    /// Where the data of a member may be: as far as any header says, and where decoding may go on to.
    private func dataExtent(_ local: ZipEntry, claimed: Int, _ content: Span<UInt8>) -> ZipExtent {
        let stated = max(claimed, local.hasDescriptor ? 0 : local.compressedSize)
        let data = content.clamped(local.dataStart, stated)
        let isCut = isVolume && data.count < stated
        if data.count < stated, !isCut { sink.report(.corrupt, "zip entry beyond the end") }
        return ZipExtent(data: data, bound: content.clamped(local.dataStart, content.count), isCut: isCut)
    }

    /// The end of a data descriptor (section 4.3.9), whose signature is optional.
    private func descriptorEnd(_ content: Span<UInt8>, at start: Int, isWide: Bool) -> Int {
        let hasSignature = content.hasBytes(ZipSignatures.descriptor, at: start)
        return min(content.count, start + (hasSignature ? 4 : 0) + (isWide ? 20 : 12))
    }

    // MARK: What no directory knows

    private mutating func openUnlisted(_ content: Span<UInt8>, hasDirectory: Bool) {
        var slack: [Range<Int>] = []
        for gap in Coverage(covered).gaps(upTo: content.count) {
            var position = gap.lowerBound
            while goesOn, sink.mayGoOn(),
                let header = ZipSignatures.firstLocalHeader(content, from: position, to: gap.upperBound),
                let local = ZipEntry(local: content, at: header), opened.insert(header).inserted
            {
                slack.append(position..<header)
                if hasDirectory { sink.report(.ambiguous, "zip entry that the directory does not list") }
                position = max(header + 4, openUnlisted(local, content, hasDirectory: hasDirectory))
            }
            slack.append(position..<max(position, gap.upperBound))
        }
        var pieces = 0
        for range in slack where range.count >= Self.smallestSlack && goesOn {
            if range.lowerBound == 0 {
                // What stands in front was scanned and recognised with the archive as a whole: only archives are missing.
                let front = content.extracting(range)
                HiddenArchives.read(front, isText: front.hasOnlyControlsOfText, into: sink)
                continue
            }
            guard !isBlank(content, range) else { continue }
            pieces += 1
            guard pieces <= sink.limits.zipPieces else { return sink.report(.zipPieces) }
            goesOn = sink.add(Member(flags: .slack, role: "between zip entries"), range: range)
        }
    }

    /// Opens a member that only its local header tells of. Returns where it ends.
    private mutating func openUnlisted(_ local: ZipEntry, _ content: Span<UInt8>, hasDirectory: Bool) -> Int {
        remarks.add(local, content)
        let member = member(local, local, content)
        if member.flags.contains(.directory), local.compressedSize == 0 {
            goesOn = sink.add(member)
            return local.dataStart
        }
        var data = content.clamped(local.dataStart, local.compressedSize)
        var isCut = data.count < local.compressedSize
        if local.hasDescriptor, local.compressedSize == 0 {
            data = local.dataStart..<nextSignature(content, from: local.dataStart)
            isCut = isVolume && data.upperBound == content.count
        } else if isCut, !isVolume {
            sink.report(hasDirectory ? .corrupt : .cut, "zip entry beyond the end")
        }
        let count = covered.count
        extract(
            member, local, local, content,
            ZipExtent(data: data, bound: content.clamped(local.dataStart, content.count), isCut: isCut))
        return covered.count > count ? covered[count].upperBound : data.upperBound
    }

    /// Where data of unknown length ends: in front of the next descriptor or header.
    private func nextSignature(_ content: Span<UInt8>, from start: Int) -> Int {
        let ends = [ZipSignatures.descriptor, ZipSignatures.localHeader, ZipSignatures.centralHeader].compactMap {
            content.firstIndex(of: $0, from: start)
        }
        return ends.min() ?? content.count
    }

    private func isBlank(_ content: Span<UInt8>, _ range: Range<Int>) -> Bool {
        for index in range where content[index] != 0 && content[index] != 0x20 { return false }
        return true
    }
}

/// Where the data of a member lies.
struct ZipExtent {
    /// As its headers say.
    var data: Range<Int>
    /// As far as a stream that ends by itself may be followed.
    var bound: Range<Int>
    /// The rest is in another volume.
    var isCut: Bool
}
