internal import Members

/// A zip archive made of one member of another, so that libarchive can decode it wherever it lies and whatever the
/// directory claims.
enum SingleZip {
    static func archive(_ entry: ZipEntry, _ content: Span<UInt8>, _ data: Range<Int>) -> [UInt8] {
        var extra: [UInt8] = []
        if let aes = ZipEntry.extraField(0x9901, in: content, entry.extra) {
            extra = littleEndian(0x9901, 2) + littleEndian(aes.count, 2)
            for index in aes { extra.append(content[index]) }
        }
        var out = ZipSignatures.localHeader
        // Version; sizes stand in the header, not behind the data.
        out += littleEndian(63, 2) + littleEndian(Int(entry.flags & ~8), 2) + littleEndian(Int(entry.method), 2)
        out += littleEndian(Int(entry.time), 2) + littleEndian(0, 2) + littleEndian(Int(entry.checksum), 4)
        out +=
            littleEndian(data.count, 4) + littleEndian(entry.size, 4) + littleEndian(1, 2)
            + littleEndian(extra.count, 2)
        out.append(0x6D)
        out += extra
        out.reserveCapacity(out.count + data.count)
        content.extracting(data).withUnsafeBufferPointer { out.append(contentsOf: $0) }
        return out
    }

    private static func littleEndian(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }
}
