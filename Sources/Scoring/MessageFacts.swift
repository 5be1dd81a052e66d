/// What is counted over a whole message and becomes tokens of structure at its end.
struct MessageFacts: Sendable {
    var textOctets = 0
    var hiddenOctets = 0
    var words = 0
    var shouted = 0
    var symbols = 0
    var ideographs = 0
    var links = 0
    var images = 0
    var parts = 0
    var relays = 0
    var htmlOctets = 0

    mutating func note(_ word: WordReader.Word) {
        switch word.kind {
        case .word:
            words += 1
            if word.isShouted { shouted += 1 }
        case .symbols: symbols += 1
        case .ideograph: ideographs += 1
        }
    }
}

extension TokenExtractor {
    /// Sizes and shares in coarse steps: a mail of images only, or one whose text is mostly hidden, has tokens too
    /// (evasion H4).
    mutating func addFacts() {
        addFact("text", Self.step(facts.textOctets))
        addFact("hidden", Self.step(facts.hiddenOctets))
        addFact("hidden-share", Self.share(facts.hiddenOctets, of: facts.hiddenOctets + facts.textOctets))
        addFact("html-share", Self.share(facts.textOctets, of: facts.htmlOctets))
        addFact("words", Self.step(facts.words))
        addFact("shouted", Self.share(facts.shouted, of: facts.words))
        addFact("symbols", Self.share(facts.symbols, of: facts.words))
        addFact("ideographs", Self.share(facts.ideographs, of: facts.words + facts.ideographs))
        addFact("links", Self.step(facts.links))
        addFact("images", Self.step(facts.images))
        addFact("image-only", facts.words < 10 && facts.images > 0 ? 1 : 0)
        addFact("parts", Self.step(facts.parts))
        addFact("relays", min(facts.relays, 12))
    }

    mutating func addFact(_ name: StaticString, _ value: Int) {
        var hash = TokenHash(name)
        hash.add(UInt64(UInt(bitPattern: value)))
        if let token = collector.add(.structure, hash.mixed) { collector.describe(token, "S:\(name)=\(value)") }
    }

    /// The power of two.
    private static func step(_ number: Int) -> Int {
        number <= 0 ? 0 : Int.bitWidth - number.leadingZeroBitCount
    }

    /// Sixteenths.
    private static func share(_ part: Int, of whole: Int) -> Int {
        whole <= 0 ? -1 : min(16, part.multipliedReportingOverflow(by: 16).partialValue / whole)
    }
}
