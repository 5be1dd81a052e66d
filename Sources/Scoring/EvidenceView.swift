/// A kind of evidence that is judged by itself. Five judges that each see one kind and are heard alike err less than one
/// that sees everything, and who fools one of them has the others left.
package enum EvidenceView: Int, Sendable, CaseIterable {
    /// Words, shown and hidden, and links.
    case words = 0
    /// Pairs of words.
    case pairs = 1
    /// Runs of four octets.
    case grams = 2
    /// Words and addresses of the header.
    case headers = 3
    /// The way that the message came.
    case relays = 4

    package static let count = 5

    /// Its tokens weigh by how far spam and ham differ in them, see `CountRatio`: half of a header says the same in all mail.
    var heedsRatio: Bool { self == .headers || self == .relays }
}

extension TokenClass {
    /// The judge that sees it; nil for what is counted only.
    package var view: EvidenceView? {
        switch self {
        case .word, .hidden, .link: .words
        case .pair: .pairs
        case .gram: .grams
        case .header: .headers
        case .relay, .origin, .together: .relays
        // How a message is made says much while mailers stay the same, and misleads when they change: it is only counted.
        case .headerForm, .structure, .foreign: nil
        }
    }

    /// Its counts are kept and enter the classical method. Pairs, runs of octets and facts together are too many and too dependent.
    package var isCounted: Bool { self != .pair && self != .gram && self != .together }
}

/// The number under which stores keep a token: its 40 highest bits, class first. As long as SpamAssassin's.
package typealias TokenKey = UInt64

/// One message as a classifier sees it.
package struct Features: Hashable, Sendable {
    /// Bits of a token that a key leaves out.
    package static let cutBits: UInt64 = 24
    /// Keys that one message may have; more are not taken from a store or a report.
    package static let limit = 8192

    /// In ascending order, each once.
    package let keys: [TokenKey]
    /// What a key of each class weighs in its view, whatever it says; 0 where the class has none. The weights of a view have length
    /// 1, and a class with many keys gives less weight to each of them: long text does not drown short text.
    package let values: [Float]

    /// - Parameter tokens: in ascending order.
    package init(tokens: [UInt64]) {
        var keys: [TokenKey] = []
        keys.reserveCapacity(min(tokens.count, Self.limit))
        for token in tokens.prefix(Self.limit - FactsTogether.most) {
            let key = token >> Self.cutBits
            if key != keys.last { keys.append(key) }
        }
        self.init(keys: keys)
    }

    /// - Parameter keys: in ascending order, each once.
    package init(keys: [TokenKey]) {
        let taken = keys[..<Self.end(of: keys)]
        let together = FactsTogether.keys(taken[Self.range(of: .origin, in: taken.span)]).map(\.key).sorted()
        // Two may have one key by chance.
        let keys = taken + together.indices.filter { $0 == 0 || together[$0] != together[$0 - 1] }.map { together[$0] }
        self.keys = Array(keys)
        var counts = [Int](repeating: 0, count: 16)
        for key in keys { counts[Int(truncatingIfNeeded: key >> 36) & 15] += 1 }
        var values = [Float](repeating: 0, count: 16)
        var squares = [Double](repeating: 0, count: EvidenceView.count)
        for tokenClass in TokenClass.allCases {
            let count = Double(counts[Int(tokenClass.rawValue)])
            guard count > 0, let view = tokenClass.view else { continue }
            // The squares of the class add up to the square root of its count, those of what the way says without names to the count
            // itself: it holds for senders whom nobody has learnt. What is hidden has no more than what is shown: else hidden words
            // would take their weight from those that a person sees.
            var share = tokenClass == .origin || tokenClass == .together ? count : count.squareRoot()
            if tokenClass == .hidden {
                share = min(share, max(1, Double(counts[Int(TokenClass.word.rawValue)]).squareRoot()))
            }
            values[Int(tokenClass.rawValue)] = Float((share / count).squareRoot())
            squares[view.rawValue] += share
        }
        for tokenClass in TokenClass.allCases {
            guard let view = tokenClass.view else { continue }
            let length = squares[view.rawValue].squareRoot()
            if length > 0 { values[Int(tokenClass.rawValue)] /= Float(length) }
        }
        self.values = values
    }

    /// The keys that were taken from the message, without those that are made of them: what a store keeps.
    package var taken: ArraySlice<TokenKey> { keys[..<Self.end(of: keys)] }

    /// Where the keys that are made of others begin: they have the highest class.
    private static func end(of keys: [TokenKey]) -> Int {
        keys.lastIndex { tokenClass($0) != .together }.map { $0 + 1 } ?? 0
    }

    /// Where the keys of a class stand.
    /// - Parameter keys: in ascending order, class first.
    static func range(of tokenClass: TokenClass, in keys: Span<TokenKey>) -> Range<Int> {
        let first = TokenKey(tokenClass.rawValue) << 36
        return firstIndex(in: keys, notBelow: first)..<firstIndex(in: keys, notBelow: first + 1 << 36)
    }

    private static func firstIndex(in keys: Span<TokenKey>, notBelow bound: TokenKey) -> Int {
        var (low, high) = (0, keys.count)
        while low < high {
            let middle = (low + high) / 2
            if keys[middle] < bound { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The class of a key; nil for a number that is none.
    package static func tokenClass(_ key: TokenKey) -> TokenClass? {
        key >> 40 == 0 ? TokenClass(rawValue: UInt8(truncatingIfNeeded: key >> 36)) : nil
    }
}

/// Some classes of tokens, a bit for each: whether a key is of one of them is told without making its class.
package struct TokenClasses: Sendable {
    @usableFromInline let bits: UInt64

    package init(_ classes: some Sequence<TokenClass>) {
        bits = classes.reduce(0) { $0 | 1 << UInt64($1.rawValue) }
    }

    @inlinable
    package func contains(_ key: TokenKey) -> Bool { key >> 40 == 0 && bits >> (key >> 36) & 1 != 0 }

    /// Those whose counts are kept.
    package static let counted = TokenClasses(TokenClass.allCases.filter(\.isCounted))

    /// Those that weigh by how far spam and ham differ in them.
    package static let weighedByRatio = TokenClasses(TokenClass.allCases.filter { $0.view?.heedsRatio == true })
}
