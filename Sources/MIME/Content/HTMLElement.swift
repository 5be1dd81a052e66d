/// The elements that the reader of HTML knows by name.
struct HTMLElement: OptionSet, Sendable {
    let rawValue: UInt32

    /// Begins and ends a line; end tags of other elements do not reach beyond it.
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
    /// A cell or a caption: no end tag but those of tables reaches beyond it.
    static let cell = HTMLElement(rawValue: 64)
    /// Part of a table.
    static let tablePart = HTMLElement(rawValue: 128)
    /// Blanks in it stay.
    static let preformatted = HTMLElement(rawValue: 256)
    /// Ends a line.
    static let lineBreak = HTMLElement(rawValue: 512)
    /// Another one of the same name ends it (`p`, `li`, `option`, `tr`, `td`).
    static let closesItself = HTMLElement(rawValue: 1024)

    /// What stands in it is not shown as text of the document: it is drawn, chosen from, pressed, played, or shown to some only.
    static let confining = HTMLElement(rawValue: 2048)

    /// What is known of the element; nothing for others.
    static func known(_ name: HTMLName) -> HTMLElement { table[name] ?? [] }

    private static let table: [HTMLName: HTMLElement] = {
        var table: [HTMLName: HTMLElement] = [:]
        func add(_ element: HTMLElement, _ names: [StaticString]) {
            for name in names { table[HTMLName(name), default: []].insert(element) }
        }
        add(
            .block,
            [
                "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dialog",
                "dir",
                "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "frameset", "h1", "h2", "h3",
                "h4",
                "h5", "h6", "header", "hgroup", "html", "legend", "li", "listing", "main", "menu", "nav", "ol",
                "optgroup",
                "option", "p", "plaintext", "pre", "search", "section", "summary", "table", "tbody", "td", "tfoot",
                "th",
                "thead", "title", "tr", "ul", "xmp",
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
        add(.cell, ["td", "th", "caption"])
        add(.tablePart, ["table", "thead", "tbody", "tfoot", "tr", "td", "th", "caption"])
        add(.preformatted, ["pre", "listing", "xmp", "textarea", "plaintext"])
        add(.closesItself, ["p", "li", "option", "tr", "td", "th", "dt", "dd"])
        return table
    }()
}
