internal import Bytes
internal import Members

/// The comment of a RAR archive, which programs show with it: stored, or compressed as a member is. That of RAR 1.5 is not read.
enum RarComment {
    /// Octets of a comment that are read.
    private static let size = 16_384

    /// - Parameter memory: octets that unpacking it may take.
    /// - Returns: text of any coding; empty where there is none, or one that is encrypted; nil for a method that is not read.
    static func read(
        _ listing: RarListing, of content: Span<UInt8>, _ format: FileType.ArchiveFormat, memory: Int
    ) -> [UInt8]? {
        guard let comment = listing.comment, !comment.isEncrypted else { return [] }
        let data = content.extracting(comment.data)
        let stated = min(comment.size ?? 0, size)
        var text: [UInt8] = []
        func take(_ piece: Span<UInt8>) -> Bool {
            piece.withUnsafeBufferPointer { text.append(contentsOf: $0) }
            return true
        }
        if comment.isStored {
            text = data.extracting(0..<min(data.count, size)).array
        } else if format == .rar, comment.version >= RarListing.present {
            var decoder = Rar3Data(mostMemory: memory)
            _ = decoder.decode(data, size: stated, isSolid: false, take)
        } else if format == .rar, comment.version >= RarListing.second {
            var decoder = Rar2Data()
            _ = decoder.decode(data, size: stated, isSolid: false, take)
        } else {
            return nil
        }
        // UTF-16 of RAR 4.
        return text.contains(0) ? RarListing.wide(text.span) : text
    }
}
