internal import Bytes
internal import Members

/// What containers tell of passwords.
extension Unpacker {
    /// Keeps what stands in a container besides its members: the comment of a zip archive, the header of mail.
    func keepWords(of content: Span<UInt8>, _ types: [FileType]) {
        guard limits.passwords > 0 else { return }
        if types.contains(.mail) { texts.keep(header: content) }
        guard types.contains(.zip), let end = ZipEnd.last(of: content), !end.comment.isEmpty else { return }
        texts.keep(comment: content.extracting(end.comment))
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
}
