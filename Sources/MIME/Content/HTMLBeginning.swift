internal import Bytes

/// Texts that some readers show as HTML because of how they begin, whatever they are called.
package enum HTMLBeginning {
    /// Octets in which the first tag is looked for (WHATWG MIME Sniffing, section 5.2, reads as many).
    private static let prefix = 1445

    /// Tags of its section 7.1, and further ones with which HTML of mail begins.
    private static let tags: [StaticString] = [
        "<!doctype html", "<html", "<head", "<script", "<iframe", "<h1", "<div", "<font", "<table", "<a", "<style",
        "<title",
        "<b", "<body", "<br", "<p", "<!--", "<?xml", "<img", "<meta", "<link", "<base", "<form", "<input", "<object",
        "<embed",
        "<svg", "<span", "<center", "<frameset", "<h2", "<h3", "<hr", "<ul", "<i", "<u",
    ]

    /// Those that nothing but a page begins with.
    private static let tagsOfPage: [StaticString] = ["<!doctype html", "<html"]

    /// - Parameter text: in UTF-8.
    package static func isThere(_ text: Span<UInt8>) -> Bool { begins(text, with: tags) }

    /// As a whole page, rather than with any tag.
    static func isPage(_ text: Span<UInt8>) -> Bool { begins(text, with: tagsOfPage) }

    private static func begins(_ text: Span<UInt8>, with tags: [StaticString]) -> Bool {
        var start = text.count >= 3 && text[0] == 0xEF && text[1] == 0xBB && text[2] == 0xBF ? 3 : 0
        while start < text.count, start < prefix, text[start] <= 0x20 { start += 1 }
        return tags.contains { tag in
            guard text.hasPrefix(ignoringCase: tag, from: start) else { return false }
            let end = start + tag.utf8CodeUnitCount
            // Another element begins alike.
            return tag.utf8Start[tag.utf8CodeUnitCount - 1] == 0x2D || end == text.count || !isOfName(text[end])
        }
    }

    private static func isOfName(_ byte: UInt8) -> Bool {
        byte == 0x2D || (0x30...0x3A).contains(byte) || (0x61...0x7A).contains(byte | 0x20)
    }
}
