extension PatternTree {
    /// The text, in lower case, when the pattern is nothing but text that may stand anywhere; nil otherwise.
    var literal: [UInt8]? {
        switch self {
        case .set(let set):
            let bytes = set.folded.bytes
            return bytes.count == 1 ? bytes : nil
        case .sequence(let parts) where !parts.isEmpty:
            var out: [UInt8] = []
            for part in parts {
                guard let text = part.literal else { return nil }
                out += text
            }
            return out
        default: return nil
        }
    }

    /// The letters that any text must begin with, in lower case; empty unless the pattern is anchored there.
    var anchoredPrefix: [UInt8] {
        guard case .sequence(let parts) = self, case .nothing(.start) = parts.first else { return [] }
        var out: [UInt8] = []
        for part in parts.dropFirst() {
            guard let text = part.literal else { break }
            out += text
        }
        return out
    }

    /// All letters that stand in the pattern, in their order, whatever lies between them.
    var letters: [UInt8] {
        switch self {
        case .set: literal ?? []
        case .sequence(let parts), .choice(let parts): parts.flatMap(\.letters)
        case .repetition(let part, _, _): part.letters
        case .nothing, .anything: []
        }
    }

    /// Every text matches: nothing is needed, or one octet of any kind.
    var matchesAll: Bool {
        switch self {
        case .set(let set): set == .all
        case .sequence(let parts):
            parts.allSatisfy { part in
                if case .nothing(let anchor) = part { return anchor == .start || parts.count == 1 && anchor == .end }
                return part.shortest == 0 && part.matchesAll
            } || parts.count == 2 && parts[0].isStart && parts[1].isAnyOctet
        case .choice(let branches): branches.contains { $0.matchesAll }
        case .repetition(let part, let from, _): from == 0 || part.matchesAll && from == 1
        case .nothing(let anchor): anchor != .other
        case .anything: false
        }
    }

    private var isStart: Bool {
        if case .nothing(.start) = self { return true }
        return false
    }

    private var isAnyOctet: Bool {
        switch self {
        case .set(let set): set == .all
        case .repetition(let part, let from, _): from <= 1 && part.isAnyOctet
        default: false
        }
    }

    /// A line break must stand in every text.
    var needsNewline: Bool {
        switch self {
        case .set(let set): set == ByteSet([0x0A])
        case .sequence(let parts): parts.contains { $0.needsNewline }
        case .choice(let branches): !branches.isEmpty && branches.allSatisfy { $0.needsNewline }
        case .repetition(let part, let from, _): from > 0 && part.needsNewline
        case .nothing, .anything: false
        }
    }

    /// A repetition without bound whose part can be divided in many ways: it ends in a repetition without bound of octets
    /// that it can begin with as well.
    var explodes: Bool {
        switch self {
        case .set, .nothing, .anything: return false
        case .sequence(let parts), .choice(let parts): return parts.contains { $0.explodes }
        case .repetition(let part, _, let upTo):
            if part.explodes { return true }
            guard upTo == nil || upTo ?? 0 > 20 else { return false }
            return part.isDividable
        }
    }

    private var isDividable: Bool {
        switch self {
        case .repetition(_, _, let upTo): return upTo == nil
        case .choice(let branches): return branches.contains { $0.isDividable }
        case .sequence(let parts):
            let solid = parts.filter { $0.shortest > 0 }
            // Something fixed between the turns leaves one way to divide the text.
            if solid.count == 1, let only = solid.first { return only.isDividable }
            return solid.isEmpty && parts.contains { $0.isDividable }
        case .set, .nothing, .anything: return false
        }
    }
}
