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

    /// Every text matches: nothing is needed, or one octet of any kind, or the whole is any octets from start to end.
    var matchesAll: Bool {
        switch self {
        case .set(let set): return set == .all
        case .sequence(let parts):
            var inner = parts[...]
            let (hasStart, hasEnd) = (inner.first?.isAnchor(.start) ?? false, inner.last?.isAnchor(.end) ?? false)
            if hasStart { inner = inner.dropFirst() }
            if hasEnd, !inner.isEmpty { inner = inner.dropLast() }
            if hasStart, hasEnd {
                return inner.contains { $0.isAnyText } && inner.allSatisfy { $0.isAnyText || $0.canBeEmpty }
            }
            return inner.allSatisfy { $0.canBeEmpty } || inner.count == 1 && inner.allSatisfy { $0.isAnyOctet }
        case .choice(let branches): return branches.contains { $0.matchesAll }
        case .repetition(let part, let from, _): return from == 0 || part.matchesAll && from == 1
        case .nothing(let anchor): return anchor != .other
        case .anything: return false
        }
    }

    /// The first thing is the start of the text.
    var isAnchored: Bool {
        switch self {
        case .sequence(let parts): parts.first?.isAnchored ?? false
        default: isAnchor(.start)
        }
    }

    private func isAnchor(_ wanted: Anchor) -> Bool {
        if case .nothing(let anchor) = self { return anchor == wanted }
        return false
    }

    /// The empty text matches anywhere.
    private var canBeEmpty: Bool {
        switch self {
        case .set, .nothing, .anything: false
        case .sequence(let parts): parts.allSatisfy { $0.canBeEmpty }
        case .choice(let branches): branches.contains { $0.canBeEmpty }
        case .repetition(let part, let from, _): from == 0 || part.canBeEmpty
        }
    }

    /// Any text of one octet or more matches as a whole, however long.
    private var isAnyText: Bool {
        switch self {
        case .repetition(let part, let from, nil): from <= 1 && part.isAnyOctet
        case .sequence(let parts): parts.count == 1 && parts.allSatisfy { $0.isAnyText }
        case .choice(let branches): branches.contains { $0.isAnyText }
        default: false
        }
    }

    private var isAnyOctet: Bool {
        switch self {
        case .set(let set): set == .all
        case .repetition(let part, let from, let upTo): from <= 1 && upTo != 0 && part.isAnyOctet
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

    /// An octet must stand in every text that no charset of mail has: a control that is no blank, line end or escape.
    var needsControl: Bool {
        switch self {
        case .set(let set): !set.isEmpty && set.bytes.allSatisfy { $0 < 0x20 && !Self.textControls.contains($0) }
        case .sequence(let parts): parts.contains { $0.needsControl }
        case .choice(let branches): !branches.isEmpty && branches.allSatisfy { $0.needsControl }
        case .repetition(let part, let from, _): from > 0 && part.needsControl
        case .nothing, .anything: false
        }
    }

    /// Tab, line ends, and what begins the escapes of ISO 2022.
    private static let textControls: [UInt8] = [0x09, 0x0A, 0x0C, 0x0D, 0x0E, 0x0F, 0x1B]

    /// The length of the longest text that must stand somewhere and looks like base64: letters, digits, `+` and `/` without
    /// a gap, digits among them; nil where there is none of 24 octets.
    var longestBase64: Int? {
        guard case .sequence(let parts) = self else { return nil }
        var (best, length, digits) = (0, 0, 0)
        for part in parts {
            guard case .set(let set) = part, let byte = part.literal?.first, set.folded.bytes.count == 1,
                ByteSet.base64.contains(byte)
            else {
                (length, digits) = (0, 0)
                continue
            }
            length += 1
            if ByteSet.digits.contains(byte) { digits += 1 }
            if digits > 0 { best = max(best, length) }
        }
        return best >= 24 ? best : nil
    }

    /// A back reference stands somewhere.
    var hasReference: Bool {
        switch self {
        case .anything: true
        case .set, .nothing: false
        case .sequence(let parts), .choice(let parts): parts.contains { $0.hasReference }
        case .repetition(let part, _, _): part.hasReference
        }
    }
}
