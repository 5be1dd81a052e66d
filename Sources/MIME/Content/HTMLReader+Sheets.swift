internal import Bytes

/// Which style sheets a document has, and of which type it is.
extension HTMLReader {
    /// Whether browsers draw the page as old ones did, by its type, which stands before all but blanks and comments (HTML section
    /// 13.2.6.4.1). Of types that are not known here they may.
    static func quirks(_ html: Span<UInt8>) -> HTMLAnswer {
        var ahead = HTMLTokenizer(attributeLimit: 1)
        while let token = ahead.next(html) {
            switch token {
            case .comment(let range):
                if html.hasPrefix(ignoringCase: "!doctype", from: range.lowerBound) {
                    return quirks(
                        of: html.extracting(range.dropFirst("!doctype".utf8.count)).array.map(asciiLower)[...])
                }
            // A byte order mark is a blank.
            case .text(let range): if range.contains(where: { html[$0] > 0x20 && html[$0] < 0xBB }) { return .always }
            case .startTag, .endTag: return .always
            }
        }
        return .always
    }

    /// - Parameter type: what stands behind `<!doctype`, in lower case.
    private static func quirks(of type: ArraySlice<UInt8>) -> HTMLAnswer {
        func after(_ word: StaticString, _ text: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
            let text = text.drop(while: HTMLTokenizer.isBlank)
            return text.starts(with: word.description.utf8) ? text.dropFirst(word.utf8CodeUnitCount) : nil
        }
        func identifier(_ text: inout ArraySlice<UInt8>) -> String? {
            text = text.drop(while: HTMLTokenizer.isBlank)
            guard let quote = text.popFirst(), quote == 0x22 || quote == 0x27, let end = text.firstIndex(of: quote)
            else { return nil }
            defer { text = text[(end + 1)...] }
            return String(decoding: text[..<end], as: UTF8.self)
        }
        guard let name = after("html", type) else { return .perhaps }
        if name.allSatisfy(HTMLTokenizer.isBlank) { return .never }
        if var system = after("system", name) {
            return identifier(&system) == "about:legacy-compat" && system.allSatisfy(HTMLTokenizer.isBlank)
                ? .never : .perhaps
        }
        guard var rest = after("public", name), let publicName = identifier(&rest) else { return .perhaps }
        let system = identifier(&rest)
        guard rest.allSatisfy(HTMLTokenizer.isBlank), system?.contains("ibm") != true else { return .perhaps }
        let isKnown =
            ["xhtml 1.0 ", "xhtml 1.1//", "html 4.01//"].contains { publicName.hasPrefix("-//w3c//dtd " + $0) }
            || system != nil
                && ["transitional//", "frameset//"].contains { publicName.hasPrefix("-//w3c//dtd html 4.01 " + $0) }
        return isKnown ? .never : .perhaps
    }

    /// Style sheets hold for all of the document, also for what stands before them.
    mutating func readStyleSheets(_ html: Span<UInt8>) {
        var last: Int?
        var index = 0
        while let found = html.firstIndex(of: 0x3C, from: index) {
            if html.hasPrefix(ignoringCase: "<style", from: found) { last = found }
            index = found + 1
        }
        guard let last else { return }
        var ahead = HTMLTokenizer(attributeLimit: limits.attributes)
        // Sheets in a template hold for nothing. In a drawing nothing is raw, and an element may end in its own tag.
        var (templates, drawings) = (0, 0)
        while ahead.position <= last, let token = ahead.next(html) {
            switch token {
            case .text, .comment: continue
            case .endTag:
                if ahead.name == Names.template { templates = max(0, templates - 1) }
                if ahead.name == Names.svg || ahead.name == Names.math { drawings = max(0, drawings - 1) }
            case .startTag:
                if ahead.name == Names.plaintext { return }
                if ahead.name == Names.template { templates += 1 }
                let element = HTMLElement.known(ahead.name)
                if element.contains(.endsDrawing) { drawings = 0 }
                if ahead.name == Names.svg || ahead.name == Names.math, !ahead.isSelfClosing(html) { drawings += 1 }
                if drawings > 0 {
                    drawnSheet(&ahead, html)
                    continue
                }
                guard element.contains(.raw) || element.contains(.rawWithReferences) else { continue }
                let isSheet = ahead.name == Names.styleElement && templates == 0
                let answer = isSheet ? Self.isStyleSheet(ahead, html) : .never
                let range = ahead.rawText(html)
                if answer > .never { sheet.add(html.extracting(range).array, isSure: answer == .always) }
            }
        }
    }

    /// What stands here is not part of the head.
    var isInBody: Bool { !visible.bytes.isEmpty || stack.contains { $0.name != Names.html } }

    /// Adds the sheet of a `style` in a drawing, whose tag was read: text with references up to the next tag.
    private mutating func drawnSheet(_ ahead: inout HTMLTokenizer, _ html: Span<UInt8>) {
        guard ahead.name == Names.styleElement, !ahead.isSelfClosing(html) else { return }
        let answer = Self.isStyleSheet(ahead, html)
        var next = ahead
        guard case .text(let range)? = next.next(html) else { return }
        ahead = next
        guard answer > .never else { return }
        sheet.add(HTMLEntities.decoded(html, range, isAttribute: false), isSure: answer == .always)
    }

    /// Every page has a root and a body, whether their tags are written or not.
    mutating func styleRoots() {
        guard !sheet.isEmpty else { return }
        for tag in ["html", "body"] {
            let element = HTMLSelectable(
                tag: Array(tag.utf8), classes: [], identifier: [], isHidden: false, ignoresCase: !hasDoctype)
            var effects = sheet.match(element, around: HTMLMarks(), parent: HTMLMarks()).effects
            if tag == "body" { effects.hiding.remove(.scheme) }
            style.apply(effects, .block)
        }
    }

    /// The type of the `style` element whose tag was read is that of CSS (HTML section 4.2.6), for every screen.
    private static func isStyleSheet(_ tokenizer: HTMLTokenizer, _ html: Span<UInt8>) -> HTMLAnswer {
        func value(_ name: HTMLName) -> [UInt8] {
            tokenizer.value(name).map { HTMLEntities.decoded(html, $0, isAttribute: true).map(asciiLower) } ?? []
        }
        let (type, media) = (value(Names.type), value(Names.media))
        guard type.isEmpty || type == Array("text/css".utf8) else { return .never }
        return media.isEmpty ? .always : CSSCondition.answer((Array("@media ".utf8) + media)[...])
    }
}
