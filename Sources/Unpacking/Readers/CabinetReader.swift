internal import Bytes
internal import HTMLHelp
internal import Members

/// Reads cabinets by libmspack: libarchive 3.6 writes outside of its memory on damaged LZX.
enum CabinetReader {
    static func read(_ content: Span<UInt8>, into sink: any MemberSink) {
        let result = CabinetFile.read(
            content,
            begin: { name in
                let member = Member(names: name.isEmpty ? [] : [name])
                if !member.hasReadableName {
                    sink.report(.ambiguous, "member of cab archive without a readable name")
                }
                return sink.begin(member)
            }, append: { sink.append($0) }, end: { sink.end() })
        // Of a volume, the rest of what it holds is missing without any damage.
        if result.contains(.damaged) {
            sink.report(result.contains(.volume) ? .note : .corrupt, "damaged cab archive")
        }
        if result.contains(.overlapping) { sink.report(.overlappingFiles) }
        if result.contains(.volume) { sink.report(.unsupported, "volume of a split cab archive") }
        if let size = content.littleEndian32(at: 8), sink.mayGoOn() {
            ArchiveEnd.addRest(of: content, from: Int(size), "cab archive", into: sink)
        }
    }
}
