/// Keys of what the way of a message says together: each two facts, and all of them. A relay without a name is one thing beside a sender
/// of its domain, and another beside one of elsewhere; a machine adds up what single facts say and would not tell them apart. They are
/// made of the keys of the facts wherever a message is learnt or judged, so a store keeps the facts alone, and what an earlier
/// version learnt has them, too.
enum FactsTogether {
    /// Facts that count, as many as a message can have and some more. A worker that was taken over may send thousands (attack).
    private static let limit = 12
    /// Keys that come of them at most.
    static let most = limit * (limit - 1) / 2 + 1

    /// The keys of the facts of a message, with the places of the facts that each is made of; the last one of all.
    static func keys(_ facts: [TokenKey]) -> [(key: TokenKey, places: [Int])] {
        guard !facts.isEmpty else { return [] }
        let places = Array(facts.indices.prefix(limit))
        var made: [(key: TokenKey, places: [Int])] = []
        for first in places {
            for second in places[(first + 1)...] {
                made.append((key("origin", [facts[first], facts[second]]), [first, second]))
            }
        }
        // That there are no others tells, too.
        made.append((key("origin alone", facts[..<places.count]), places))
        return made
    }

    private static func key(_ salt: StaticString, _ facts: some Sequence<TokenKey>) -> TokenKey {
        var hash = TokenHash(salt)
        for fact in facts { hash.add(fact) }
        return TokenClass.together.token(hash.mixed) >> Features.cutBits
    }
}
