internal import Bytes

/// What fields of forms show that is no text of the page: it stands in attributes (HTML sections 4.10.5, 4.10.8 to 4.10.11). It is kept
/// apart, since links, positions and changes of the page have nothing to do with it.
extension HTMLReader {
    /// What an `input` shows.
    enum FieldKind {
        /// `value`, or `placeholder` where there is none.
        case text
        case button
        /// `placeholder`: signs for a password, or what is no number.
        case placeholder
        /// A picture has its `value` only where it is not loaded.
        case picture
        case nothing

        init(_ html: Span<UInt8>, _ tokenizer: HTMLTokenizer) {
            let type = tokenizer.value(Names.type).map { HTMLEntities.decoded(html, $0, isAttribute: true) } ?? []
            // Any other is text.
            switch String(decoding: type.map(asciiLower), as: UTF8.self) {
            case "submit", "reset", "button": self = .button
            case "password", "number": self = .placeholder
            case "image": self = .picture
            case "hidden", "checkbox", "radio", "file", "color", "range", "date", "month", "week", "time",
                "datetime-local":
                self = .nothing
            default: self = .text
            }
        }
    }

    /// Octets of a field of one line that are seen: about as many as a line of a page has.
    private static let lineSize = 256

    /// Takes what the field shows whose tag was read.
    mutating func takeField(_ html: Span<UInt8>, _ name: HTMLName) {
        guard name == Names.input else {
            if let label = tokenizer.value(Names.label) { take(html, label, isShown: true) }
            return
        }
        let kind = FieldKind(html, tokenizer)
        let value = tokenizer.value(Names.value) ?? 0..<0
        if kind == .text || kind == .button || kind == .picture { take(html, value, isShown: kind != .picture) }
        if kind == .text || kind == .placeholder, let placeholder = tokenizer.value(Names.placeholder) {
            take(html, placeholder, isShown: kind == .placeholder || value.isEmpty)
        }
    }

    /// Takes the placeholder of the `textarea` whose tag was read.
    /// - Parameter text: what is in it.
    mutating func takePlaceholder(_ html: Span<UInt8>, ofArea text: Range<Int>) {
        guard let placeholder = tokenizer.value(Names.placeholder) else { return }
        // A line end behind the tag is none of the text.
        let isEmpty =
            text.isEmpty
            || ["\n", "\r\n", "\r"].contains(String(decoding: html.extracting(text.prefix(3)).array, as: UTF8.self))
        take(html, placeholder, isShown: isEmpty, isLine: false)
    }

    private mutating func take(_ html: Span<UInt8>, _ value: Range<Int>, isShown: Bool, isLine: Bool = true) {
        let text = HTMLEntities.decoded(html, value, isAttribute: true)
        var end = isLine ? min(text.count, Self.lineSize) : text.count
        // Not within a character.
        while end > 0, end < text.count, text[end] & 0xC0 == 0x80 { end -= 1 }
        keep(text.span, 0..<end, in: isShown && !style.isHidden && indent == 0 ? \.fieldTexts : \.hiddenFieldTexts)
        keep(text.span, end..<text.count, in: \.hiddenFieldTexts)
    }
}
