/// One thing that a message says of its way, or of whom it is for, without any name.
enum OriginFact: CustomStringConvertible {
    /// Whether two places name one domain.
    case agreement(OriginFacts.Place, OriginFacts.Place, isSame: Bool)
    /// How the relay that handed the message over is named.
    case trait(OriginFacts.Trait)
    /// How the text calls the recipient.
    case mention(RecipientNames.Mention)
    /// None of these: programs that write no header, and senders who leave out what they can.
    case nothing

    /// Another one for each fact.
    var number: UInt64 {
        switch self {
        case .agreement(let first, let second, let isSame):
            UInt64(first.rawValue * 16 + second.rawValue * 2 + (isSame ? 1 : 0))
        case .trait(let trait): UInt64(256 + trait.rawValue)
        case .mention(let mention): UInt64(512 + mention.rawValue)
        case .nothing: 1024
        }
    }

    var description: String {
        switch self {
        case .agreement(let first, let second, let isSame): "\(first)\(isSame ? "=" : "!=")\(second)"
        case .trait(let trait): "\(trait)"
        case .mention(let mention): "\(mention)"
        case .nothing: "nothing"
        }
    }
}

extension TokenExtractor {
    /// Takes what the header said of the way, and whom the text is for.
    mutating func addOrigin() {
        var facts = origin.facts
        if let mention = recipient.mention { facts.append(.mention(mention)) }
        if facts.isEmpty { facts.append(.nothing) }
        origin = OriginFacts()
        recipient = RecipientNames()
        var taken: [(key: TokenKey, text: String)] = []
        for fact in facts {
            var hash = TokenHash("origin")
            hash.add(fact.number)
            guard let token = collector.add(.origin, hash.mixed) else { continue }
            collector.describe(token, TokenClass.origin.prefix + fact.description)
            if collector.keepsTexts { taken.append((token >> Features.cutBits, fact.description)) }
        }
        taken.sort { $0.key < $1.key }
        for (key, pair) in FactsTogether.keys(taken.map(\.key)) {
            let text =
                pair.map { "\(taken[$0].text)&\(taken[$1].text)" }
                ?? "only:" + taken.prefix(FactsTogether.limit).map(\.text).joined(separator: "&")
            collector.describe(key << Features.cutBits, TokenClass.together.prefix + text)
        }
    }
}
