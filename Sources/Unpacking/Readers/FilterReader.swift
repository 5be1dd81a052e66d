internal import Codecs
internal import Compression
internal import Members

/// Reads files that were compressed as a whole.
enum FilterReader {
    static func read(_ content: Span<UInt8>, _ filter: FileType.ArchiveFilter, into sink: any MemberSink) {
        guard filter != .lzop else { return LZOPReader.read(content, into: sink) }
        let what = "\(filter.rawValue) data"
        let member = PendingMember(Member(role: Member.decompressed), sink)
        let result = decode(content, filter, sink) { member.append($0) }
        // Size and checksum of LHA's header may be the mark of compress(1); then what does not decompress is none of its files.
        if filter != .compress || result.end == .complete || !LHAHeader.isHere(content) {
            result.end.report(what, sink)
        }
        let end = result.end == .complete ? result.consumed : nil
        guard member.end(isRead: end != nil) else { return }
        if let end { ArchiveEnd.addRest(of: content, from: end, what, into: sink) }
    }

    private static func decode(
        _ content: Span<UInt8>, _ filter: FileType.ArchiveFilter, _ sink: any MemberSink,
        _ use: (Span<UInt8>) -> Bool
    ) -> CodecResult {
        if let codec = filter.codec {
            return codec.pieces(content, memory: sink.limits.dictionary, while: { sink.mayGoOn() }, use)
        }
        switch filter {
        case .zlib: return CodecResult(Inflate.pieces(content, form: .zlib, limit: .max, use))
        default:
            var result = CompressedData.decode(content, while: { sink.mayGoOn() }, use)
            if result.end == .complete, !CompressedData.isWhole(content) { result.end = .truncated }
            return result
        }
    }
}

extension CodecResult {
    init(_ result: InflateResult) {
        self.init()
        (consumed, produced) = (result.consumed, result.produced)
        end =
            switch result.end {
            case .complete: .complete
            case .truncated: .truncated
            case .corrupt: .corrupt
            case .limit, .stopped: .stopped
            }
    }
}

extension CodecResult.End {
    /// Says what was not decoded.
    func report(_ what: String, _ sink: any MemberSink) {
        switch self {
        case .complete, .stopped: break
        case .truncated: sink.report(.cut, "\(what) is cut off")
        case .corrupt: sink.report(.corrupt, "damaged \(what)")
        case .unsupported: sink.report(.unsupported, "method in \(what)")
        case .memory: sink.report(.dictionary, of: what)
        }
    }
}

extension FileType.ArchiveFilter {
    /// The library that decodes it; nil where none of them does.
    var codec: Codec? {
        switch self {
        case .compress, .lzop, .zlib: nil
        case .bzip2: .bzip2
        case .xz: .xz
        case .lzma: .lzma
        case .zstd: .zstd
        case .lz4: .lz4
        case .lzip: .lzip
        }
    }
}
