internal import Codecs
internal import Members

/// Reads files that were compressed as a whole.
enum FilterReader {
    static func read(_ content: Span<UInt8>, _ filter: FileType.ArchiveFilter, into sink: any MemberSink) {
        let what = "\(filter.rawValue) data"
        let member = PendingMember(Member(role: "decompressed"), sink)
        let end: Int?
        if let codec = filter.codec {
            let result = codec.pieces(content, memory: sink.limits.dictionary, while: { sink.mayGoOn() }) {
                member.append($0)
            }
            result.end.report(what, sink)
            end = result.end == .complete ? result.consumed : nil
        } else {
            switch CompressedData.decode(content, while: { sink.mayGoOn() }, { member.append($0) }) {
            case .complete(let consumed): end = consumed
            case .stopped: end = nil
            case .failed:
                sink.report(.corrupt, "damaged \(what)")
                end = nil
            }
        }
        guard member.end(isRead: end != nil) else { return }
        if let end { ArchiveEnd.addRest(of: content, from: end, what, into: sink) }
    }
}

extension CodecResult.End {
    /// Says what was not decoded.
    func report(_ what: String, _ sink: any MemberSink) {
        switch self {
        case .complete, .stopped: break
        case .truncated: sink.report(.corrupt, "\(what) is cut off")
        case .corrupt: sink.report(.corrupt, "damaged \(what)")
        case .unsupported: sink.report(.unsupported, "method in \(what)")
        case .memory: sink.report(.dictionary, of: what)
        }
    }
}

extension FileType.ArchiveFilter {
    /// What decodes it; nil where libarchive does.
    var codec: Codec? {
        switch self {
        case .compress: nil
        case .bzip2: .bzip2
        case .xz: .xz
        case .lzma: .lzma
        case .zstd: .zstd
        case .lz4: .lz4
        case .lzip: .lzip
        }
    }
}
