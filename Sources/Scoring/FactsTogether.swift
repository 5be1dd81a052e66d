/// Keys of what the way of a message says together: each two facts, and all of them. A relay without a name is one thing beside a sender
/// of its domain, and another beside one of elsewhere; a machine adds up what single facts say and would not tell them apart. They are
/// made of the keys of the facts wherever a message is learnt or judged, so a store keeps the facts alone, and what an earlier
/// version learnt has them, too.
enum FactsTogether {
    /// Facts that count, as many as a message can have and some more. A worker that was taken over may send thousands (attack).
    static let limit = 12
    /// Keys that come of them at most.
    static let most = limit * (limit - 1) / 2 + 1

    /// The keys of each two facts of a message, with their places, and behind them that of all.
    static func keys(_ facts: some Sequence<TokenKey>) -> [(key: TokenKey, pair: (Int, Int)?)] {
        let facts = Array(facts.prefix(limit))
        guard !facts.isEmpty else { return [] }
        var made: [(key: TokenKey, pair: (Int, Int)?)] = []
        made.reserveCapacity(most)
        for second in facts.indices {
            for first in 0..<second {
                var hash = TokenHash("origin")
                hash.add(facts[first])
                hash.add(facts[second])
                made.append((key(hash), (first, second)))
            }
        }
        // That there are no others tells, too.
        var all = TokenHash("origin alone")
        for fact in facts { all.add(fact) }
        made.append((key(all), nil))
        return made
    }

    private static func key(_ hash: TokenHash) -> TokenKey {
        TokenClass.together.token(hash.mixed) >> Features.cutBits
    }
}
