/// What of a text may lead somewhere besides what it shows.
extension TextContent {
    /// Where the links of HTML lead, those of conditional comments among them, which Outlook shows: by the pages in which they stand,
    /// most of which have none in their attributes.
    package var linkPages: [LinkPage] {
        guard let html else { return [] }
        let bases = html.base.map { [$0] } ?? []
        var links = html.links
        if html.notes.contains(.hasConditionalComment) { links += HTMLText.read(html.comments.span).links }
        var pages: [LinkPage] = []
        var places: [[[UInt8]]: Int] = [:]
        for link in links {
            let place = places[link.bases] ?? pages.count
            if place == pages.count {
                places[link.bases] = place
                pages.append(LinkPage(targets: [], bases: bases + link.bases))
            }
            pages[place].targets.append(link.target)
        }
        return pages
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

/// Links of one page, as they stand there.
package struct LinkPage: Hashable, Sendable {
    package var targets: [[UInt8]]
    /// What they are laid upon: the `base` of the page, behind those of the pages in whose attributes it stands.
    package var bases: [[UInt8]]

    package init(targets: [[UInt8]], bases: [[UInt8]]) {
        self.targets = targets
        self.bases = bases
    }
}
