/// What of a text may lead somewhere besides what it shows.
extension TextContent {
    /// Where the links of HTML lead, those of conditional comments among them, which Outlook shows.
    package var linkTargets: [[UInt8]] {
        guard let html else { return [] }
        var links = html.links
        if html.notes.contains(.hasConditionalComment) { links += HTMLText.read(html.comments.span).links }
        return links.map(\.target)
    }

    /// Scripts of HTML, with the slashes that they escape as they are.
    package var script: [UInt8] {
        guard let html, !html.scripts.isEmpty else { return [] }
        var out: [UInt8] = []
        out.reserveCapacity(html.scripts.count)
        for octet in html.scripts {
            if octet == 0x2F, out.last == 0x5C { out.removeLast() }
            out.append(octet)
        }
        return out
    }
}
