internal import Bytes

/// All words of marked-up text for those who look for one: whatever its style, with the title, and with what stands in for pictures and in
/// fields of forms where they are; the addresses of links come last. Text that an element turns has the marks of Unicode around it that
/// turn text as well (UAX #9 section 2.2). HTML, and the XML of office documents, whose paragraphs end as they do in HTML.
package enum MarkupWords {
    /// - Parameters:
    ///   - markup: UTF-8.
    ///   - limit: octets of the text.
    /// - Returns: UTF-8; pieces of one word are not parted by tags between them.
    package static func read(_ markup: Span<UInt8>, limit: Int) -> [UInt8] {
        var words: [UInt8] = []
        var tokenizer = HTMLTokenizer(attributeLimit: HTMLLimits().attributes)
        // Of links, which may begin within a word.
        var addresses: [UInt8] = []
        // The element whose text runs from right to left.
        var turned: HTMLName?
        while words.count < limit, let token = tokenizer.next(markup) {
            switch token {
            case .comment: break
            case .text(let range): words += HTMLEntities.decoded(markup, range, isAttribute: false)
            case .endTag:
                if !isWithinWord(markup, tokenizer.nameRange) { words.append(0x0A) }
                if let name = turned, tokenizer.name == name {
                    words += endOfOverride
                    turned = nil
                }
            case .startTag:
                if code.contains(tokenizer.name) { _ = tokenizer.rawText(markup) }
                for attribute in tokenizer.attributes where shown.contains(attribute.name) {
                    words += [0x20] + HTMLEntities.decoded(markup, attribute.value, isAttribute: true) + [0x20]
                }
                for attribute in tokenizer.attributes where attribute.name == address && addresses.count < limit {
                    addresses += [0x0A] + HTMLEntities.decoded(markup, attribute.value, isAttribute: true)
                }
                if !isWithinWord(markup, tokenizer.nameRange) { words.append(0x0A) }
                if turned == nil, isTurned(tokenizer, markup) {
                    words += override
                    turned = tokenizer.name
                }
            }
        }
        return Array((words + addresses).prefix(limit))
    }

    private static let override = Array("\u{202E}".utf8)
    private static let endOfOverride = Array("\u{202C}".utf8)
    private static let bdo = HTMLName("bdo")
    private static let direction = HTMLName("dir")
    private static let style = HTMLName("style")

    /// The text of the element runs from right to left whatever its characters are (HTML section 15.3.1, CSS Writing Modes
    /// section 2.2).
    private static func isTurned(_ tokenizer: HTMLTokenizer, _ markup: Span<UInt8>) -> Bool {
        func has(_ word: StaticString, _ attribute: HTMLName) -> Bool {
            tokenizer.attributes.contains {
                $0.name == attribute
                    && HTMLEntities.decoded(markup, $0.value, isAttribute: true).span.firstIndex(ignoringCase: word)
                        != nil
            }
        }
        if tokenizer.name == bdo { return has("rtl", direction) || has("rtl", style) }
        return has("override", style) && (has("rtl", style) || has("rtl", direction))
    }

    private static let code = names(["script", "style"])
    private static let shown = names(["alt", "value", "placeholder"])
    private static let address = HTMLName("href")

    /// Elements of HTML that may begin and end within a word.
    private static let withinWords = names([
        "a", "b", "bdi", "bdo", "big", "code", "em", "font", "i", "ins", "kbd", "mark", "nobr", "s", "small", "span",
        "strong", "tt", "u", "wbr",
    ])
    /// Elements of office documents that do not, without their prefixes: of WordprocessingML (ECMA-376 part 1, 17.3) and of
    /// OpenDocument (part 3, 5.1, 6.1). All others are about the look of what stands in them.
    private static let betweenWords = names(["p", "h", "br", "cr", "tab", "s", "line-break"])

    private static func names(_ names: [StaticString]) -> Set<HTMLName> { Set(names.map { HTMLName($0) }) }

    private static func isWithinWord(_ markup: Span<UInt8>, _ name: Range<Int>) -> Bool {
        guard let colon = markup.extracting(name).firstIndex(of: 0x3A) else {
            return withinWords.contains(HTMLName(markup, name))
        }
        return !betweenWords.contains(HTMLName(markup, name.lowerBound + colon + 1..<name.upperBound))
    }
}
