internal import Bytes
internal import Members

/// What containers tell of passwords.
extension Unpacker {
    /// Keeps what stands in a container besides its members: the comment of a zip archive, the header of mail.
    func keepWords(of content: Span<UInt8>, _ types: [FileType]) {
        guard limits.passwords > 0 else { return }
        if types.contains(.mail) { texts.keep(header: content) }
        guard types.contains(.zip), !ZipEnd.isWithoutComment(content), let end = ZipEnd.last(of: content),
            !end.comment.isEmpty
        else { return }
        texts.keep(comment: content.extracting(end.comment))
    }

    /// Keeps the comment of a RAR archive, whose headers its reader has.
    func keepComment(
        of listing: RarListing, _ content: Span<UInt8>, _ format: FileType.ArchiveFormat, _ sink: any MemberSink
    ) {
        guard limits.passwords > 0 else { return }
        let comment = RarComment.read(listing, of: content, format, memory: limits.containers.dictionary)
        guard let comment else { return sink.report(.note, "method of a comment of \(format.rawValue) archive") }
        if !comment.isEmpty { texts.keep(comment: comment.span) }
    }

    /// Keeps the texts of an archive or of mail in one, which may tell the password of anything else in it, and the names.
    func keepTexts(of items: inout [Item], isMail: Bool) {
        guard limits.passwords > 0, items.contains(where: { isMail || !$0.isEmbedded }) else { return }
        texts.keep(names: items.lazy.filter { !$0.isEmbedded }.flatMap(\.member.names))
        for index in items.indices {
            let item = items[index]
            guard texts.wants(size: item.size), isMail || !item.isEmbedded, item.hasContent,
                withContent(of: item, DocumentWords.mayRead) == true
            else { continue }
            texts.keep(item.content)
            items[index].isKept = true
        }
    }

    /// Reads what waits.
    func readTexts(limit: Int) {
        texts.read(limit: limit) { _ = withContent(of: $0, $1) }
    }

    /// What one look ahead may unpack to: notes are small.
    private static let ahead = (levels: 4, files: 256, octets: 16_777_216, seconds: 4, processorSeconds: 2)

    /// Looks for texts in all containers of the message: one that is met later, or in another attachment, may tell the password of
    /// this one. They are opened once more for it, within bounds of its own; nothing encrypted is.
    /// - Parameter limit: passwords that are tried on one member.
    func lookAhead(limit: Int) {
        var bounds = limits
        bounds.levels = min(limits.levels, Self.ahead.levels)
        bounds.files = min(limits.files, Self.ahead.files)
        (bounds.minimumQuota, bounds.maximumQuota) = (Self.ahead.octets, Self.ahead.octets)
        (bounds.minimumFactor, bounds.maximumFactor) = (0, 0)
        bounds.seconds = min(limits.seconds, Self.ahead.seconds)
        bounds.processorSeconds = min(limits.processorSeconds, Self.ahead.processorSeconds)
        let ahead = Unpacker(limits: bounds, messageSize: 0, directory: nil, messageLimits: messageLimits)
        findContainers { content in
            _ = ahead.open(content, as: 0)
            while let item = ahead.next() {
                if item.hasContent { _ = ahead.withContent(of: item) { ahead.open($0, as: 0, item: item) } }
                ahead.release(item)
            }
        }
        ahead.readTexts(limit: limit)
        texts.take(ahead.texts, limit: limit)
    }
}
