internal import Bytes

/// What HTML refers to.
extension HTMLReader {
    mutating func links(_ html: Span<UInt8>, _ name: HTMLName, _ offset: Int) {
        if name == Names.form { content.notes.insert(.hasForm) }
        for attribute in tokenizer.attributes {
            switch attribute.name {
            case Names.href:
                if name == Names.base {
                    if content.base == nil, isOfPage { content.base = target(html, attribute.value) }
                } else if name == Names.link {
                    add(.resource, target(html, attribute.value), offset)
                } else {
                    beginAnchor(target(html, attribute.value), offset, hasText: name == Names.anchor)
                }
            case Names.src, Names.background, Names.poster, Names.data, Names.lowsrc, Names.dynsrc, Names.xlink,
                Names.codebase:
                add(.resource, target(html, attribute.value), offset)
            case Names.srcset:
                let list = target(html, attribute.value)
                for candidate in list.split(separator: 0x2C) {
                    guard let url = candidate.split(separator: 0x20).first else { continue }
                    add(.resource, Array(url), offset)
                }
            case Names.action, Names.formaction:
                add(.form, target(html, attribute.value), offset)
            case Names.content where name == Names.meta:
                refresh(html, attribute.value, offset)
            case Names.style:
                styleLinks(HTMLEntities.decoded(html, attribute.value, isAttribute: true), offset)
            case Names.srcdoc where name == Names.iframe:
                frame(html, attribute.value, offset)
            case Names.to, Names.from, Names.by, Names.values:
                guard animatesLink(html) else { continue }
                for value in target(html, attribute.value).split(separator: 0x3B) {
                    add(.anchor, Self.target(Array(value)), offset)
                }
            case Names.alt:
                imageText(html, attribute.value)
            case Names.onclick, Names.onload, Names.onerror, Names.onmouseover:
                content.notes.insert(.hasScript)
                keep(html, attribute.value, in: \.scripts)
            default: break
            }
        }
    }

    /// The element whose tag was read is one of HTML in the page itself, neither drawn nor in a template.
    private var isOfPage: Bool {
        stack.last?.isForeign != true && !stack.contains { $0.name == Names.template }
    }

    private mutating func imageText(_ html: Span<UInt8>, _ value: Range<Int>) {
        let text = HTMLEntities.decoded(html, value, isAttribute: true)
        guard !text.isEmpty else { return }
        guard content.imageTexts.count + text.count < limits.textSize else {
            content.notes.insert(.limitReached)
            return
        }
        content.imageTexts += text + [0x0A]
    }

    /// A reference as browsers take it: blanks and controls around it do not count, line ends and tabs nowhere.
    private func target(_ html: Span<UInt8>, _ value: Range<Int>) -> [UInt8] {
        Self.target(HTMLEntities.decoded(html, value, isAttribute: true))
    }

    private static func target(_ value: [UInt8]) -> [UInt8] {
        var target = value
        target.removeAll { $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }
        while let last = target.last, last <= 0x20 { target.removeLast() }
        return Array(target.drop { $0 <= 0x20 })
    }

    private mutating func add(_ kind: HTMLLink.Kind, _ target: [UInt8], _ offset: Int) {
        guard !target.isEmpty else { return }
        guard content.links.count < limits.links else {
            content.notes.insert(.limitReached)
            return
        }
        if target.count > limits.linkSize { content.notes.insert(.limitReached) }
        content.links.append(
            HTMLLink(
                kind: kind, target: Array(target.prefix(limits.linkSize)), isHidden: style.isHidden || indent > 0,
                offset: offset))
    }

    private mutating func beginAnchor(_ target: [UInt8], _ offset: Int, hasText: Bool) {
        if hasText { endAnchor() }
        let before = content.links.count
        add(.anchor, target, offset)
        guard hasText, content.links.count > before else { return }
        anchor = (before, visible.bytes.count, hidden.bytes.count)
    }

    mutating func endAnchor() {
        guard let open = anchor else { return }
        anchor = nil
        var text = visible.bytes[open.visibleStart...]
        if text.isEmpty { text = hidden.bytes[open.hiddenStart...] }
        while let first = text.first, first <= 0x20 { text.removeFirst() }
        if text.count > limits.linkSize { content.notes.insert(.limitReached) }
        content.links[open.link].text = Array(text.prefix(limits.linkSize))
    }

    /// `content="0; url=..."` of `<meta http-equiv=refresh>`.
    private mutating func refresh(_ html: Span<UInt8>, _ value: Range<Int>, _ offset: Int) {
        guard let kind = tokenizer.value(Names.httpEquiv),
            html.hasPrefix(ignoringCase: "refresh", from: kind.lowerBound)
        else { return }
        let text = target(html, value)
        var index = text.firstIndex(where: { $0 == 0x3B || $0 == 0x2C }).map { $0 + 1 } ?? text.count
        while index < text.count, text[index] <= 0x20 { index += 1 }
        if text.span.hasPrefix(ignoringCase: "url", from: index) {
            var after = index + 3
            while after < text.count, text[after] <= 0x20 { after += 1 }
            if after < text.count, text[after] == 0x3D {
                index = after + 1
                while index < text.count, text[index] <= 0x20 { index += 1 }
            }
        }
        guard index < text.count else { return }
        var url = text[index...]
        if let quote = url.first, quote == 0x22 || quote == 0x27 {
            url = url.dropFirst().prefix(while: { $0 != quote })
        }
        add(.refresh, Array(url), offset)
    }

    /// What a style loads.
    mutating func styleLinks(_ style: [UInt8], _ offset: Int) {
        CSSAddresses.each(in: style) { add(.resource, Self.target($0), offset) }
    }

    /// The page in the `srcdoc` of a frame (HTML section 4.8.5): its text and links are part of this one's, hidden where the frame is.
    private mutating func frame(_ html: Span<UInt8>, _ value: Range<Int>, _ offset: Int) {
        guard limits.frames > 0 else {
            content.notes.insert(.tooDeep)
            return
        }
        var inner = limits
        inner.frames -= 1
        let source = HTMLEntities.decoded(html, value, isAttribute: true)
        var reader = HTMLReader(limits: inner, isFramed: true)
        reader.read(source.span)
        var page = reader.content
        let isHidden = style.isHidden || indent > 0
        if isHidden {
            Self.take(page.visible, into: &hidden)
        } else {
            Self.take(page.visible, into: &visible)
        }
        Self.take(page.hidden, into: &hidden)
        keep(page.fieldTexts.span, page.fieldTexts.indices, in: isHidden ? \.hiddenFieldTexts : \.fieldTexts)
        keep(page.hiddenFieldTexts.span, page.hiddenFieldTexts.indices, in: \.hiddenFieldTexts)
        keep(page.scripts.span, page.scripts.indices, in: \.scripts)
        keep(page.comments.span, page.comments.indices, in: \.comments)
        keep(page.imageTexts.span, page.imageTexts.indices, in: \.imageTexts)
        let room = limits.links - content.links.count
        if page.links.count > room { page.notes.insert(.limitReached) }
        for var link in page.links.prefix(room) {
            link.bases = (page.base.map { [$0] } ?? []) + link.bases
            link.isHidden = link.isHidden || isHidden
            link.offset = offset
            content.links.append(link)
        }
        // What ends in the attribute ends nothing here.
        content.notes.formUnion(page.notes.subtracting(.endsInMarkup))
    }

    private static func take(_ text: [UInt8], into buffer: inout HTMLTextBuffer) {
        guard !text.isEmpty else { return }
        buffer.breakLine()
        buffer.append(text.span, text.indices)
        buffer.breakLine()
    }

    /// An animation of a drawing gives the link around it another target.
    private func animatesLink(_ html: Span<UInt8>) -> Bool {
        guard let name = tokenizer.value(Names.attributeName) else { return false }
        return Self.target(HTMLEntities.decoded(html, name, isAttribute: true)).map(asciiLower).suffix(4)
            .elementsEqual("href".utf8)
    }

    /// Names of elements and attributes that mean something to the reader.
    enum Names {
        static let script = HTMLName("script"), styleElement = HTMLName("style"), title = HTMLName("title")
        static let plaintext = HTMLName("plaintext"), paragraph = HTMLName("p"), anchor = HTMLName("a")
        static let table = HTMLName("table"), td = HTMLName("td"), th = HTMLName("th"), tr = HTMLName("tr")
        static let tbody = HTMLName("tbody"), thead = HTMLName("thead"), tfoot = HTMLName("tfoot")
        static let br = HTMLName("br"), base = HTMLName("base"), link = HTMLName("link"), form = HTMLName("form")
        static let meta = HTMLName("meta"), font = HTMLName("font"), body = HTMLName("body")
        static let style = HTMLName("style"), hidden = HTMLName("hidden"), bgcolor = HTMLName("bgcolor")
        static let background = HTMLName("background"), color = HTMLName("color"), text = HTMLName("text")
        static let href = HTMLName("href"), src = HTMLName("src"), poster = HTMLName("poster"), data = HTMLName("data")
        static let lowsrc = HTMLName("lowsrc"), dynsrc = HTMLName("dynsrc"), xlink = HTMLName("xlink:href")
        static let codebase = HTMLName("codebase"), srcset = HTMLName("srcset"), action = HTMLName("action")
        static let formaction = HTMLName("formaction"), content = HTMLName("content"), alt = HTMLName("alt")
        static let classes = HTMLName("class"), id = HTMLName("id"), media = HTMLName("media")
        static let nobr = HTMLName("nobr"), button = HTMLName("button"), hr = HTMLName("hr")
        static let dt = HTMLName("dt"), dd = HTMLName("dd")
        static let h1 = HTMLName("h1"), li = HTMLName("li"), select = HTMLName("select"), input = HTMLName("input")
        static let head = HTMLName("head"), html = HTMLName("html"), caption = HTMLName("caption")
        static let col = HTMLName("col"), colgroup = HTMLName("colgroup"), ruby = HTMLName("ruby")
        static let svg = HTMLName("svg"), math = HTMLName("math"), face = HTMLName("face"), size = HTMLName("size")
        static let ol = HTMLName("ol"), ul = HTMLName("ul"), optgroup = HTMLName("optgroup"),
            option = HTMLName("option")
        static let align = HTMLName("align"), dir = HTMLName("dir")
        static let div = HTMLName("div"), address = HTMLName("address"), mark = HTMLName("mark")
        static let textarea = HTMLName("textarea"), datalist = HTMLName("datalist")
        static let dialog = HTMLName("dialog"), open = HTMLName("open"), popover = HTMLName("popover")
        static let name = HTMLName("name"), value = HTMLName("value"), label = HTMLName("label")
        static let placeholder = HTMLName("placeholder"), marquee = HTMLName("marquee")
        static let rubyParts = Set(["rb", "rp", "rt", "rtc"].map { HTMLName($0) } as [HTMLName])
        static let headings = Set(["h1", "h2", "h3", "h4", "h5", "h6"].map { HTMLName($0) } as [HTMLName])
        static let type = HTMLName("type"), template = HTMLName("template")
        static let srcdoc = HTMLName("srcdoc"), iframe = HTMLName("iframe"), encoding = HTMLName("encoding")
        static let attributeName = HTMLName("attributename"), to = HTMLName("to"), from = HTMLName("from")
        static let by = HTMLName("by"), values = HTMLName("values"), annotation = HTMLName("annotation-xml")
        static let httpEquiv = HTMLName("http-equiv"), onclick = HTMLName("onclick"), onload = HTMLName("onload")
        static let onerror = HTMLName("onerror"), onmouseover = HTMLName("onmouseover")
    }
}
