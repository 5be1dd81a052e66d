internal import Bytes
internal import MIME

/// The links of one message. Places are few: those come first that a person sees as such, and of many the first and the last (attack:
/// links of honest mail beside those of a spam).
struct FoundLinks: Sendable {
    /// Links of a message whose tokens are taken, of each kind.
    static let limit = 200
    /// Those with a text on them.
    private var plain = Ends()
    /// All others in what is shown, pictures too.
    private var bare = Ends()
    /// Those that nobody sees.
    private var hidden = Ends()

    /// The first and the last links of one kind.
    private struct Ends {
        private var first: [HTMLLink] = []
        private var last: [HTMLLink] = []
        /// Where the oldest of the last ones stands when there are as many as count.
        private var oldest = 0

        mutating func add(_ link: HTMLLink) {
            if first.count < FoundLinks.limit / 2 {
                first.append(link)
            } else if last.count < FoundLinks.limit / 2 {
                last.append(link)
            } else {
                last[oldest] = link
                oldest = (oldest + 1) % last.count
            }
        }

        /// From both ends to the middle.
        var inOrder: [HTMLLink] {
            let links = first + last[oldest...] + last[..<oldest]
            return links.indices.map { links[$0 & 1 == 0 ? $0 / 2 : links.count - 1 - $0 / 2] }
        }
    }

    /// - Parameter isShown: false for a link of HTML in whose place another text is shown.
    mutating func add(_ link: HTMLLink, isShown: Bool) {
        if link.isHidden || !isShown {
            hidden.add(link)
        } else if link.text.contains(where: { $0 > 0x20 }) {
            plain.add(link)
        } else {
            bare.add(link)
        }
    }

    /// Links with a text on them, then the others that are shown.
    var shownInOrder: [HTMLLink] { plain.inOrder + bare.inOrder }
    var hiddenInOrder: [HTMLLink] { hidden.inOrder }
}

extension TokenExtractor {
    /// Octets of a link that are read.
    private static let linkSize = 512

    /// Takes a link that a document holds, as one that nobody sees.
    package mutating func add(documentLink link: Span<UInt8>) {
        guard documentLinks.count < FoundLinks.limit, facts.links < FoundLinks.limit else { return }
        facts.links += 1
        documentLinks.append(link.extracting(0..<min(link.count, Self.linkSize)).array)
    }

    /// Takes the links of HTML that are shown.
    mutating func addShownLinks() {
        for link in links.shownInOrder { add(link, as: .link) }
    }

    /// Takes the other links of HTML, and those of documents: apart, as hidden words, where the mail shows a text (attack: links of
    /// honest mail where nobody sees them).
    mutating func addOtherLinks(as tokenClass: TokenClass) {
        for link in links.hiddenInOrder { add(link, as: tokenClass) }
        for link in documentLinks { add(link: link.span, as: tokenClass) }
        links = FoundLinks()
        documentLinks = []
    }

    private mutating func add(_ link: HTMLLink, as tokenClass: TokenClass) {
        add(link: link.target.span, as: tokenClass)
        addFact("link-hidden", link.isHidden ? 1 : 0)
        if link.kind == .anchor { addMismatch(link) }
    }

    /// Takes one link: its scheme, host and domains, the words and the form of its path.
    private mutating func add(link: Span<UInt8>, as tokenClass: TokenClass) {
        let link = link.extracting(0..<min(link.count, Self.linkSize))
        guard link.count > 0 else { return }
        let colon = link.firstIndex(of: 0x3A) ?? 0
        addName(link.extracting(0..<min(colon, 16)), 1, tokenClass)
        var index = colon < link.count && colon > 0 ? colon + 1 : 0
        while index < link.count, link[index] == 0x2F || link[index] == 0x5C { index += 1 }
        let start = index
        while index < link.count, !Self.endsAuthority(link[index]) { index += 1 }
        var authority = link.extracting(start..<index)
        if let at = authority.firstIndex(of: 0x40) {
            // A name before the host: for http a way to hide the host.
            addName(authority, 2, tokenClass)
            authority = authority.extracting(at + 1..<authority.count)
        }
        var hostEnd = authority.count
        if let port = authority.firstIndex(of: 0x3A) {
            addName(authority.extracting(port..<authority.count), 3, tokenClass)
            hostEnd = port
        }
        addHost(authority.extracting(0..<hostEnd), 4, tokenClass)
        let path = link.extracting(index..<link.count)
        if tokenClass == .link { addShape(of: path, 5) }
        var piece = 0
        var position = 0
        while position < path.count, piece < 12 {
            while position < path.count, !WordReader.isAlphanumeric(path[position]) { position += 1 }
            let first = position
            while position < path.count, WordReader.isAlphanumeric(path[position]) { position += 1 }
            if position > first, position - first <= 24 { addName(path.extracting(first..<position), 6, tokenClass) }
            piece += 1
        }
    }

    private static func endsAuthority(_ byte: UInt8) -> Bool {
        byte == 0x2F || byte == 0x3F || byte == 0x23 || byte == 0x5C || byte == 0x26
    }

    /// A text that looks like another link than the one that stands on it.
    private mutating func addMismatch(_ link: HTMLLink) {
        guard link.text.span.hasPrefix(ignoringCase: "http") || link.text.span.hasPrefix(ignoringCase: "www.") else {
            return
        }
        let shown = Self.host(link.text.span)
        let real = Self.host(link.target.span)
        addFact("link-shown", shown == real ? 1 : 2)
    }

    private static func host(_ link: Span<UInt8>) -> [UInt8] {
        var start = 0
        if let colon = link.firstIndex(of: 0x3A), colon < 8 { start = colon + 1 }
        while start < link.count, link[start] == 0x2F { start += 1 }
        var end = start
        while end < link.count, !endsAuthority(link[end]), link[end] > 0x20 { end += 1 }
        return link.extracting(start..<end).array.map(asciiLower)
    }

    /// Takes links and mail addresses that stand in plain text.
    /// - Parameter tokenClass: that of links, or that of hidden words for a text that is not shown.
    mutating func addLinks(inText text: Span<UInt8>, as tokenClass: TokenClass) {
        var index = 0
        var found = 0
        while found < FoundLinks.limit, let colon = text.firstIndex(of: 0x3A, from: index) {
            index = colon + 1
            guard colon + 2 < text.count, text[colon + 1] == 0x2F, text[colon + 2] == 0x2F else { continue }
            var start = colon
            while start > 0, WordReader.isAlphanumeric(text[start - 1]) { start -= 1 }
            var end = colon
            while end < text.count, text[end] > 0x20, text[end] != 0x3E, text[end] != 0x22, text[end] != 0x3C {
                end += 1
            }
            found += 1
            facts.links += 1
            add(link: text.extracting(start..<end), as: tokenClass)
            index = end
        }
        index = 0
        found = 0
        while found < FoundLinks.limit, let at = text.firstIndex(of: 0x40, from: index) {
            index = at + 1
            var start = at
            while start > 0, Self.isAddress(text[start - 1]) { start -= 1 }
            var end = at + 1
            while end < text.count, Self.isAddress(text[end]) { end += 1 }
            guard start < at, end > at + 1 else { continue }
            found += 1
            addName(text.extracting(start..<end), 7, tokenClass)
            addHost(text.extracting(at + 1..<end), 8, tokenClass)
            index = end
        }
    }

    private static func isAddress(_ byte: UInt8) -> Bool {
        WordReader.isAlphanumeric(byte) || byte == 0x2D || byte == 0x2E || byte == 0x5F || byte == 0x2B
    }
}
