internal import Bytes

/// What headers of a zip archive hold besides facts: comments of members and extra fields, which programs pass over and
/// which have room for a file (attack F4).
struct ZipRemarks {
    /// Octets of a comment, and of an extra field, that are too few to hold anything: fields that programs write are short.
    private static let smallestComment = 24
    private static let smallestField = 64
    /// The Unicode path (APPNOTE.TXT section 4.6.9), which is tried as a name.
    private static let path: UInt16 = 0x7075
    private static let longestPath = 1024

    private(set) var ranges: [Range<Int>] = []

    /// Looks at one header, central or local.
    mutating func add(_ entry: ZipEntry, _ content: Span<UInt8>) {
        if entry.comment.count >= Self.smallestComment { ranges.append(entry.comment) }
        guard entry.extra.count >= Self.smallestField else { return }
        var position = entry.extra.lowerBound
        while position + 4 <= entry.extra.upperBound, let identifier = content.littleEndian16(at: position),
            let length = content.littleEndian16(at: position + 2)
        {
            let field = position + 4..<min(position + 4 + Int(length), entry.extra.upperBound)
            position = field.upperBound
            let isName = identifier == Self.path && field.count <= Self.longestPath
            if field.count >= Self.smallestField, !isName { ranges.append(field) }
        }
        // What has no form of a field.
        if entry.extra.upperBound - position >= Self.smallestField {
            ranges.append(position..<entry.extra.upperBound)
        }
    }
}
