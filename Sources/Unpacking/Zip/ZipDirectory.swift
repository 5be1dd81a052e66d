internal import Bytes
internal import Members

/// Every directory of a zip archive. Programs choose the first, the last, or the one that the first record points to, and
/// some add what lies in front of the archive to all offsets and others do not: all are read.
struct ZipDirectory {
    /// Central headers that are read.
    static let mostEntries = 65_536

    /// A list of central headers.
    struct Listing {
        var entries: [ZipEntry] = []
        /// The headers themselves.
        var range = 0..<0
    }

    private(set) var listings: [Listing] = []
    /// Records that are neither members nor central headers.
    private(set) var records: [Range<Int>] = []
    /// Comments of the archive.
    private(set) var comments: [Range<Int>] = []
    /// There is more than the limits allow.
    private(set) var limitReached = false
    /// A record says that the archive is on several disks, or is further in than there is content in front of it, where
    /// members should be.
    private(set) var isSplit = false
    /// An end record and the directory that it points to do not agree about where it is or how many members it lists, or a
    /// directory is there that no end record points to: programs that believe one of them see other members (attack F5).
    private(set) var isContradicted = false
    /// A comment reaches beyond the end.
    private(set) var isCommentCut = false
    /// An end record says that there are no members.
    private(set) var isEmptyArchive = false
    private let most: Int
    private var entriesLeft = Self.mostEntries
    /// Octets of an end-of-central-directory record without its comment.
    private static let endSize = 22
    /// Data of the members that are listed so far.
    private var members = Coverage()

    /// - Parameter most: end records that are looked at, the last ones, and lists of central headers.
    init(_ content: Span<UInt8>, most: Int = ContainerLimits().zipDirectories) {
        self.most = most
        // From the last: what it lists tells which of the others lie within members, stored archives of their own. Most
        // archives have one record, at their end, and nothing but members before it: these need not be searched.
        let last = content.count - Self.endSize
        guard last >= 0 else { return }
        if content.hasBytes(ZipSignatures.endOfDirectory, at: last) { readEnd(content, at: last) }
        var ends: [Int] = []
        var lastDropped: Int?
        for gap in members.gaps(upTo: last) {
            var from = gap.lowerBound
            let end = min(gap.upperBound + 3, content.count)
            while let found = content.firstIndex(of: ZipSignatures.endOfDirectory, from: from, to: end) {
                from = found + 4
                ends.append(found)
                if ends.count == 2 * most {
                    lastDropped = ends[most - 1]
                    ends.removeFirst(most)
                }
            }
        }
        for end in ends.reversed() where members.range(containing: end) == nil { readEnd(content, at: end) }
        if let lastDropped, members.range(containing: lastDropped) == nil { limitReached = true }
        // A directory whose end record is missing, cut off or elsewhere.
        readLooseHeaders(content)
    }

    private mutating func readEnd(_ content: Span<UInt8>, at end: Int) {
        guard let disk = content.littleEndian16(at: end + 4), let firstDisk = content.littleEndian16(at: end + 6),
            let shortSize = content.littleEndian32(at: end + 12),
            let shortOffset = content.littleEndian32(at: end + 16),
            let commentLength = content.littleEndian16(at: end + 20)
        else { return }
        if ZipSignatures.isInProgram(content), shortSize != UInt32.max,
            !content.hasBytes(ZipSignatures.centralHeader, at: end - Int(shortSize)),
            !content.hasBytes(ZipSignatures.centralHeader, at: Int(shortOffset))
        {
            return
        }
        var size = Int(shortSize)
        var offset = Int(shortOffset)
        var count = Int(content.littleEndian16(at: end + 10) ?? 0)
        var directoryEnd = end
        if let wide = zip64End(content, before: end) {
            records.append(wide.range)
            directoryEnd = wide.range.lowerBound
            if shortSize == UInt32.max { size = wide.size }
            if shortOffset == UInt32.max { offset = wide.offset }
            if count == Int(UInt16.max) { count = wide.count }
        } else if disk != firstDisk || (disk != 0 && disk != UInt16.max) {
            isSplit = true
        }
        records.append(content.clamped(end, Self.endSize))
        if size == 0, count == 0 { isEmptyArchive = true }
        let comment = content.clamped(end + Self.endSize, Int(commentLength))
        if !comment.isEmpty { comments.append(comment) }
        let counted = directoryEnd.subtractingReportingOverflow(size)
        if !counted.overflow { readListing(content, at: counted.partialValue, statedOffset: offset) }
        readListing(content, at: offset, statedOffset: offset)
        let starts = [counted.overflow ? -1 : counted.partialValue, offset]
        guard let listing = listings.first(where: { starts.contains($0.range.lowerBound) }), !limitReached else {
            return
        }
        if comment.count < Int(commentLength) { isCommentCut = true }
        // A digital signature may stand between them (section 4.3.13). The count of many members has lost its high bits.
        let isSigned = content.hasBytes(ZipSignatures.digitalSignature, at: listing.range.upperBound)
        let fits =
            isSigned
            ? listing.range.count <= size
            : listing.range.upperBound == directoryEnd && listing.range.count == size
        if !fits || offset > listing.range.lowerBound || (listing.entries.count ^ count) & 0xFFFF != 0 {
            isContradicted = true
        }
    }

    /// What a zip64 record says of the directory.
    private struct WideEnd {
        var range: Range<Int>
        var count: Int
        var size: Int
        var offset: Int
    }

    /// The zip64 record and its locator in front of an end record (sections 4.3.14 and 4.3.15).
    private func zip64End(_ content: Span<UInt8>, before end: Int) -> WideEnd? {
        let locator = end - 20
        guard content.hasBytes(ZipSignatures.zip64Locator, at: locator),
            let stated = content.littleEndian64(at: locator + 8)
        else { return nil }
        // Where it says, or right in front of the locator when something stands before the archive.
        for record in [Int(clamping: stated), locator - 56] where content.hasBytes(ZipSignatures.zip64End, at: record) {
            guard record < end, let count = content.littleEndian64(at: record + 32),
                let size = content.littleEndian64(at: record + 40), let offset = content.littleEndian64(at: record + 48)
            else { continue }
            return WideEnd(
                range: record..<end, count: Int(clamping: count), size: Int(clamping: size),
                offset: Int(clamping: offset))
        }
        return nil
    }

    /// Reads central headers one after the other, as long as there are some: a count that is too low hides nothing.
    /// - Parameter statedOffset: where the record says that the first is; the difference shifts all local headers.
    private mutating func readListing(_ content: Span<UInt8>, at start: Int, statedOffset: Int) {
        guard start >= 0, start < content.count, !listings.contains(where: { $0.range.contains(start) }) else { return }
        guard listings.count < most else {
            limitReached = true
            return
        }
        var listing = Listing()
        var position = start
        let (shift, overflow) = start.subtractingReportingOverflow(statedOffset)
        while let entry = ZipEntry(central: content, at: position) {
            guard entriesLeft > 0 else {
                limitReached = true
                break
            }
            entriesLeft -= 1
            listing.entries.append(placed(entry, shift: overflow ? 0 : shift, content))
            position = entry.comment.upperBound
        }
        guard !listing.entries.isEmpty else { return }
        if !overflow, shift < 0, listing.entries.contains(where: { $0.localHeader < 0 }) { isSplit = true }
        listing.range = start..<position
        listings.append(listing)
        members.add(listing.entries.compactMap { Self.data(of: $0, content) })
    }

    /// Where an entry says that its data is.
    private static func data(of entry: ZipEntry, _ content: Span<UInt8>) -> Range<Int>? {
        guard let local = ZipEntry(local: content, at: entry.localHeader) else { return nil }
        return content.clamped(local.dataStart, entry.compressedSize)
    }

    /// The entry with the place of its local header: shifted, or else as stated.
    private mutating func placed(_ entry: ZipEntry, shift: Int, _ content: Span<UInt8>) -> ZipEntry {
        var entry = entry
        let (shifted, overflow) = entry.localHeader.addingReportingOverflow(shift)
        if !overflow, content.hasBytes(ZipSignatures.localHeader, at: shifted) {
            entry.localHeader = shifted
        } else if content.hasBytes(ZipSignatures.localHeader, at: entry.localHeader) {
            isContradicted = true
        } else {
            entry.localHeader = -1
        }
        return entry
    }

    private mutating func readLooseHeaders(_ content: Span<UInt8>) {
        var known = members
        known.add(listings.map(\.range))
        for gap in known.gaps(upTo: content.count) {
            var from = gap.lowerBound
            while !limitReached,
                let found = content.firstIndex(of: ZipSignatures.centralHeader, from: from, to: gap.upperBound)
            {
                if ZipSignatures.isInProgram(content),
                    ZipEntry(central: content, at: found).flatMap({ ZipEntry(local: content, at: $0.localHeader) })
                        == nil
                {
                    from = found + 4
                    continue
                }
                // Offsets count from the start of the archive, which is where the content begins when nothing tells.
                let count = listings.count
                readListing(content, at: found, statedOffset: found)
                if listings.count > count, !records.isEmpty { isContradicted = true }
                from = listings.count > count ? listings[count].range.upperBound : found + 4
            }
        }
    }
}
