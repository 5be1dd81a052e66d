extension PatternTree {
    /// With a dot in the place of each lone `.`, which is what most writers mean by it in a name.
    var withDots: PatternTree {
        switch self {
        case .set(let set): Self.isAny(set) ? .set(ByteSet([0x2E])) : self
        case .sequence(let parts): .sequence(parts.map(\.withDots))
        case .choice(let branches): .choice(branches.map(\.withDots))
        case .repetition(.set, _, _), .nothing, .anything: self
        case .repetition(let part, let from, let upTo): .repetition(part.withDots, from: from, upTo: upTo)
        }
    }

    private static func isAny(_ set: ByteSet) -> Bool { set.intersection(.ascii).bytes.count >= 127 }

    /// An octet beyond ASCII stands there by itself.
    var writesBeyondASCII: Bool {
        switch self {
        case .set(let set): set.only.map { $0 >= 0x80 } ?? false
        case .sequence(let parts), .choice(let parts): parts.contains { $0.writesBeyondASCII }
        case .repetition(let part, _, _): part.writesBeyondASCII
        case .nothing, .anything: false
        }
    }

    /// The length of the longest text that must stand somewhere and looks like base64: letters, digits, `+` and `/` without
    /// a gap, digits among them; nil where there is none of 24 octets.
    var longestBase64: Int? {
        guard case .sequence(let parts) = self else { return nil }
        var (best, length, digits) = (0, 0, 0)
        for part in parts {
            guard case .set(let set) = part, let byte = set.folded.only, ByteSet.base64.contains(byte) else {
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
