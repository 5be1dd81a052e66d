internal import Bytes
internal import MIME

/// The words of an attached document, as far as they may be a note with a password: text, Rich Text, Office Open XML, OpenDocument.
package enum DocumentWords {
    /// Octets of a text that is looked at; of another document, and of the words in it.
    package static let textSize = 32_768
    package static let size = 262_144
    /// What the text of a package is in: ECMA-376 part 1, 11.3.10 and 12.3.15; OpenDocument part 2, 2.2.1.
    private static let parts = ["word/document.xml", "xl/sharedStrings.xml", "content.xml"].map { Array($0.utf8) }

    /// True where `head`, the first octets of a file, may begin a document that is no text.
    package static func isDocument(_ head: Span<UInt8>) -> Bool {
        head.hasBytes(ZipSignatures.localHeader, at: 0) || RichTextWords.isRichText(head)
    }

    /// True where `content` is a text, or begins as a document whose text is read.
    static func mayRead(_ content: Span<UInt8>) -> Bool {
        isSmall(content)
            && (isDocument(content) || TextChecks.narrowed(content) != nil || content.hasOnlyControlsOfText)
    }

    private static func isSmall(_ content: Span<UInt8>) -> Bool {
        content.count <= (isDocument(content) ? size : textSize)
    }

    /// - Returns: UTF-8; nil for anything else, and for what is larger.
    static func read(_ content: Span<UInt8>) -> [UInt8]? {
        guard isSmall(content) else { return nil }
        if content.hasBytes(ZipSignatures.localHeader, at: 0) { return package(content) }
        if RichTextWords.isRichText(content) { return RichTextWords.read(content, limit: size) }
        if let narrowed = TextChecks.narrowed(content) { return narrowed }
        return content.hasOnlyControlsOfText ? content.array : nil
    }

    private static func package(_ content: Span<UInt8>) -> [UInt8]? {
        guard let listing = ZipDirectory(content).listings.last,
            let entry = listing.entries.first(where: { parts.contains(content.extracting($0.name).array) }),
            let local = ZipEntry(local: content, at: entry.localHeader), !entry.isEncrypted
        else { return nil }
        var markup: [UInt8] = []
        let data = content.clamped(local.dataStart, entry.compressedSize)
        _ = ZipMethod(entry: entry).pieces(
            content.extracting(data), size: data.count, memory: size, while: { true }
        ) { piece in
            piece.extracting(piece.clamped(0, size - markup.count)).withUnsafeBufferPointer { markup += $0 }
            return markup.count < size
        }
        return MarkupWords.read(markup.span, limit: size)
    }
}
