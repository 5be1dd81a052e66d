internal import Documents
internal import Members

/// What the files of one compressed stream are, each by itself: files of their own, or parts of one archive or document that was cut
/// before each was compressed. That is read as a whole beside them, and what is missing of a part is no damage. Each part is looked at
/// with its name all the same, as programs write it so.
struct PartsOfArchive {
    /// Octets by which archives and documents are known.
    private static let headSize = FileSignature.length

    /// The first octets of what all are together, and of the last part.
    private var whole: [UInt8] = []
    private var head: [UInt8] = []
    /// Whether each part but the last begins as a file does.
    private var areFiles: [Bool] = []

    /// Another part begins.
    mutating func begin() {
        areFiles.append(FileSignature.isFile(head.span))
        head.removeAll(keepingCapacity: true)
    }

    /// The next octets of what all are together.
    mutating func add(_ piece: Span<UInt8>) {
        Self.add(piece, to: &whole)
        Self.add(piece, to: &head)
    }

    private static func add(_ piece: Span<UInt8>, to head: inout [UInt8]) {
        guard head.count < headSize else { return }
        let part = piece.extracting(0..<min(piece.count, headSize - head.count))
        for index in 0..<part.count { head.append(part[index]) }
    }

    /// Flags of a part, the first of which is 0. What cannot be read of a part of tar for another reason than damage is still
    /// told; of others only a part that begins as a file by itself is one.
    func flags(of part: Int) -> MemberFlags {
        if StructureChecks.isTar(whole.span) { return [.quoted, .resembling] }
        guard FileSignature.isFile(whole.span) else { return [] }
        let isFile = part + 1 < areFiles.count ? areFiles[part + 1] : FileSignature.isFile(head.span)
        return part > 0 && isFile ? [] : .quoted
    }
}
