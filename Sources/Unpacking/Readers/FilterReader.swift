internal import Codecs
internal import Members

/// Reads files that were compressed as a whole.
enum FilterReader {
    static func read(_ content: Span<UInt8>, _ filter: FileType.ArchiveFilter, into sink: any MemberSink) {
        let what = "\(filter.rawValue) data"
        let member = PendingMember(Member(role: "decompressed"), sink)
        let end: Int?
        if let codec = filter.codec {
            let result = codec.pieces(content, while: { sink.mayGoOn() }) { member.append($0) }
            result.end.report(what, sink)
            end = result.end == .complete ? result.consumed : nil
        } else {
            end = decompress(content, filter, what, member, sink)
        }
        guard member.end(isRead: end != nil) else { return }
        if let end { ArchiveEnd.addRest(of: content, from: end, what, into: sink) }
    }

    /// By libarchive. Returns the end of the data; nil when it was not reached.
    private static func decompress(
        _ content: Span<UInt8>, _ filter: FileType.ArchiveFilter, _ what: String, _ member: PendingMember,
        _ sink: any MemberSink
    ) -> Int? {
        content.withUnsafeBufferPointer { bytes in
            guard let archive = LibArchive() else {
                sink.report(.corrupt, "no memory for \(what)")
                return nil
            }
            archive.enable(filter)
            archive.enableRaw()
            // What its filter does not take libarchive hands out as it stands.
            guard archive.open(bytes), case .entry = archive.next(), archive.isFiltered else {
                sink.report(.corrupt, "damaged \(what)")
                return nil
            }
            switch archive.copyData(while: { sink.mayGoOn() }, { member.append($0) }) {
            case .complete: return archive.consumed
            case .stopped: return nil
            case .failed:
                sink.report(.corrupt, "damaged \(what)")
                return nil
            }
        }
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
        case .memory: sink.report(.overLimits, "dictionary of \(what)")
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
