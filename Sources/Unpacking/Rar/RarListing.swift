internal import Bytes
internal import Compression

/// The members of a RAR archive by its own headers: libarchive does not tell which members of RAR 5 are encrypted, and
/// nothing at all of a solid RAR 4 archive. Names are tested whatever cannot be decoded.
struct RarListing {
    struct Entry {
        var name: [UInt8]
        var isEncrypted = false
        /// It is encrypted in the way of RAR 2 and older, which nothing here has.
        var hasOldEncryption = false
        /// It begins in the dictionary of the member before.
        var isSolid = false
        var isDirectory = false
        /// Where its content stands as it is; nil when it is compressed.
        var stored: Range<Int>?
        /// Its content under a compression older than 2.9, which libarchive takes for damage.
        var old: OldContent?
    }

    /// Content under a compression before that of RAR 2.9.
    struct OldContent {
        /// The version that it takes, tenfold: 15, 20, 26.
        var version: UInt8
        var range: Range<Int>
        /// Octets that it decodes to.
        var size: Int
        var checksum: UInt32
    }

    /// The version of compression and encryption of RAR 2.9 to 4, tenfold.
    static let present: UInt8 = 29
    /// Headers that are read.
    static let most = 65_536
    /// Octets of all names together.
    static let nameOctets = 16_777_216

    private(set) var entries: [Entry] = []
    /// There is more than the limits allow.
    private(set) var limitReached = false
    /// Where the archive ends; nil when its end was not met.
    private(set) var end: Int?
    /// Where the content of the last member ends: archives of RAR 2 have nothing behind it.
    private(set) var endOfMembers = 0
    private var namesLeft = Self.nameOctets

    /// - Parameter mayGoOn: false when there is no time left.
    init(_ content: Span<UInt8>, _ format: FileType.ArchiveFormat, while mayGoOn: () -> Bool) {
        if format == .rar5 { readVersion5(content, mayGoOn) } else { readVersion4(content, mayGoOn) }
    }

    /// Takes one member; false when the names are too long together.
    private mutating func take(_ entry: Entry) -> Bool {
        guard entry.name.count <= namesLeft else {
            limitReached = true
            return false
        }
        namesLeft -= entry.name.count
        entries.append(entry)
        return true
    }

    /// All that is compressed is so in an old way, and at least something is, or is encrypted so.
    var isOld: Bool {
        entries.contains { $0.old != nil || $0.hasOldEncryption }
            && entries.allSatisfy { $0.old != nil || $0.stored != nil || $0.isDirectory || $0.isEncrypted }
    }

    // MARK: RAR 1.5 to 4

    private mutating func readVersion4(_ content: Span<UInt8>, _ mayGoOn: () -> Bool) {
        var position = 7
        for _ in 0..<Self.most {
            guard mayGoOn(), position <= content.count - 7, let flags = content.littleEndian16(at: position + 3),
                let size = content.littleEndian16(at: position + 5), size >= 7
            else { return }
            let type = content[position + 2]
            var data = 0
            if flags & 0x8000 != 0 || type == 0x74 { data = Int(content.littleEndian32(at: position + 7) ?? 0) }
            let end = position + Int(size)
            if type == 0x74, !addVersion4(content, position, end, flags) { return }
            // Headers are encrypted from the archive's own on.
            if type == 0x73, flags & 0x80 != 0 { return }
            if type == 0x7B {
                self.end = min(end, content.count)
                return
            }
            position = end + data
        }
        limitReached = true
    }

    /// Returns false when there is no going on.
    private mutating func addVersion4(_ content: Span<UInt8>, _ start: Int, _ end: Int, _ flags: UInt16) -> Bool {
        guard start <= content.count - 32, let packed = content.littleEndian32(at: start + 7),
            let length = content.littleEndian16(at: start + 26)
        else { return true }
        // Within the header: many headers that share one long name would be a bomb.
        let nameStart = start + 32 + (flags & 0x100 != 0 ? 8 : 0)
        let name = content.clamped(nameStart, min(Int(length), max(0, end - nameStart)))
        // A name in Unicode stands behind a NUL in a packed form; the part in front is in some code page.
        var plain = content.extracting(name).array
        if flags & 0x200 != 0, let zero = plain.firstIndex(of: 0) { plain = Array(plain[..<zero]) }
        var entry = Entry(name: plain)
        let version = content[start + 24]
        entry.isEncrypted = flags & 4 != 0
        entry.hasOldEncryption = entry.isEncrypted && version < Self.present
        entry.isSolid = flags & 0x10 != 0
        entry.isDirectory = flags & 0xE0 == 0xE0
        let data = content.clamped(end, Int(packed))
        endOfMembers = data.upperBound
        if content[start + 25] == 0x30 {
            if !entry.isEncrypted { entry.stored = data }
        } else if version < Self.present, !entry.isEncrypted, !entry.isDirectory {
            entry.old = OldContent(
                version: version, range: data, size: Int(content.littleEndian32(at: start + 11) ?? 0),
                checksum: content.littleEndian32(at: start + 16) ?? 0)
        }
        return take(entry)
    }

    // MARK: RAR 5

    private mutating func readVersion5(_ content: Span<UInt8>, _ mayGoOn: () -> Bool) {
        var position = 8
        for _ in 0..<Self.most {
            guard mayGoOn(), position < content.count else { return }
            var cursor = RarInteger(position: position + 4)
            guard let size = cursor.next(content), size > 0, size <= content.count - cursor.position else { return }
            let end = cursor.position + size
            guard let type = cursor.next(content), let flags = cursor.next(content) else { return }
            var extra = 0
            var data = 0
            if flags & 1 != 0 { extra = cursor.next(content) ?? 0 }
            if flags & 2 != 0 { data = cursor.next(content) ?? 0 }
            if type == 2,
                !addVersion5(content, &cursor, end, extra: extra, data: content.clamped(end, data))
            {
                return
            }
            if type == 5 { self.end = end }
            if type == 4 || type == 5 { return }
            let (next, overflow) = end.addingReportingOverflow(data)
            if overflow { return }
            position = next
        }
        limitReached = true
    }

    /// Returns false when there is no going on.
    private mutating func addVersion5(
        _ content: Span<UInt8>, _ cursor: inout RarInteger, _ end: Int, extra: Int, data: Range<Int>
    ) -> Bool {
        guard let flags = cursor.next(content), cursor.next(content) != nil, cursor.next(content) != nil else {
            return true
        }
        if flags & 2 != 0 { cursor.position += 4 }
        if flags & 4 != 0 { cursor.position += 4 }
        guard let compression = cursor.next(content), cursor.next(content) != nil, let length = cursor.next(content)
        else {
            return true
        }
        // Within the header: many headers that share one long name would be a bomb.
        let name = content.clamped(cursor.position, min(length, max(0, end - cursor.position)))
        var entry = Entry(name: content.extracting(name).array)
        entry.isDirectory = flags & 1 != 0
        entry.isEncrypted = hasEncryptionRecord(content, content.clamped(end - min(extra, end), extra))
        if compression >> 7 & 7 == 0, !entry.isEncrypted { entry.stored = data }
        return take(entry)
    }

    /// A record of type 1 in the extra area of a header.
    private func hasEncryptionRecord(_ content: Span<UInt8>, _ area: Range<Int>) -> Bool {
        var cursor = RarInteger(position: area.lowerBound)
        while cursor.position < area.upperBound, let size = cursor.next(content), size > 0 {
            let start = cursor.position
            if cursor.next(content) == 1 { return true }
            let (next, overflow) = start.addingReportingOverflow(size)
            if overflow { return false }
            cursor.position = next
        }
        return false
    }
}
