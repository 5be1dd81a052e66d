internal import Bytes

/// Where the text of a whole HTML document ends.
enum HTMLEnd {
    fileprivate static let body = HTMLName("body")
    fileprivate static let html = HTMLName("html")
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

/// Whether what is put at the end of a document (`HTMLEnd`) would be seen.
struct HTMLEndSight {
    private static let frameset = HTMLName("frameset")

    /// Elements that confine what is in them: start tags without an end tag of their own. Others do not count, since browsers let
    /// them close some of these elements and pass them over in others (HTML section 13.2.6).
    private var unclosed: [HTMLName: Int] = [:]
    /// A document of frames has no text, behind them either.
    private var hasFrames = false
    private var isUnseenAtBody: Bool?
    private var isUnseenAtHTML: Bool?

    mutating func begin(_ name: HTMLName, _ element: HTMLElement) {
        guard element.contains(.confining) else { return }
        if name == Self.frameset { hasFrames = true }
        unclosed[name, default: 0] += 1
    }

    /// - Parameter isHidden: text in front of the tag is hidden, or that of a link.
    mutating func end(_ name: HTMLName, isHidden: Bool) {
        if name == HTMLEnd.body { isUnseenAtBody = isUnseen(isHidden) }
        if name == HTMLEnd.html { isUnseenAtHTML = isUnseen(isHidden) }
        if let count = unclosed[name], count > 0 { unclosed[name] = count - 1 }
    }

    /// The answer, when all was read.
    func isEndUnseen(isHidden: Bool) -> Bool { isUnseenAtBody ?? isUnseenAtHTML ?? isUnseen(isHidden) }

    private func isUnseen(_ isHidden: Bool) -> Bool {
        isHidden || hasFrames || unclosed.values.contains { $0 > 0 }
    }
}
