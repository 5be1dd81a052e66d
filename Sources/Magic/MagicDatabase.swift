internal import CMagic

/// Types by libmagic, for content that our own signatures leave open. Loading takes milliseconds; afterwards the process
/// may fork, and the children share the table. Used by one thread at a time.
package final class MagicDatabase {
    private let cookie: magic_t

    /// Octets of content that are looked at: most signatures lie at its start, and text takes a millisecond for these.
    package static let prefix = 4096

    /// Signatures and words of text alone. What takes content apart (archives, programs, compound files) is done by our own
    /// readers, and starting programs never.
    private static let flags =
        MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_TAR | MAGIC_NO_CHECK_CDF | MAGIC_NO_CHECK_ELF
        | MAGIC_NO_CHECK_APPTYPE | MAGIC_NO_CHECK_TOKENS | MAGIC_NO_CHECK_CSV | MAGIC_NO_CHECK_JSON

    /// What libmagic says of content that it does not know.
    private static let unknown: Set<String> = [
        "application/octet-stream", "text/plain", "application/x-empty", "inode/x-empty", "",
    ]

    /// Loads the system's table; nil when there is none or it cannot be read.
    package init?() {
        guard let cookie = magic_open(Self.flags) else { return nil }
        guard magic_load(cookie, nil) == 0 else {
            magic_close(cookie)
            return nil
        }
        self.cookie = cookie
    }

    deinit {
        magic_close(cookie)
    }

    /// The media type of content by its first octets; nil when libmagic does not know it either.
    package func mediaType(of content: Span<UInt8>) -> String? {
        let head = content.extracting(0..<min(content.count, Self.prefix))
        let answer = head.withUnsafeBytes { magic_buffer(cookie, $0.baseAddress, $0.count) }
        guard let answer, let type = String(validatingCString: answer), !Self.unknown.contains(type),
            type.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), type.utf8.count(where: { $0 == 0x2F }) == 1
        else { return nil }
        return type
    }
}
