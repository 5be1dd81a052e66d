internal import Bytes
internal import Compression

/// Headers of RAR 1.5 to 4.
extension RarListing {
    private static let unix: UInt8 = 3

    mutating func readVersion4(_ content: Span<UInt8>, _ mayGoOn: () -> Bool) {
        var position = 7
        for _ in 0..<Self.most {
            guard mayGoOn(), position <= content.count - 7, let flags = content.littleEndian16(at: position + 3),
                let size = content.littleEndian16(at: position + 5), size >= 7
            else { return }
            let type = content[position + 2]
            let isMember = type == Rar4Header.Kind.file || type == Rar4Header.Kind.service
            var data = 0
            if flags & Rar4Header.Flag.data != 0 || type == Rar4Header.Kind.file {
                data = Int(content.littleEndian32(at: position + 7) ?? 0)
            }
            let end = position + Int(size)
            if isMember, flags & Rar4Header.Flag.large != 0 {
                data |= Self.upperHalf(content, at: position + Rar4Header.fileSize)
            }
            if isMember, !addMember(content, position, end, flags, content.clamped(end, data)) { return }
            if type == Rar4Header.Kind.oldService, !addOldStream(content, position, end, content.clamped(end, data)) {
                return
            }
            if type == Rar4Header.Kind.oldComment { addOldComment(content, position, end) }
            if type == Rar4Header.Kind.archive, flags & Rar4Header.Flag.archiveComment != 0 {
                addOldComment(content, position + Self.shortest, end)
            }
            if !Self.hasChecksum(content, position, end, type, flags) { hasDamagedHeaders = true }
            if Self.oldTypes.contains(type) || isMember { endOfMembers = content.clamped(end, data).upperBound }
            // Headers are encrypted from the archive's own on.
            if type == Rar4Header.Kind.archive, flags & Rar4Header.Flag.encryptedHeaders != 0 { return }
            if type == Rar4Header.Kind.end {
                self.end = min(end, content.count)
                return
            }
            // The data goes on behind the end of the content.
            if data > content.count - end { hasDamagedHeaders = true }
            position = end + data
        }
        limitReached = true
    }

    /// Comments, signatures, services, recovery records of RAR 2.
    private static let oldTypes: ClosedRange<UInt8> = 0x75...0x79

    /// Octets of an archive's header that say nothing but that, and of a comment's in front of its text.
    private static let shortest = 13

    /// Behind the mark stands a header as an archive begins with: programs take one of any size, some of them without its
    /// checksum, or none but that of the first member.
    static func beginsVersion4(_ content: Span<UInt8>) -> Bool {
        let start = 7
        guard start <= content.count - 7, let flags = content.littleEndian16(at: start + 3),
            let size = content.littleEndian16(at: start + 5).map({ Int($0) })
        else { return false }
        let end = start + size
        switch content[start + 2] {
        case Rar4Header.Kind.archive:
            guard size >= shortest, end <= content.count else { return false }
            if size == shortest || hasChecksum(content, start, end, Rar4Header.Kind.archive, flags) { return true }
            return end <= content.count - 7 && Rar4Header.Kind.file...Rar4Header.Kind.end ~= content[end + 2]
                && content.littleEndian16(at: end + 5) ?? 0 >= 7
        case let kind where kind == Rar4Header.Kind.file || kind == Rar4Header.Kind.service:
            return size >= Rar4Header.fileSize && hasChecksum(content, start, end, kind, flags)
        default: return false
        }
    }

    /// The checksum of a header, 16 bits of a CRC-32, is right. That of some old services covers what follows them, too.
    private static func hasChecksum(_ content: Span<UInt8>, _ start: Int, _ end: Int, _ type: UInt8, _ flags: UInt16)
        -> Bool
    {
        var last = end
        switch type {
        case Rar4Header.Kind.archive where flags & Rar4Header.Flag.archiveComment != 0: last = start + 13
        case Rar4Header.Kind.file where flags & Rar4Header.Flag.fileComment != 0:
            last = start + Rar4Header.fileSize + Int(content.littleEndian16(at: start + 26) ?? 0)
        case oldTypes: return true
        default: break
        }
        guard last <= content.count, last > start + 2, let stated = content.littleEndian16(at: start) else {
            return false
        }
        return UInt16(truncatingIfNeeded: crc32(content.extracting(start + 2..<last))) == stated
    }

    /// The upper half of a size, cut to what can be added to others.
    private static func upperHalf(_ content: Span<UInt8>, at place: Int) -> Int {
        Int(min(content.littleEndian32(at: place) ?? 0, 0xFFFF)) << 32
    }

    /// Returns false when there is no going on.
    private mutating func addMember(
        _ content: Span<UInt8>, _ start: Int, _ end: Int, _ flags: UInt16, _ data: Range<Int>
    ) -> Bool {
        guard start <= content.count - Rar4Header.fileSize, let length = content.littleEndian16(at: start + 26) else {
            return true
        }
        let isFile = content[start + 2] == Rar4Header.Kind.file
        // Within the header: many headers that share one long name would be a bomb.
        let nameStart = start + Rar4Header.fileSize + (flags & Rar4Header.Flag.large != 0 ? Rar4Header.upperHalves : 0)
        let place = content.clamped(nameStart, min(Int(length), max(0, end - nameStart)))
        let name = content.extracting(place).array
        guard isFile || name == Self.streamHeader || name == Self.commentHeader else { return true }
        var entry = Entry(
            header: start, names: Self.names(name, isUnicode: flags & Rar4Header.Flag.unicode != 0),
            version: content[start + 24], data: data)
        if !isFile {
            entry.isStream = true
            entry.names = streamNames(
                Self.wide(content.extracting(content.clamped(place.upperBound, end - place.upperBound))))
        }
        entry.isEncrypted = flags & Rar4Header.Flag.encrypted != 0
        entry.isDirectory = isFile && flags & Rar4Header.Flag.directory == Rar4Header.Flag.directory
        entry.isSplit = flags & Rar4Header.Flag.split != 0
        entry.isContinued = flags & Rar4Header.Flag.continued != 0
        entry.isSolid = isFile && flags & Rar4Header.Flag.solid != 0
        entry.isStored = content[start + 25] == Rar4Header.stored
        entry.size = Int(content.littleEndian32(at: start + 11) ?? 0)
        if flags & Rar4Header.Flag.large != 0 {
            entry.size = entry.size.map { $0 | Self.upperHalf(content, at: start + Rar4Header.fileSize + 4) }
        }
        entry.checksum = content.littleEndian32(at: start + 16)
        entry.isLink =
            content[start + 15] == Self.unix && (content.littleEndian32(at: start + 28) ?? 0) & 0xF000 == 0xA000
        if !isFile, name == Self.commentHeader {
            comment = entry
            return true
        }
        return take(entry)
    }

    /// A stream as RAR 2 wrote it: kind of service 0x105; size, version, method and checksum of the content, and its name.
    private mutating func addOldStream(
        _ content: Span<UInt8>, _ start: Int, _ end: Int, _ data: Range<Int>
    ) -> Bool {
        guard content.littleEndian16(at: start + 11) == 0x105, start + 26 <= content.count,
            let length = content.littleEndian16(at: start + 24)
        else { return true }
        let place = content.clamped(start + 26, min(Int(length), max(0, end - start - 26)))
        var entry = Entry(
            header: start, names: streamNames(content.extracting(place).array), version: content[start + 18], data: data
        )
        entry.isStream = true
        entry.isStored = content[start + 19] == Rar4Header.stored
        entry.size = Int(content.littleEndian32(at: start + 14) ?? 0)
        entry.checksum = content.littleEndian32(at: start + 20)
        return take(entry)
    }

    /// The comment of the archive as RAR 1.5 and 2 wrote it: behind the fields of every header size, version, method and
    /// checksum of the text, and the text.
    private mutating func addOldComment(_ content: Span<UInt8>, _ start: Int, _ end: Int) {
        let first = start + Self.shortest
        guard comment == nil, first <= content.count, content[start + 2] == Rar4Header.Kind.oldComment,
            let size = content.littleEndian16(at: start + 5), let unpacked = content.littleEndian16(at: start + 7)
        else { return }
        var entry = Entry(
            header: start, names: [], version: content[start + 9],
            data: content.clamped(first, min(start + Int(size), end) - first))
        entry.isStored = content[start + 10] == Rar4Header.stored
        entry.size = Int(unpacked)
        comment = entry
    }

    // MARK: Names

    /// A name in some code page; where it is in Unicode as well, behind a NUL in a packed form, that first. Without a NUL it
    /// is in UTF-8.
    private static func names(_ field: [UInt8], isUnicode: Bool) -> [[UInt8]] {
        guard isUnicode, let zero = field.firstIndex(of: 0) else { return [path(field)] }
        let plain = Array(field[..<zero])
        let full = unpacked(Array(field[(zero + 1)...]), plain)
        return full.isEmpty || full == plain ? [path(plain)] : [path(full), path(plain)]
    }

    /// The packed form: an upper octet for many, then for each unit two bits of a flag: 0 one octet; 1 one octet below the
    /// upper octet; 2 both; 3 a count of units that are as in the plain name, or go with an octet that is added to them.
    private static func unpacked(_ packed: [UInt8], _ plain: [UInt8]) -> [UInt8] {
        guard let upper = packed.first else { return [] }
        var units: [UInt16] = []
        var position = 1
        func next() -> UInt16 {
            defer { position += 1 }
            return position < packed.count ? UInt16(packed[position]) : 0
        }
        func plainUnit() -> UInt16? { units.count < plain.count ? UInt16(plain[units.count]) : nil }
        var flags: UInt16 = 0
        var bits = 0
        // A unit takes an octet, or stands for one of the plain name.
        while position < packed.count {
            if bits == 0 {
                flags = next()
                bits = 8
                guard position < packed.count else { break }
            }
            bits -= 2
            switch flags >> UInt16(bits) & 3 {
            case 0: units.append(next())
            case 1: units.append(next() | UInt16(upper) << 8)
            case 2: units.append(next() | next() << 8)
            default:
                let count = next()
                let added = count & 0x80 != 0 ? next() : 0
                for _ in 0..<(count & 0x7F) + 2 {
                    guard let unit = plainUnit() else { break }
                    units.append(count & 0x80 != 0 ? (unit + added) & 0xFF | UInt16(upper) << 8 : unit)
                }
            }
        }
        return Array(String(decoding: units, as: UTF16.self).utf8)
    }

    /// UTF-16 as UTF-8.
    static func wide(_ field: Span<UInt8>) -> [UInt8] {
        let units = (0..<field.count / 2).map { field.littleEndian16(at: $0 * 2) ?? 0 }
        return Array(String(decoding: units.prefix { $0 != 0 }, as: UTF16.self).utf8)
    }
}
