internal import Bytes
internal import MIME

extension TokenExtractor {
    /// Links of a message whose tokens are taken.
    private static let linkLimit = 200
    /// Octets of a link that are read.
    private static let linkSize = 512

    /// Takes what was found in HTML.
    /// - Parameters:
    ///   - size: octets of the HTML itself.
    ///   - isShown: false for HTML in whose place another text is shown.
    mutating func add(html: HTMLContent, size: Int, isShown: Bool) {
        facts.htmlOctets += size
        // Fields are part of the text, and share its places (attack: a spam in fields, with words of honest mail before them).
        let seen = html.fieldTexts.isEmpty ? html.visible : html.visible + [0x0A] + html.fieldTexts
        add(seen: HTMLText.withoutInvisible(seen.span), isShown: isShown)
        // Characters that show nothing cut no words: `via&shy;gra` (attack).
        add(hidden: HTMLText.withoutInvisible(html.hidden.span).span)
        add(hidden: HTMLText.withoutInvisible(html.title.span).span)
        add(hidden: HTMLText.withoutInvisible(html.imageTexts.span).span)
        add(hidden: HTMLText.withoutInvisible(html.hiddenFieldTexts.span).span)
        for link in html.links.prefix(Self.linkLimit) {
            facts.links += 1
            if link.kind == .resource { facts.images += 1 }
            add(link: link.target.span)
            addFact("link-hidden", link.isHidden ? 1 : 0)
            if link.kind == .anchor { addMismatch(link) }
        }
        addFact("html-notes", Int(html.notes.rawValue))
        addFact("comments", html.comments.isEmpty ? 0 : Int.bitWidth - html.comments.count.leadingZeroBitCount)
    }

    /// Takes what is known of one part.
    /// - Parameters:
    ///   - type: the declared media type.
    ///   - content: decoded octets.
    package mutating func add(
        part type: String, charset: String, names: [String], encoding: String, content: Span<UInt8>
    ) {
        facts.parts += 1
        if type.hasPrefix("image/") { facts.images += 1 }
        var hash = TokenHash("type")
        add(structure: type, &hash)
        hash = TokenHash("charset")
        add(structure: charset, &hash)
        hash = TokenHash("encoding")
        add(structure: encoding, &hash)
        for name in names.prefix(8) {
            hash = TokenHash("name")
            add(structure: name, &hash)
            guard let dot = name.utf8.lastIndex(of: 0x2E) else { continue }
            hash = TokenHash("suffix")
            add(structure: String(name[dot...].prefix(12)), &hash)
        }
        guard !type.hasPrefix("text/"), content.count > 0 else { return }
        // The beginning of a file says its format, all of it which file it is.
        addFact("size", Int.bitWidth - content.count.leadingZeroBitCount)
        var digest = TokenHash("digest")
        for index in 0..<min(content.count, 65_536) { digest.add(content[index]) }
        digest.add(UInt64(content.count))
        if let token = collector.add(.structure, digest.mixed) { collector.describe(token, "S:digest of \(type)") }
    }

    /// Takes what a member of an archive or document is called and is.
    package mutating func add(member names: [String], type: String) {
        var hash = TokenHash("member-type")
        add(structure: type, &hash)
        for name in names.prefix(2) {
            hash = TokenHash("member-name")
            add(structure: name, &hash)
            guard let dot = name.utf8.lastIndex(of: 0x2E) else { continue }
            hash = TokenHash("member-suffix")
            add(structure: String(name[dot...].prefix(12)), &hash)
        }
    }

    /// Takes a link that a document holds.
    package mutating func add(documentLink link: Span<UInt8>) {
        guard facts.links < Self.linkLimit else { return }
        facts.links += 1
        add(link: link)
    }

    private mutating func add(structure text: String, _ hash: inout TokenHash) {
        for byte in text.utf8.prefix(128) { hash.add(asciiLower(byte)) }
        if let token = collector.add(.structure, hash.mixed) { collector.describe(token, "S:" + text.prefix(64)) }
    }

    // MARK: - Links

    /// Takes one link: its scheme, host and domains, the words and the form of its path.
    mutating func add(link: Span<UInt8>) {
        let link = link.extracting(0..<min(link.count, Self.linkSize))
        guard link.count > 0 else { return }
        let colon = link.firstIndex(of: 0x3A) ?? 0
        addName(link.extracting(0..<min(colon, 16)), 1, .link)
        var index = colon < link.count && colon > 0 ? colon + 1 : 0
        while index < link.count, link[index] == 0x2F || link[index] == 0x5C { index += 1 }
        let start = index
        while index < link.count, !Self.endsAuthority(link[index]) { index += 1 }
        var authority = link.extracting(start..<index)
        if let at = authority.firstIndex(of: 0x40) {
            // A name before the host: for http a way to hide the host.
            addName(authority, 2, .link)
            authority = authority.extracting(at + 1..<authority.count)
        }
        var hostEnd = authority.count
        if let port = authority.firstIndex(of: 0x3A) {
            addName(authority.extracting(port..<authority.count), 3, .link)
            hostEnd = port
        }
        addHost(authority.extracting(0..<hostEnd), 4, .link)
        let path = link.extracting(index..<link.count)
        addShape(of: path, 5)
        var piece = 0
        var position = 0
        while position < path.count, piece < 12 {
            while position < path.count, !WordReader.isAlphanumeric(path[position]) { position += 1 }
            let first = position
            while position < path.count, WordReader.isAlphanumeric(path[position]) { position += 1 }
            if position > first, position - first <= 24 { addName(path.extracting(first..<position), 6, .link) }
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
    mutating func addLinks(inText text: Span<UInt8>) {
        var index = 0
        while facts.links < Self.linkLimit, let colon = text.firstIndex(of: 0x3A, from: index) {
            index = colon + 1
            guard colon + 2 < text.count, text[colon + 1] == 0x2F, text[colon + 2] == 0x2F else { continue }
            var start = colon
            while start > 0, WordReader.isAlphanumeric(text[start - 1]) { start -= 1 }
            var end = colon
            while end < text.count, text[end] > 0x20, text[end] != 0x3E, text[end] != 0x22, text[end] != 0x3C {
                end += 1
            }
            facts.links += 1
            add(link: text.extracting(start..<end))
            index = end
        }
        index = 0
        var found = 0
        while found < Self.linkLimit, let at = text.firstIndex(of: 0x40, from: index) {
            index = at + 1
            var start = at
            while start > 0, Self.isAddress(text[start - 1]) { start -= 1 }
            var end = at + 1
            while end < text.count, Self.isAddress(text[end]) { end += 1 }
            guard start < at, end > at + 1 else { continue }
            found += 1
            addName(text.extracting(start..<end), 7, .link)
            addHost(text.extracting(at + 1..<end), 8, .link)
            index = end
        }
    }

    private static func isAddress(_ byte: UInt8) -> Bool {
        WordReader.isAlphanumeric(byte) || byte == 0x2D || byte == 0x2E || byte == 0x5F || byte == 0x2B
    }
}
