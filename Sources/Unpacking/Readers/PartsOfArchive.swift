internal import Members

/// What the files of one compressed stream are, each by itself: files of their own, or parts of one tar archive that was cut
/// before each was compressed. The archive is read as a whole beside them, and what is missing of a part is no damage. Each part
/// is looked at with its name all the same, as programs write it so.
struct PartsOfArchive {
    /// Octets of a header of tar.
    private static let headSize = 512

    /// The first octets of what all are together.
    private var head: [UInt8] = []

    /// The next octets of what all are together.
    mutating func add(_ piece: Span<UInt8>) {
        guard head.count < Self.headSize else { return }
        let part = piece.extracting(0..<min(piece.count, Self.headSize - head.count))
        for index in 0..<part.count { head.append(part[index]) }
    }

    /// Flags of each. What cannot be read of a part for another reason than damage is still told.
    var flags: MemberFlags { StructureChecks.isTar(head.span) ? [.quoted, .resembling] : [] }
}
