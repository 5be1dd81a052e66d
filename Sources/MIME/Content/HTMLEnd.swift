internal import Bytes

/// Where the text of a whole HTML document ends.
enum HTMLEnd {
    private static let body = HTMLName("body")
    private static let html = HTMLName("html")
    private static let plaintext = HTMLName("plaintext")

    /// The offset of the last end tag of `body`, else of `html`, else the end. `html` is in a charset in which ASCII stands for
    /// itself. Nil where what is put there would be part of a tag, a comment, a script or the like.
    static func offset(_ html: Span<UInt8>) -> Int? {
        var tokenizer = HTMLTokenizer(attributeLimit: HTMLLimits().attributes)
        var bodyEnd: Int?
        var htmlEnd: Int?
        while true {
            let start = tokenizer.position
            guard let token = tokenizer.next(html) else { break }
            switch token {
            case .text, .comment: continue
            case .endTag:
                if tokenizer.name == body { bodyEnd = start }
                if tokenizer.name == Self.html { htmlEnd = start }
            case .startTag:
                if tokenizer.name == plaintext { return nil }
                let element = HTMLElement.known(tokenizer.name)
                guard element.contains(.raw) || element.contains(.rawWithReferences) else { continue }
                _ = tokenizer.rawText(html)
                if tokenizer.position == html.count { return nil }
            }
        }
        if tokenizer.endsInMarkup { return nil }
        return bodyEnd ?? htmlEnd ?? html.count
    }
}
