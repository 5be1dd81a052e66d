internal import Members

/// A zip archive made of one member of another, so that libarchive can decode it wherever it lies and whatever the
/// directory claims.
enum SingleZip {
    /// - Parameter data: of the member, not encrypted.
    static func archive(_ entry: ZipEntry, _ data: Span<UInt8>) -> [UInt8] {
        var out = ZipSignatures.localHeader
        // Version; sizes stand in the header, not behind the data.
        out += littleEndian(63, 2) + littleEndian(Int(entry.flags & ~9), 2) + littleEndian(Int(entry.method), 2)
        out += littleEndian(Int(entry.time), 2) + littleEndian(0, 2) + littleEndian(Int(entry.checksum), 4)
        out += littleEndian(data.count, 4) + littleEndian(entry.size, 4) + littleEndian(1, 2) + littleEndian(0, 2)
        out.append(0x6D)
        out.reserveCapacity(out.count + data.count)
        data.withUnsafeBufferPointer { out.append(contentsOf: $0) }
        return out
    }

    private static func littleEndian(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }
}
