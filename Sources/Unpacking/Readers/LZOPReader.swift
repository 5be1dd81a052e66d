internal import Codecs
internal import Members

/// Reads files of lzop: what all files in one are together, as `lzop -dc` writes it; beside it each by itself under the name that is
/// stored with it, as `lzop -x` does.
enum LZOPReader {
    private static let what = "lzop data"

    static func read(_ content: Span<UInt8>, into sink: any MemberSink) {
        var files = 0
        var parts = PartsOfArchive()
        let whole = PendingMember(member(content, at: 0, role: Member.decompressed), sink)
        let result = LZOPData.decode(
            content, memory: sink.limits.dictionary, while: { sink.mayGoOn() },
            begin: { header in
                files += 1
                parts.begin()
                if !header.isIntact { sink.report(.corrupt, "\(what) whose header has a wrong checksum") }
            },
            {
                parts.add($0)
                return whole.append($0)
            })
        result.end.report(what, sink)
        guard whole.end(isRead: result.end == .complete) else { return }
        if files > 1 { addFiles(content, parts, sink) }
        if result.end == .complete, sink.mayGoOn() {
            ArchiveEnd.addRest(of: content, from: result.consumed, what, into: sink)
        }
    }

    private static func member(
        _ content: Span<UInt8>, at start: Int, flags: MemberFlags = [], role: String
    ) -> Member {
        guard case .header(let header) = LZOPData.header(content, at: start) else { return Member(role: role) }
        return Member(names: header.name.isEmpty ? [] : [header.name], flags: flags, role: role)
    }

    /// Hands out every file, the last of them as far as it goes.
    private static func addFiles(_ content: Span<UInt8>, _ parts: PartsOfArchive, _ sink: any MemberSink) {
        var start = 0
        var index = 0
        while sink.mayGoOn(), case .header(let header) = LZOPData.header(content, at: start) {
            let flags = parts.flags(of: index)
            index += 1
            let file = PendingMember(member(content, at: start, flags: flags, role: "file of \(what)"), sink)
            let result = LZOPData.decode(
                content, header, memory: sink.limits.dictionary, while: { sink.mayGoOn() }, { file.append($0) })
            guard file.end(isRead: result.end == .complete), result.end == .complete else { return }
            start = result.consumed
        }
    }
}
