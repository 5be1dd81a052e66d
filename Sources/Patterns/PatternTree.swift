/// What texts a pattern can match, as far as it can be told without matching: every text that the pattern matches is
/// one of these; not every one of these need match. Case is not told apart.
indirect enum PatternTree: Sendable {
    /// One octet.
    case set(ByteSet)
    case sequence([PatternTree])
    case choice([PatternTree])
    case repetition(PatternTree, from: Int, upTo: Int?)
    /// Takes no octet: an anchor, a word boundary, a look-around.
    case nothing(Anchor)
    /// Any octets, or none: a back reference.
    case anything

    /// Where a text or a line of it can begin or end: `end` also before a newline at its very end.
    enum Anchor: Sendable { case start, end, veryEnd, lineStart, lineEnd, other }

    /// Fewest octets.
    var shortest: Int {
        switch self {
        case .set: 1
        case .sequence(let parts): parts.reduce(0) { min(PatternTree.longLength, $0 + $1.shortest) }
        case .choice(let branches): branches.map(\.shortest).min() ?? 0
        case .repetition(let part, let from, _):
            min(PatternTree.longLength, part.shortest.multipliedReportingOverflow(by: from).partialValue)
        case .nothing, .anything: 0
        }
    }

    /// Most octets; nil for no bound.
    var longest: Int? {
        switch self {
        case .set: return 1
        case .sequence(let parts):
            var sum = 0
            for part in parts {
                guard let length = part.longest else { return nil }
                sum += length
            }
            return sum < PatternTree.longLength ? sum : nil
        case .choice(let branches):
            var most = 0
            for branch in branches {
                guard let length = branch.longest else { return nil }
                most = max(most, length)
            }
            return most
        case .repetition(let part, _, let upTo):
            guard let upTo, let length = part.longest else { return nil }
            let (product, overflow) = length.multipliedReportingOverflow(by: upTo)
            return overflow || product >= PatternTree.longLength ? nil : product
        case .nothing: return 0
        case .anything: return nil
        }
    }

    /// Lengths beyond are not counted.
    private static let longLength = 1_000_000

    /// Every octet that can stand anywhere in the text; nil for any.
    var octets: ByteSet? {
        switch self {
        case .set(let set): return set
        case .sequence(let parts), .choice(let parts):
            var union = ByteSet()
            for part in parts {
                guard let set = part.octets else { return nil }
                union.formUnion(set)
            }
            return union
        case .repetition(let part, _, _): return part.octets
        case .nothing: return ByteSet()
        case .anything: return nil
        }
    }
}
