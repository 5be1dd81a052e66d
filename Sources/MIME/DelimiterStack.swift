internal import Bytes

/// The boundaries of the multiparts that are open at one place, outermost first, and what a line is to them.
struct DelimiterStack: Sendable {
    struct Entry: Sendable {
        let boundary: [UInt8]
        /// Index of the multipart among the open containers.
        let frame: Int
    }

    /// What a line turned out to be.
    struct Match: Equatable {
        /// Index of the entry.
        var entry: Int
        /// It is the close delimiter.
        var closes: Bool
        /// Offset of the next line.
        var next: Int
    }

    /// What a line that begins with two dashes is.
    enum Line: Equatable {
        case delimiter(Match)
        /// It begins with an open boundary but goes on.
        case prefixed
        case other
    }

    /// Length and first octets of a boundary, beside each other for all of them: a line that is nothing costs few
    /// instructions for each open multipart, however many such lines there are.
    private struct Key: Sendable {
        let count: Int
        let head: UInt64
        let mask: UInt64
    }

    private(set) var entries: [Entry] = []
    private var keys: [Key] = []

    mutating func push(_ boundary: [UInt8], frame: Int) {
        entries.append(Entry(boundary: boundary, frame: frame))
        let mask = boundary.count >= 8 ? UInt64.max : UInt64(1) << UInt64(8 * boundary.count) - 1
        keys.append(Key(count: boundary.count, head: Self.head(boundary.span, 0..<boundary.count), mask: mask))
    }

    mutating func pop() {
        entries.removeLast()
        keys.removeLast()
    }

    func contains(_ boundary: [UInt8]) -> Bool {
        entries.contains { $0.boundary == boundary }
    }

    /// The delimiter at `start`, which is the start of a line; nil when the line is none.
    func match(_ bytes: Span<UInt8>, at start: Int) -> Match? {
        guard case .delimiter(let match) = line(bytes, at: start) else { return nil }
        return match
    }

    /// What the line at `start` is (RFC 2046 section 5.1.1): a delimiter has two dashes, an open boundary, perhaps two
    /// dashes, blanks. The outermost boundary wins, so that a part cannot swallow what stands behind it by declaring the
    /// boundary around it.
    func line(_ bytes: Span<UInt8>, at start: Int) -> Line {
        guard !keys.isEmpty, let (text, next) = Self.candidate(bytes, at: start) else { return .other }
        let head = Self.head(bytes, text)
        var isPrefixed = false
        for index in keys.indices {
            let key = keys[index]
            let extra = text.count - key.count
            guard extra >= 0, head & key.mask == key.head else { continue }
            let boundary = entries[index].boundary
            guard bytes.hasBytes(boundary.span, at: text.lowerBound) else { continue }
            if extra == 0 { return .delimiter(Match(entry: index, closes: false, next: next)) }
            if extra == 2, bytes[text.upperBound - 1] == 0x2D, bytes[text.upperBound - 2] == 0x2D {
                return .delimiter(Match(entry: index, closes: true, next: next))
            }
            isPrefixed = true
        }
        return isPrefixed ? .prefixed : .other
    }

    /// The first eight octets of the range, zeros where it is shorter.
    private static func head(_ bytes: Span<UInt8>, _ range: Range<Int>) -> UInt64 {
        var head: UInt64 = 0
        for place in 0..<min(8, range.count) {
            head |= UInt64(bytes[range.lowerBound + place]) << UInt64(8 * place)
        }
        return head
    }

    /// The text behind the dashes without blanks at its end, and the offset of the next line; nil without two dashes.
    private static func candidate(_ bytes: Span<UInt8>, at start: Int) -> (text: Range<Int>, next: Int)? {
        guard start + 2 <= bytes.count, bytes[start] == 0x2D, bytes[start + 1] == 0x2D else { return nil }
        var end = bytes.count
        var next = bytes.count
        if let newline = bytes.firstIndex(of: 0x0A, from: start + 2) {
            end = newline
            next = newline + 1
        }
        if end > start + 2, bytes[end - 1] == 0x0D { end -= 1 }
        while end > start + 2, bytes[end - 1] == 0x20 || bytes[end - 1] == 0x09 { end -= 1 }
        return (start + 2..<end, next)
    }
}
