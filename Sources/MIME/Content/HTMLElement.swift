/// The elements that the reader of HTML knows by name.
struct HTMLElement: OptionSet, Sendable {
    let rawValue: UInt32

    /// Begins and ends a line.
    static let block = HTMLElement(rawValue: 1)
    /// Has no content.
    static let void = HTMLElement(rawValue: 2)
    /// Content is text up to the end tag, never markup.
    static let raw = HTMLElement(rawValue: 4)
    /// As `raw`, but with references of characters.
    static let rawWithReferences = HTMLElement(rawValue: 8)
    /// Content is shown to nobody. Not what only some readers show: mail says in `video` what those are to show that do not know it.
    static let unseen = HTMLElement(rawValue: 16)
    /// Content is code.
    static let code = HTMLElement(rawValue: 32)
    /// A cell or a caption.
    static let cell = HTMLElement(rawValue: 64)
    /// Part of a table.
    static let tablePart = HTMLElement(rawValue: 128)
    /// Blanks in it stay.
    static let preformatted = HTMLElement(rawValue: 256)
    /// Ends a line.
    static let lineBreak = HTMLElement(rawValue: 512)
    /// End tags of elements that are not special do not reach beyond it (HTML section 13.2.4.2).
    static let special = HTMLElement(rawValue: 1024)
    /// What stands in it is not shown as text of the document: it is drawn, chosen from, pressed, played, or shown to some only.
    static let confining = HTMLElement(rawValue: 2048)
    /// No end tag but those of tables and of `template` reaches beyond it.
    static let scope = HTMLElement(rawValue: 4096)
    /// Goes on behind an element that ended before it.
    static let formatting = HTMLElement(rawValue: 8192)
    /// The formatting of what is in it ends with it.
    static let marker = HTMLElement(rawValue: 16_384)
    /// The tag of another element may end it without a word.
    static let implied = HTMLElement(rawValue: 32_768)
    /// Its tag ends a paragraph that is open.
    static let endsParagraph = HTMLElement(rawValue: 65_536)
    /// Its tag ends a drawing or formula that is open.
    static let endsDrawing = HTMLElement(rawValue: 131_072)

    /// It looks other than what is around it.
    static let ownLook = HTMLElement(rawValue: 262_144)
    /// A field of a form, or a part of one, that shows texts of its attributes and has no raw text.
    static let field = HTMLElement(rawValue: 524_288)

    /// What is known of the element; nothing for others.
    static func known(_ name: HTMLName) -> HTMLElement { table[name] ?? [] }

    private static let table: [HTMLName: HTMLElement] = {
        var table: [HTMLName: HTMLElement] = [:]
        func add(_ element: HTMLElement, _ names: [StaticString]) {
            for name in names { table[HTMLName(name), default: []].insert(element) }
        }
        // Special, and the end of a paragraph.
        let blocks: [StaticString] = [
            "address", "article", "aside", "blockquote", "center", "dd", "details", "dialog", "dir", "div", "dl", "dt",
            "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header",
            "hgroup",
            "li", "listing", "main", "menu", "nav", "ol", "p", "plaintext", "pre", "search", "section", "summary", "ul",
            "xmp",
        ]
        add([.block, .special, .endsParagraph], blocks)
        add(
            [.block, .special],
            ["body", "caption", "frameset", "html", "table", "tbody", "td", "tfoot", "th", "thead", "tr"])
        add(.block, ["legend", "optgroup", "option", "title"])
        add(.special, ["applet", "button", "marquee", "noscript", "object", "select", "template"])
        add(.endsParagraph, ["hr"])
        add([.scope, .marker], ["applet", "caption", "marquee", "object", "td", "template", "th"])
        add(.scope, ["select", "table"])
        add(
            .formatting,
            [
                "a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u",
            ])
        add(.implied, ["dd", "dt", "li", "optgroup", "option", "p", "rb", "rp", "rt", "rtc"])
        add(
            .endsDrawing,
            [
                "b", "big", "blockquote", "body", "br", "center", "code", "dd", "div", "dl", "dt", "em", "embed", "h1",
                "h2", "h3", "h4", "h5", "h6", "head", "hr", "i", "img", "li", "listing", "menu", "meta", "nobr", "ol",
                "p", "pre", "ruby", "s", "small", "span", "strong", "strike", "sub", "sup", "table", "tt", "u", "ul",
                "var",
            ])
        add(
            .void,
            [
                "area", "base", "basefont", "bgsound", "br", "col", "embed", "frame", "hr", "img", "image", "input",
                "keygen", "link", "meta", "param", "source", "track", "wbr",
            ])
        add(.lineBreak, ["br", "hr"])
        add(.raw, ["script", "style", "xmp", "iframe", "noembed", "noframes"])
        add(.rawWithReferences, ["title", "textarea"])
        add(.code, ["script", "style"])
        add(.unseen, ["iframe", "noembed", "noframes", "template", "datalist"])
        add(
            .confining,
            [
                "applet", "audio", "button", "canvas", "datalist", "details", "dialog", "frameset", "math", "meter",
                "noscript", "object", "progress", "select", "svg", "template", "video",
            ])
        add(
            .ownLook,
            ["a", "button", "dialog", "input", "mark", "math", "select", "svg", "table", "textarea"])
        add(.field, ["input", "optgroup", "option"])
        add(.cell, ["td", "th", "caption"])
        add(.tablePart, ["table", "thead", "tbody", "tfoot", "tr", "td", "th", "caption", "colgroup"])
        add(.preformatted, ["pre", "listing", "xmp", "textarea", "plaintext"])
        return table
    }()
}
