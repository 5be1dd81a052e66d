internal import Bytes
internal import MIME

/// The words of an attached document, as far as they may be a note with a password: text, Rich Text, Office Open XML, OpenDocument.
package enum DocumentWords {
    /// Octets of a text that is looked at; of another document, and of the words in it.
    package static let textSize = 32_768
    package static let size = 262_144
    /// What the text of a package is in: ECMA-376 part 1, 11.3.10, 12.3.15, 12.3.24 and 13.3.8; OpenDocument part 2, 2.2.1.
    /// Sheets and slides have a number.
    private static let parts = [
        "word/document", "xl/sharedStrings", "content", "ppt/slides/slide", "xl/worksheets/sheet",
    ].map { Array($0.utf8) }
    private static let ending = Array(".xml".utf8)
    /// Parts of a package that are read.
    private static let most = 32

    private static func isText(_ name: [UInt8]) -> Bool {
        guard name.suffix(ending.count) == ending[...] else { return false }
        let stem = name.dropLast(ending.count)
        return parts.contains {
            stem.starts(with: $0) && stem.dropFirst($0.count).allSatisfy { 0x30...0x39 ~= $0 }
        }
    }

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
        guard let listing = ZipDirectory(content).listings.last else { return nil }
        var (words, markup): ([UInt8], [UInt8]) = ([], [])
        var left = most
        for entry in listing.entries where left > 0 && isText(content.extracting(entry.name).array) {
            left -= 1
            guard let local = ZipEntry(local: content, at: entry.localHeader), !entry.isEncrypted else { continue }
            markup.removeAll(keepingCapacity: true)
            let data = content.clamped(local.dataStart, entry.compressedSize)
            _ = ZipMethod(entry: entry).pieces(
                content.extracting(data), size: data.count, memory: size, while: { true }
            ) { piece in
                piece.extracting(piece.clamped(0, size - markup.count)).withUnsafeBufferPointer { markup += $0 }
                return markup.count < size
            }
            words += MarkupWords.read(markup.span, limit: size - words.count)
            words.append(0x0A)
            if words.count >= size { break }
        }
        return words.isEmpty ? nil : words
    }
}
