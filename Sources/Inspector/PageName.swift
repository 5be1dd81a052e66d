internal import Documents
internal import MailModel

/// What is shown as a page because its sender or its name says that it is one: browsers look no further then, whatever stands in
/// front of its first tag.
enum PageName {
    private static let types: [String: NamedPage] = [
        "text/html": .html, "text/x-amp-html": .html, "application/xhtml+xml": .html, "application/hta": .html,
        "image/svg+xml": .vectorImage,
    ]
    private static let endings: [(ending: String, page: NamedPage)] = [
        (".svg", .vectorImage), (".html", .html), (".htm", .html), (".shtml", .html), (".shtm", .html),
        (".xhtml", .html), (".xht", .html), (".hta", .html),
    ]
    private static let longestEnding = 6

    /// As an image script in it is told wherever it is, and nothing less is looked for.
    static func page(_ part: PartDescription) -> NamedPage? {
        let pages = part.names.compactMap(page) + [types[part.declaredType]].compactMap { $0 }
        return pages.contains(.vectorImage) ? .vectorImage : pages.first
    }

    private static func page(_ name: String) -> NamedPage? {
        var end = Substring(name)
        // Windows takes them away when it saves a file.
        while let last = end.last, last == "." || last.isWhitespace { end.removeLast() }
        let lower = end.suffix(longestEnding).lowercased()
        return endings.first { lower.hasSuffix($0.ending) }?.page
    }
}
