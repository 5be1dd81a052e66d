internal import Bytes
internal import Compression

/// What the main headers of archives say and libarchive does not tell.
enum ArchiveFacts {
    /// Octets of a member's header in `ar(5)`.
    static let arHeader = 60

    /// Words for an archive that is one volume of several; nil for a whole one.
    static func volume(_ content: Span<UInt8>, _ format: FileType.ArchiveFormat) -> String? {
        let isVolume: Bool
        switch format {
        case .rar: isVolume = (rarFlags(content) ?? 0) & 1 != 0
        case .rar5: isVolume = (rar5Header(content)?.flags ?? 0) & 1 != 0
        case .sevenZip:
            // The header of a split archive lies in its last volume.
            guard let offset = content.littleEndian64(at: 12), let size = content.littleEndian64(at: 20) else {
                return nil
            }
            let (end, overflow) = offset.addingReportingOverflow(size)
            isVolume = overflow || end > UInt64(max(0, content.count - 32))
        default: return nil
        }
        return isVolume ? "volume of a split \(format.words), or cut off" : nil
    }

    /// Names and all else of the members are encrypted.
    static func hasEncryptedHeaders(_ content: Span<UInt8>, _ format: FileType.ArchiveFormat) -> Bool {
        switch format {
        case .rar: (rarFlags(content) ?? 0) & 0x80 != 0
        case .rar5: rar5Header(content)?.type == 4
        default: false
        }
    }

    /// Flags of the archive header of RAR 1.5 to 4, which follows the 7 octets of the signature.
    private static func rarFlags(_ content: Span<UInt8>) -> UInt16? {
        guard content.count >= 20, content[9] == 0x73 else { return nil }
        return content.littleEndian16(at: 10)
    }

    /// The start of a 7z archive says that it has no header, as one without members does, and has the checksum that it states.
    static func isEmptySevenZip(_ content: Span<UInt8>) -> Bool {
        let start = content.clamped(12, 20)
        return content.littleEndian64(at: 20) == 0 && content.littleEndian32(at: 8) == crc32(content.extracting(start))
    }

    /// The checksum of the first header of RAR 5 is right. It covers the header and its size, which has up to three octets.
    static func hasRAR5Checksum(_ content: Span<UInt8>) -> Bool {
        guard let stated = content.littleEndian32(at: 8) else { return false }
        var size = 0
        for place in 0..<3 where 12 + place < content.count {
            size |= Int(content[12 + place] & 0x7F) << (place * 7)
            guard content[12 + place] & 0x80 == 0 else { continue }
            let header = content.clamped(12, place + 1 + size)
            return header.count == place + 1 + size && crc32(content.extracting(header)) == stated
        }
        return false
    }

    /// Type and archive flags of the first header of RAR 5, behind 8 octets of signature and 4 of checksum.
    private static func rar5Header(_ content: Span<UInt8>) -> (type: UInt64, flags: UInt64)? {
        var position = 12
        func next() -> UInt64? {
            var value: UInt64 = 0
            for shift in stride(from: UInt64(0), to: 63, by: 7) {
                guard position < content.count else { return nil }
                let byte = content[position]
                position += 1
                value |= UInt64(byte & 0x7F) << shift
                if byte & 0x80 == 0 { return value }
            }
            return nil
        }
        guard next() != nil, let type = next(), let headerFlags = next() else { return nil }
        guard type == 1 else { return (type, 0) }
        if headerFlags & 1 != 0, next() == nil { return nil }
        guard let flags = next() else { return nil }
        return (type, flags)
    }
}
