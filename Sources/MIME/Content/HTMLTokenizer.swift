internal import Bytes

/// Name of an element or attribute: its first 16 octets in lower case, to be compared as numbers.
struct HTMLName: Hashable, Sendable {
    private var low: UInt64 = 0
    private var high: UInt64 = 0

    /// Octets of a name that tell it from others; longer ones are none of HTML's.
    private static let length = 16

    init(_ source: Span<UInt8>, _ range: Range<Int>) {
        for index in range.lowerBound..<min(range.upperBound, range.lowerBound + Self.length) {
            append(asciiLower(source[index]), index - range.lowerBound)
        }
    }

    /// One bit that differs between most names.
    var bit: UInt64 { 1 << ((low &* 0x9E37_79B9_7F4A_7C15) >> 58) }

    init(_ name: StaticString) {
        for index in 0..<min(name.utf8CodeUnitCount, Self.length) { append(name.utf8Start[index], index) }
    }

    private mutating func append(_ byte: UInt8, _ place: Int) {
        if place < 8 { low = low << 8 | UInt64(byte) } else { high = high << 8 | UInt64(byte) }
    }
}

/// Splits HTML into tags, text and comments as the HTML standard's tokenizer does (section 13.2.5), errors included:
/// browsers and mail readers agree on it. Without recursion; each octet is looked at a fixed number of times.
struct HTMLTokenizer {
    enum Token: Equatable {
        case text(Range<Int>)
        case startTag
        case endTag
        case comment(Range<Int>)
    }

    /// Offset of the next token.
    private(set) var position = 0
    /// Name of the last tag.
    private(set) var name = HTMLName("")
    /// Where the name of the last tag stands.
    private(set) var nameRange = 0..<0
    /// Attributes of the last tag, with where their names stand and undecoded values. Of the same name the first counts.
    private(set) var attributes: [(name: HTMLName, place: Range<Int>, value: Range<Int>)] = []
    /// The end of the bytes came within a tag or comment.
    private(set) var endsInMarkup = false
    /// A tag had more attributes than `attributeLimit`.
    private(set) var hasTooManyAttributes = false
    let attributeLimit: Int

    init(attributeLimit: Int) {
        self.attributeLimit = attributeLimit
    }

    /// The value of an attribute of the last tag; nil when it has none of this name.
    func value(_ wanted: HTMLName) -> Range<Int>? {
        attributes.first(where: { $0.name == wanted })?.value
    }

    /// The last tag ends in `/>`, of which drawings and formulas take notice.
    func isSelfClosing(_ source: Span<UInt8>) -> Bool {
        position >= 2 && source[position - 2] == 0x2F && attributes.last?.value.upperBound != position - 1
    }

    mutating func next(_ source: Span<UInt8>) -> Token? {
        guard position < source.count else { return nil }
        if source[position] == 0x3C, let token = markup(source) { return token }
        // Text up to the next octet that can begin markup; a `<` that does not is text.
        let start = position
        var from = position + 1
        while let bracket = source.firstIndex(of: 0x3C, from: from) {
            if beginsMarkup(source, bracket) {
                position = bracket
                return .text(start..<bracket)
            }
            from = bracket + 1
        }
        position = source.count
        return .text(start..<source.count)
    }

    private func beginsMarkup(_ source: Span<UInt8>, _ bracket: Int) -> Bool {
        guard bracket + 1 < source.count else { return false }
        let next = source[bracket + 1]
        if next == 0x2F { return bracket + 2 < source.count }
        return next == 0x21 || next == 0x3F || isLetter(next)
    }

    private func isLetter(_ byte: UInt8) -> Bool {
        let lower = byte | 0x20
        return lower >= 0x61 && lower <= 0x7A
    }

    /// A blank of HTML (ASCII whitespace).
    static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x09 || byte == 0x0D || byte == 0x0C
    }

    private mutating func markup(_ source: Span<UInt8>) -> Token? {
        guard beginsMarkup(source, position) else { return nil }
        let next = source[position + 1]
        if isLetter(next) { return tag(source, from: position + 1) ? .startTag : .comment(source.count..<source.count) }
        if next == 0x2F {
            if isLetter(source[position + 2]) {
                return tag(source, from: position + 2) ? .endTag : .comment(source.count..<source.count)
            }
            return bogusComment(source, from: position + 2)
        }
        if source.hasPrefix(ignoringCase: "!--", from: position + 1) { return comment(source) }
        return bogusComment(source, from: position + 1)
    }

    /// Anything behind `<!`, `<?` or `</` that is none of the forms: a comment up to `>`.
    private mutating func bogusComment(_ source: Span<UInt8>, from start: Int) -> Token {
        guard let end = source.firstIndex(of: 0x3E, from: start) else {
            endsInMarkup = true
            position = source.count
            return .comment(start..<source.count)
        }
        position = end + 1
        return .comment(start..<end)
    }

    private mutating func comment(_ source: Span<UInt8>) -> Token {
        let start = position + 4
        // `<!-->` and `<!--->` are whole.
        if start < source.count, source[start] == 0x3E {
            position = start + 1
            return .comment(start..<start)
        }
        if source.hasPrefix(ignoringCase: "->", from: start) {
            position = start + 2
            return .comment(start..<start)
        }
        var from = start
        let dashes: [UInt8] = [0x2D, 0x2D]
        while let end = source.firstIndex(of: dashes.span, from: from) {
            if end + 2 < source.count, source[end + 2] == 0x3E {
                position = end + 3
                return .comment(start..<end)
            }
            if source.hasPrefix(ignoringCase: "!>", from: end + 2) {
                position = end + 4
                return .comment(start..<end)
            }
            from = end + 1
        }
        endsInMarkup = true
        position = source.count
        return .comment(start..<source.count)
    }

    /// Reads the tag whose name begins at `start`. False when the bytes end within: such a tag counts for nothing.
    private mutating func tag(_ source: Span<UInt8>, from start: Int) -> Bool {
        attributes.removeAll(keepingCapacity: true)
        var index = start
        while index < source.count, !Self.isBlank(source[index]), source[index] != 0x2F, source[index] != 0x3E {
            index += 1
        }
        name = HTMLName(source, start..<index)
        nameRange = start..<index
        while index < source.count {
            let byte = source[index]
            if byte == 0x3E {
                position = index + 1
                return true
            }
            if Self.isBlank(byte) || byte == 0x2F {
                index += 1
            } else {
                index = attribute(source, from: index)
            }
        }
        endsInMarkup = true
        position = source.count
        return false
    }

    private mutating func attribute(_ source: Span<UInt8>, from start: Int) -> Int {
        // An equals sign at the beginning belongs to the name.
        var index = start + 1
        while index < source.count, !Self.isBlank(source[index]), source[index] != 0x2F, source[index] != 0x3E,
            source[index] != 0x3D
        {
            index += 1
        }
        let name = start..<index
        var after = index
        while after < source.count, Self.isBlank(source[after]) { after += 1 }
        guard after < source.count, source[after] == 0x3D else {
            add(source, name, index..<index)
            return after
        }
        index = after + 1
        while index < source.count, Self.isBlank(source[index]) { index += 1 }
        guard index < source.count, source[index] != 0x3E else {
            add(source, name, index..<index)
            return index
        }
        if source[index] == 0x22 || source[index] == 0x27 {
            let end = source.firstIndex(of: source[index], from: index + 1) ?? source.count
            add(source, name, index + 1..<end)
            return min(end + 1, source.count)
        }
        let value = index
        while index < source.count, !Self.isBlank(source[index]), source[index] != 0x3E { index += 1 }
        add(source, name, value..<index)
        return index
    }

    private mutating func add(_ source: Span<UInt8>, _ name: Range<Int>, _ value: Range<Int>) {
        guard attributes.count < attributeLimit else {
            hasTooManyAttributes = true
            return
        }
        attributes.append((HTMLName(source, name), name, value))
    }

    /// Reads the raw text of the element just begun, up to its end tag, which is left for `next`.
    mutating func rawText(_ source: Span<UInt8>) -> Range<Int> {
        let start = position
        let wanted = name
        let opening: [UInt8] = [0x3C, 0x2F]
        var from = start
        while let bracket = source.firstIndex(of: opening.span, from: from) {
            var end = bracket + 2
            // Names of elements with raw text have at most nine letters.
            while end < source.count, end < bracket + 12, isLetter(source[end]) { end += 1 }
            let isWhole =
                end < source.count && (Self.isBlank(source[end]) || source[end] == 0x2F || source[end] == 0x3E)
            if isWhole, HTMLName(source, bracket + 2..<end) == wanted {
                position = bracket
                return start..<bracket
            }
            from = bracket + 1
        }
        position = source.count
        return start..<source.count
    }

    /// The rest of the bytes, as after `<plaintext>`.
    mutating func rest(_ source: Span<UInt8>) -> Range<Int> {
        defer { position = source.count }
        return position..<source.count
    }
}
