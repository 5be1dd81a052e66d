internal import Bytes
internal import MIME

/// Takes the tokens out of one message after the other: header fields by their class, words that a person sees, words
/// that are hidden, links, structure. Pure: the same bytes give the same tokens everywhere.
package struct TokenExtractor: Sendable {
    /// Octets of hidden text whose words count, and of texts in whose place others are shown, of a message.
    static let hiddenSize = 65_536

    var collector: TokenCollector
    var hiddenLeft = TokenExtractor.hiddenSize
    var facts = MessageFacts()
    var links = FoundLinks()
    var origin = OriginFacts()
    var recipient = RecipientNames()
    var documentLinks: [[UInt8]] = []
    private var shown = ShownText()
    /// Texts in whose place others are shown.
    var unshown: [UInt8] = []

    /// Takes words as SpamAssassin keys them, too.
    package var takesForeignTokens = false

    /// - Parameter keepsTexts: keep readable forms, for explanations. Costs time; off where mail is private.
    package init(keepsTexts: Bool = false) {
        collector = TokenCollector(keepsTexts: keepsTexts)
    }

    /// Ends a message and gives its tokens.
    package mutating func finish() -> TokenSet {
        let showsText = takeTexts()
        addOtherLinks(as: showsText ? .hidden : .link)
        addFacts()
        addOrigin()
        hiddenLeft = Self.hiddenSize
        facts = MessageFacts()
        return collector.take()
    }

    // MARK: - Text

    /// Takes words that a person sees, UTF-8, when all of them are known.
    package mutating func add(text: Span<UInt8>) {
        facts.textOctets += text.count
        shown.add(text)
    }

    /// Takes the texts that are shown, then those in whose place they are. Where nothing is shown, the latter are what a person
    /// looks for.
    /// - Returns: whether a person sees a text of the message itself.
    private mutating func takeTexts() -> Bool {
        let unshown = unshown
        self.unshown = []
        let showsText = facts.textOctets > 0
        if !showsText {
            add(text: unshown.span)
            takeShown()
        } else {
            takeShown()
            add(unshown: unshown.span)
        }
        return showsText
    }

    private mutating func takeShown() {
        let text = shown.take()
        recipient.look(at: text.span)
        addLinks(inText: text.span, as: .link)
        for piece in Self.pieces(of: text.span, edge: Self.wordEdge) {
            addWords(of: text.span.extracting(piece), field: 0)
        }
        for piece in Self.pieces(of: text.span, edge: Self.gramEdge) { addGrams(of: text.span.extracting(piece)) }
        addShownLinks()
    }

    /// Octets at the beginning and at the end of a text whose words, and whose runs of octets, are taken first.
    private static let wordEdge = 1536
    private static let gramEdge = 400

    /// A long text in the order in which it is read: its beginning, its end, what is between. Classes have limits, and words of
    /// honest mail before those of a spam would take all the places (attack).
    private static func pieces(of text: Span<UInt8>, edge: Int) -> [Range<Int>] {
        guard text.count > 2 * edge else { return [0..<text.count] }
        let (first, last) = (cut(text, edge), cut(text, text.count - edge))
        return [0..<first, last..<text.count, first..<last]
    }

    /// A place near this one between two words, or at least between two characters.
    static func cut(_ text: Span<UInt8>, _ place: Int) -> Int {
        for index in place - 64..<place where text[index] <= 0x20 { return index }
        var index = place
        while index > place - 4, text[index] & 0xC0 == 0x80 { index -= 1 }
        return index
    }

    /// Takes words that are there but not shown, UTF-8.
    package mutating func add(hidden text: Span<UInt8>) {
        let taken = text.extracting(0..<min(text.count, hiddenLeft))
        hiddenLeft -= taken.count
        facts.hiddenOctets += text.count
        var reader = WordReader()
        while collector.hasRoom(.hidden), let word = reader.next(in: taken) {
            guard word.kind != .symbols, word.range.count > 2 || word.kind == .ideograph else { continue }
            if let token = collector.add(.hidden, word.hash) { describe(token, .hidden, taken.extracting(word.range)) }
        }
    }

    /// Takes texts in whose place others are shown, when the words of those were taken: words that stand in them alone are hidden
    /// ones (attack: words of honest mail in a part that nobody is shown). Where what is shown has more words than count, nothing
    /// is known of them.
    private mutating func add(unshown text: Span<UInt8>) {
        let taken = text.extracting(0..<min(text.count, hiddenLeft))
        hiddenLeft -= taken.count
        facts.textOctets += text.count
        addLinks(inText: taken, as: .hidden)
        guard collector.hasRoom(.word) else { return }
        var reader = WordReader()
        while collector.hasRoom(.hidden), let word = reader.next(in: taken) {
            guard word.kind != .symbols, word.range.count > 2 || word.kind == .ideograph,
                !collector.contains(.word, word.hash)
            else { continue }
            if let token = collector.add(.hidden, word.hash) { describe(token, .hidden, taken.extracting(word.range)) }
        }
    }

    /// Words and pairs of words. `field` is 0 for the body, else it separates the pairs of that field.
    mutating func addWords(of text: Span<UInt8>, field: UInt64) {
        var reader = WordReader()
        // The last words, to which the next one is paired, newest last: their hashes and where they stand.
        var recent = InlineArray<2, (hash: UInt64, range: Range<Int>)>(repeating: (0, 0..<0))
        var held = 0
        while let word = reader.next(in: text) {
            facts.note(word)
            if word.kind == .word, field == 0 { addForeign(text.extracting(word.range)) }
            if word.kind != .symbols {
                if let token = collector.add(.word, word.hash) { describe(token, .word, text.extracting(word.range)) }
                if word.written != word.hash, let token = collector.add(.word, word.written) {
                    describe(token, .word, text.extracting(word.range))
                }
                if field != 0, let token = collector.add(.header, TokenHash.mixed(field ^ word.hash)) {
                    describe(token, .header, text.extracting(word.range))
                }
            } else if let token = collector.add(.word, word.hash) {
                describe(token, .word, text.extracting(word.range))
            }
            for index in 0..<held {
                let before = recent[index]
                let distance = UInt64(held - index)
                let hash = TokenHash.mixed(before.hash &* (distance &* 2 + 1) ^ word.hash)
                if let token = collector.add(.pair, hash), collector.keepsTexts {
                    let left = Self.show(text.extracting(before.range))
                    let right = Self.show(text.extracting(word.range))
                    collector.describe(
                        token,
                        TokenClass.pair.prefix + left + String(repeating: " *", count: Int(distance) - 1) + " " + right)
                }
            }
            if held == recent.count {
                for index in 1..<held { recent[index - 1] = recent[index] }
                held -= 1
            }
            recent[held] = (word.hash, word.range)
            held += 1
        }
    }

    /// Runs of four octets at the beginning of the text: they see through letters put between letters, and need no words.
    mutating func addGrams(of text: Span<UInt8>) {
        var window: UInt32 = 0
        var index = 0
        while index < text.count, collector.hasRoom(.gram) {
            window = window << 8 | UInt32(asciiLower(text[index]))
            index += 1
            guard index >= 4 else { continue }
            if let token = collector.add(.gram, TokenHash.mixed(UInt64(window) | 1 << 40)) {
                describe(token, .gram, text.extracting(index - 4..<index))
            }
        }
    }

    mutating func describe(_ token: UInt64, _ tokenClass: TokenClass, _ text: Span<UInt8>) {
        guard collector.keepsTexts else { return }
        collector.describe(token, tokenClass.prefix + Self.show(text))
    }

    static func show(_ text: Span<UInt8>) -> String {
        String(decoding: text.extracting(0..<min(text.count, 64)).array, as: UTF8.self)
    }
}
