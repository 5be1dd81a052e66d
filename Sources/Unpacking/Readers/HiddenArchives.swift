internal import Bytes
internal import Compression
internal import Members

/// Finds archives that stand behind other content: self-extracting programs, pictures with an archive at their end. zip
/// archives need no such search: recognition finds them wherever they are.
enum HiddenArchives {
    /// Archives that are taken from one content.
    private static let most = 16

    /// A signature, and the place of its rarest octet.
    private struct Mark: Sendable {
        let bytes: [UInt8]
        let rare: Int
    }

    private static let marks = [
        Mark(bytes: [0x52, 0x61, 0x72, 0x21, 0x1A, 0x07], rare: 4),
        Mark(bytes: [0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], rare: 2),
        Mark(bytes: [0x4D, 0x53, 0x43, 0x46, 0, 0, 0, 0], rare: 2), Mark(bytes: [0x60, 0xEA], rare: 1),
        Mark(bytes: [0x2A, 0x2A, 0x41, 0x43, 0x45, 0x2A, 0x2A], rare: 3),
    ]

    static func read(_ content: Span<UInt8>, _ types: [FileType], into sink: any MemberSink) {
        if let type = types.first, [.text, .xml, .html].contains(type) { return }
        var count = 0
        var end = 0
        for start in starts(content) where start >= end {
            guard count < most else { return sink.report(.overLimits, "archives behind other content") }
            count += 1
            let member = Member(flags: .slack, role: "archive behind other content")
            guard sink.add(member, range: start..<content.count) else { return }
            // The rest is looked at with the archive.
            end = content.count
        }
    }

    /// Where archives begin. Programs that unpack have the marks among their constants, so each is looked at closely.
    private static func starts(_ content: Span<UInt8>) -> [Int] {
        var found: [Int] = []
        for mark in marks {
            var from = 1
            while let start = content.firstSignature(mark.bytes, rare: mark.rare, from: from) {
                from = start + 1
                let before = mark.bytes[0] == 0x2A ? 7 : 0
                if start - before > 0, isArchive(content, at: start - before) {
                    found.append(start - before)
                    break
                }
            }
        }
        return found.sorted()
    }

    private static func isArchive(_ content: Span<UInt8>, at start: Int) -> Bool {
        switch content[start] {
        case 0x52:
            // RAR 5: the checksum of the first header is its own proof; RAR 4: an archive header of 13 octets.
            if content.hasBytes([0x01, 0x00], at: start + 6) { return true }
            return content.hasBytes([0x00], at: start + 6) && content.hasBytes([0x73], at: start + 9)
                && content.littleEndian16(at: start + 12) == 13
        case 0x37:
            guard let sum = content.littleEndian32(at: start + 8), start <= content.count - 32 else { return false }
            return crc32(content.extracting(start + 12..<start + 32)) == sum
        case 0x4D:
            guard StructureChecks.isCabinet(content, at: start), let size = content.littleEndian32(at: start + 8) else {
                return false
            }
            return Int(size) >= 36 && Int(size) <= content.count - start
        case 0x60:
            return ArjReader.isHeader(content, at: start)
        default:
            return content.hasBytes("**ACE**", at: start + 7)
        }
    }
}
