internal import Bytes
package import MailModel

/// Finds what has to be changed in HTML so that nothing of some sorts is left in it. Names get `x-` in front of them, which keeps
/// what they say readable and means nothing to readers; what has no text of its own becomes an empty comment.
///
/// What is left has to be the same to parsers that differ from the HTML standard's: what they are known to take apart in other
/// ways is changed, too. Without recursion; linear in the size.
package struct HTMLSanitiser {
    private let names: HTMLHazardNames
    private let styles: CSSHazards
    private var limit: Int
    /// Attributes of one tag; one that has as many goes as a whole.
    private let attributeLimit: Int
    private var tokenizer: HTMLTokenizer
    private var edits: [HTMLEdit] = []
    private var limitReached = false

    /// Octets of a name that tell it from others, without controls; longer ones are none of HTML's.
    private static let nameLimit = 64

    private init(_ hazards: Set<HTMLHazard>, limit: Int, attributes: Int) {
        (names, styles, self.limit) = (HTMLHazardNames(hazards), CSSHazards(hazards), limit)
        (attributeLimit, tokenizer) = (attributes, HTMLTokenizer(attributeLimit: attributes))
    }

    /// The changes, in order and apart.
    /// - Parameters:
    ///   - html: in a charset in which ASCII stands for itself.
    ///   - limit: changes at most.
    ///   - attributes: attributes of one tag; a tag with as many goes as a whole.
    /// - Returns: nil when there are more; none without hazards.
    package static func edits(
        _ html: Span<UInt8>, without hazards: Set<HTMLHazard>, limit: Int, attributes: Int
    ) -> [HTMLEdit]? {
        guard !hazards.isEmpty else { return [] }
        var sanitiser = HTMLSanitiser(hazards, limit: limit, attributes: attributes)
        sanitiser.read(html, isComment: false)
        return sanitiser.limitReached ? nil : sanitiser.edits
    }

    private mutating func read(_ html: Span<UInt8>, isComment: Bool) {
        var start = 0
        while !limitReached, let token = tokenizer.next(html) {
            switch token {
            case .text(let range): text(html, range)
            case .startTag: begin(html, start)
            case .endTag: end(html)
            case .comment(let range) where isComment: nestedComment(html, start, range)
            case .comment(let range): comment(html, start, range)
            }
            start = tokenizer.position
        }
    }

    private mutating func add(_ kind: HTMLEdit.Kind, _ range: Range<Int>) {
        guard edits.count < limit else { return limitReached = true }
        edits.append(HTMLEdit(kind, range))
    }

    private mutating func rename(_ place: Int) { add(.prefix, place..<place) }

    // MARK: Text and comments

    /// Old readers drop controls: `<` in front of one could begin a tag.
    private mutating func text(_ html: Span<UInt8>, _ range: Range<Int>) {
        var from = range.lowerBound
        while let bracket = html.firstIndex(of: 0x3C, from: from), bracket + 1 < range.upperBound {
            let next = html[bracket + 1]
            if next < 0x20, next != 0x09, next != 0x0A, next != 0x0C, next != 0x0D {
                add(.reference, bracket..<bracket + 1)
            }
            from = bracket + 1
        }
    }

    private mutating func comment(_ html: Span<UInt8>, _ start: Int, _ range: Range<Int>) {
        let whole = start..<tokenizer.position
        if isDoubtful(html, whole, range) || hidesHazards(html, whole, range) { add(.comment, whole) }
    }

    /// Not the same to all parsers.
    private func isDoubtful(_ html: Span<UInt8>, _ whole: Range<Int>, _ range: Range<Int>) -> Bool {
        if tokenizer.endsInMarkup {
            // What is put behind it later could end it.
            let isTag = range.isEmpty && whole.count > 1 && html[whole.lowerBound + 1] != 0x21
            return isTag || html.extracting(range).firstIndex(of: 0x3C) != nil
        }
        if html.hasPrefix(ignoringCase: "<!--", from: whole.lowerBound) {
            // Older ones do not know `<!-->`, `<!--->` and `--!>`.
            return range.upperBound + 3 != whole.upperBound
        }
        // To all but SVG and MathML `<![CDATA[` ends at the first `>`.
        for word: StaticString in ["![CDATA[", "?import", "?xml-stylesheet"]
        where html.hasPrefix(ignoringCase: word, from: range.lowerBound) { return true }
        return false
    }

    /// Word's engine reads what stands in conditional comments.
    private func hidesHazards(_ html: Span<UInt8>, _ whole: Range<Int>, _ range: Range<Int>) -> Bool {
        var from = range.lowerBound
        while from < range.upperBound, html[from] <= 0x20 { from += 1 }
        guard html.hasPrefix(ignoringCase: "[if", from: from) else { return false }
        var inner = self
        (inner.edits, inner.limit) = ([], 1)
        inner.tokenizer = HTMLTokenizer(attributeLimit: attributeLimit)
        inner.read(html.extracting(range), isComment: true)
        return !inner.edits.isEmpty
    }

    private mutating func nestedComment(_ html: Span<UInt8>, _ start: Int, _ range: Range<Int>) {
        if html.extracting(range).firstIndex(of: 0x3C) != nil { add(.comment, start..<tokenizer.position) }
    }

    // MARK: Tags

    private func name(_ html: Span<UInt8>, _ range: Range<Int>) -> [UInt8] {
        var out: [UInt8] = []
        for index in range where html[index] > 0x20 {
            if out.count == Self.nameLimit { break }
            out.append(asciiLower(html[index]))
        }
        return out
    }

    private mutating func end(_ html: Span<UInt8>) {
        let name = name(html, tokenizer.nameRange)
        if names.element(name) == .rename || isObscured(name, tokenizer.nameRange) {
            rename(tokenizer.nameRange.lowerBound)
        }
        attributes(html, of: name)
    }

    private mutating func begin(_ html: Span<UInt8>, _ start: Int) {
        let place = tokenizer.nameRange
        let name = name(html, place)
        let whole = start..<tokenizer.position
        let element = HTMLElement.known(tokenizer.name)
        if element.contains(.raw) || element.contains(.rawWithReferences) { return raw(html, start, element, name) }
        if tokenizer.name == Self.plaintext { return plaintext(html, place.lowerBound) }
        if tokenizer.attributes.count >= attributeLimit || names.element(name) == .drop || isRefresh(html, name) {
            return add(.comment, whole)
        }
        if names.element(name) == .rename || isObscured(name, place) {
            // In SVG and MathML this is an element without content; under another name it would have some.
            if whole.count > 2, html[whole.upperBound - 2] == 0x2F, names.element(name) == .rename {
                return add(.comment, whole)
            }
            rename(place.lowerBound)
        }
        attributes(html, of: name)
    }

    /// Old readers drop NUL and other controls from names.
    private func isObscured(_ name: [UInt8], _ place: Range<Int>) -> Bool {
        guard name.count < place.count else { return false }
        let element = HTMLElement.known(HTMLName(name.span, name.indices))
        return element.contains(.raw) || element.contains(.rawWithReferences) || names.element(name) != .keep
            || name == Array("meta".utf8) || name == Array("plaintext".utf8)
    }

    private func isRefresh(_ html: Span<UInt8>, _ name: [UInt8]) -> Bool {
        guard name == Array("meta".utf8) else { return false }
        return tokenizer.attributes.contains { attribute in
            guard self.name(html, attribute.place) == Array("http-equiv".utf8) else { return false }
            let value = HTMLAddress.plain(html, attribute.value).map(asciiLower)
            let isLoading = value == Array("link".utf8) || value == Array("x-dns-prefetch-control".utf8)
            return value == Array("refresh".utf8) || value == Array("set-cookie".utf8)
                || isLoading && names.hazards.contains(.remote)
        }
    }

    private mutating func attributes(_ html: Span<UInt8>, of element: [UInt8]) {
        for attribute in tokenizer.attributes {
            let name = name(html, attribute.place)
            // It means nothing, and has been changed already.
            if name.starts(with: [0x78, 0x2D]) { continue }
            if name == Array("style".utf8) {
                let value = html.extracting(attribute.value).array
                if let places = styles.places(value, isAttribute: true) {
                    for place in places { rename(attribute.value.lowerBound + place) }
                } else {
                    rename(attribute.place.lowerBound)
                }
            } else if names.isHazard(name, of: element, address: HTMLAddress.plain(html, attribute.value)) {
                rename(attribute.place.lowerBound)
            }
        }
    }

    // MARK: Elements whose content is text

    private static let plaintext = HTMLName("plaintext")
    private static let script = HTMLName("script")
    private static let style = HTMLName("style")
    private static let textarea = HTMLName("textarea")
    private static let xmp = HTMLName("xmp")
    private static let iframe = HTMLName("iframe")

    private mutating func raw(_ html: Span<UInt8>, _ start: Int, _ element: HTMLElement, _ name: [UInt8]) {
        let (kind, place) = (tokenizer.name, tokenizer.nameRange.lowerBound)
        let content = tokenizer.rawText(html)
        let isMarkup = Self.beginsMarkup(html, content, isStyle: kind == Self.style)
        // Its text is shown, or is what a parser that does not know it would show.
        let isText = element.contains(.rawWithReferences) || kind == Self.xmp
        let goes =
            kind == Self.script && names.hazards.contains(.scripts)
            || kind == Self.iframe && names.hazards.contains(.frames)
            || isMarkup && !isText && kind != Self.script || !isText && endsWithin(html)
        let places =
            kind == Self.style ? styles.places(html.extracting(content).array, isAttribute: false) : []
        guard !goes, tokenizer.attributes.count < attributeLimit, let places else {
            if tokenizer.position < html.count { _ = tokenizer.next(html) }
            return add(.comment, start..<tokenizer.position)
        }
        let isRenamed =
            kind == Self.textarea && names.hazards.contains(.forms) || kind == Self.xmp && isMarkup
        if isRenamed { rename(place) }
        attributes(html, of: name)
        for offset in places { rename(content.lowerBound + offset) }
        if isRenamed || isMarkup && element.contains(.rawWithReferences) {
            escape(html, content, ampersands: kind == Self.xmp)
        }
        guard tokenizer.position < html.count, tokenizer.next(html) == .endTag else {
            // What is put behind it later must not end it.
            if tokenizer.endsInMarkup { escape(html, content.upperBound..<html.count, ampersands: kind == Self.xmp) }
            return
        }
        if isRenamed { rename(tokenizer.nameRange.lowerBound) }
        attributes(html, of: name)
    }

    /// The end tag that comes next is not finished.
    private func endsWithin(_ html: Span<UInt8>) -> Bool {
        var ahead = tokenizer
        return ahead.position < html.count && ahead.next(html) != nil && ahead.endsInMarkup
    }

    private mutating func plaintext(_ html: Span<UInt8>, _ place: Int) {
        rename(place)
        attributes(html, of: Array("plaintext".utf8))
        escape(html, tokenizer.rest(html), ampersands: true)
    }

    private mutating func escape(_ html: Span<UInt8>, _ range: Range<Int>, ampersands: Bool) {
        for index in range where html[index] == 0x3C || ampersands && html[index] == 0x26 {
            add(.reference, index..<index + 1)
            if limitReached { return }
        }
    }

    /// To a parser that does not know the content for text there would be tags or comments in it. Style sheets may stand in a comment.
    private static func beginsMarkup(_ html: Span<UInt8>, _ range: Range<Int>, isStyle: Bool) -> Bool {
        let content = html.extracting(range)
        let end: [UInt8] = [0x2D, 0x2D, 0x3E]
        var (from, commentEnd) = (0, 0)
        while let bracket = content.firstIndex(of: 0x3C, from: from) {
            from = bracket + 1
            guard from < content.count else { break }
            let next = content[from] | 0x20
            if next >= 0x61 && next <= 0x7A || content[from] == 0x2F || content[from] == 0x3F || content[from] < 0x09 {
                return true
            }
            guard content[from] == 0x21 else { continue }
            guard isStyle, content.hasPrefix(ignoringCase: "!--", from: from) else { return true }
            guard bracket >= commentEnd else { continue }
            // The same comment to all only when it ends within.
            guard let close = content.firstIndex(of: end.span, from: from + 3) else { return true }
            commentEnd = close
        }
        return false
    }
}
