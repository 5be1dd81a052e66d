internal import Bytes
internal import MIME

extension TokenExtractor {
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
        for link in html.links { links.add(link, isShown: isShown) }
        let counted = html.links.prefix(FoundLinks.limit)
        facts.links += counted.count
        facts.images += counted.count { $0.kind == .resource }
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

    private mutating func add(structure text: String, _ hash: inout TokenHash) {
        for byte in text.utf8.prefix(128) { hash.add(asciiLower(byte)) }
        if let token = collector.add(.structure, hash.mixed) { collector.describe(token, "S:" + text.prefix(64)) }
    }
}
