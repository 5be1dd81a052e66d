internal import Bytes
internal import Members

/// What stands behind the end of an archive or compressed file. Its reader stops there; other programs look for another
/// archive further on.
enum ArchiveEnd {
    /// Octets behind an end that are too few to hold anything.
    private static let smallestRest = 24

    /// Hands out what stands behind an archive. Padding is nothing, and a signature is no reason to complain; another
    /// archive is, as programs open one or the other.
    /// - Parameter parts: types with which the archive may go on.
    static func addRest(
        of content: Span<UInt8>, from end: Int, _ what: String, goingOn parts: Set<FileType> = [],
        into sink: any MemberSink
    ) {
        guard end >= 0, end < content.count else { return }
        var start = end
        // Programs for tapes pad with zeros, behind which the next archive may begin; an ISO image begins with zeros itself,
        // and others with an octet that programs of DOS pad with.
        if !isArchive(content.extracting(end..<content.count)) {
            var kind: UInt8?
            while start < content.count, blanks.contains(content[start]) {
                if kind != content[start], start > end, isArchive(content.extracting(start..<content.count)) { break }
                kind = content[start]
                start += 1
            }
            // The last blank may be the first octet of what follows.
            if start > end, start < content.count, isArchive(content.extracting(start - 1..<content.count)) {
                start -= 1
            }
        }
        guard content.count - start >= smallestRest else { return }
        let rest = content.extracting(start..<content.count)
        let goesOn = Recognition.types(of: rest).first.map { parts.contains($0) } ?? false
        if !goesOn, isArchive(rest) || HiddenArchives.isIn(rest, sink) {
            sink.report(.ambiguous, "archive behind \(what)")
        }
        _ = sink.add(Member(flags: .slack, role: "behind \(what)"), range: start..<content.count)
    }

    private static func isArchive(_ rest: Span<UInt8>) -> Bool {
        Recognition.types(of: rest).contains(where: \.opening.isArchive)
    }

    private static let blanks: [UInt8] = [0, 0x20, 0x0A, 0x0D, 0x09, 0x1A]

    /// Where a 7z archive ends: behind its last header (`7zFormat.txt`, start header). nil when that is out of reach.
    static func ofSevenZip(_ content: Span<UInt8>) -> Int? {
        guard let offset = content.littleEndian64(at: 12), let size = content.littleEndian64(at: 20) else { return nil }
        let (sum, overflow) = offset.addingReportingOverflow(size)
        guard !overflow, sum <= UInt64(content.count) else { return nil }
        let end = Int(sum) + 32
        return end <= content.count ? end : nil
    }

    /// Where a compound file ends: behind the last sector that its FAT says is in use (MS-CFB sections 2.2 to 2.5). nil when
    /// the FAT cannot be read.
    static func ofCompoundFile(_ content: Span<UInt8>) -> Int? {
        guard let shift = content.littleEndian16(at: 30), shift == 9 || shift == 12,
            let count = content.littleEndian32(at: 44), count > 0, Int(count) <= content.count >> Int(shift)
        else { return nil }
        let size = 1 << Int(shift)
        func start(_ sector: UInt32) -> Int { (Int(sector) + 1) * size }
        // The FAT's sectors: 109 in the header, the others in a chain of sectors whose last entry names the next.
        var table: [UInt32] = []
        for index in 0..<min(109, Int(count)) {
            guard let sector = content.littleEndian32(at: 76 + index * 4) else { return nil }
            table.append(sector)
        }
        var next = content.littleEndian32(at: 68)
        while table.count < Int(count) {
            guard let list = next, start(list) <= content.count - size else { return nil }
            for index in 0..<min(size / 4 - 1, Int(count) - table.count) {
                guard let sector = content.littleEndian32(at: start(list) + index * 4) else { return nil }
                table.append(sector)
            }
            next = content.littleEndian32(at: start(list) + size - 4)
        }
        for (index, sector) in table.enumerated().reversed() {
            for entry in (0..<size / 4).reversed() {
                guard let value = content.littleEndian32(at: start(sector) + entry * 4) else { return nil }
                if value != UInt32.max { return (index * (size / 4) + entry + 2) * size }
            }
        }
        return nil
    }
}
