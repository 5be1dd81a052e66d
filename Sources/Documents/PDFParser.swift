internal import Bytes

/// Parses values at a place of a PDF (ISO 32000-2 section 7.2 and 7.3). No recursion: lists within lists are kept on a
/// stack. Ends at the words that end objects, so that a list left open costs no more than its object.
struct PDFParser {
    /// Where the parser stands.
    private(set) var at: Int
    /// The last value has lists that nothing closed.
    private(set) var isUnclosed = false
    /// More lists within one another than allowed.
    private(set) var isTooDeep = false
    private let depthLimit: Int
    /// Lists that are open: `true` for dictionaries, with what they hold so far.
    private var open: [(isDictionary: Bool, values: [PDFValue])] = []

    init(at start: Int, depthLimit: Int) {
        at = start
        self.depthLimit = depthLimit
    }

    private enum Token {
        case value(PDFValue)
        case open(isDictionary: Bool)
        case close(isDictionary: Bool)
        case word(Range<Int>)
        case end
    }

    /// The next value; nil when there is none.
    mutating func value(_ bytes: Span<UInt8>) -> PDFValue? {
        open = []
        isUnclosed = false
        while true {
            let before = at
            switch token(bytes) {
            case .value(let value):
                guard !open.isEmpty else { return value }
                open[open.count - 1].values.append(value)
            case .open(let isDictionary):
                guard open.count < depthLimit else {
                    isTooDeep = true
                    return nil
                }
                open.append((isDictionary, []))
            // Readers pass over what has no place where it stands.
            case .close(isDictionary: false) where open.last?.isDictionary == true: continue
            case .close:
                guard let value = close() else { return nil }
                guard !open.isEmpty else { return value }
                open[open.count - 1].values.append(value)
            case .word(let range):
                if let value = word(bytes.extracting(range)) {
                    guard !open.isEmpty else { return value }
                    open[open.count - 1].values.append(value)
                } else if range.count == 1, bytes[range.lowerBound] == UInt8(ascii: "R") {
                    refer()
                } else if open.isEmpty || endsObject(bytes, range) {
                    // Behind a word that ends an object there is no value any more.
                    at = before
                    return closeAll()
                } else {
                    open[open.count - 1].values.append(.other)
                }
            case .end:
                return closeAll()
            }
        }
    }

    /// True when `word` comes next; then it is passed.
    mutating func skip(_ word: StaticString, _ bytes: Span<UInt8>) -> Bool {
        skipBlanks(bytes)
        guard bytes.hasBytes(word, at: at) else { return false }
        at += word.utf8CodeUnitCount
        return true
    }

    private mutating func close() -> PDFValue? {
        guard let list = open.popLast() else { return nil }
        guard list.isDictionary else { return .array(list.values) }
        var dictionary: [String: PDFValue] = [:]
        var index = 0
        while index + 1 < list.values.count {
            guard let key = list.values[index].name else {
                index += 1
                continue
            }
            dictionary[key] = list.values[index + 1]
            index += 2
        }
        return .dictionary(dictionary)
    }

    private static let ends: [StaticString] = ["endobj", "obj", "endstream", "xref", "trailer", "startxref"]

    /// The word ends the object, or its dictionary: `stream` only with a line end behind it, `endobj` only where no list goes on.
    private func endsObject(_ bytes: Span<UInt8>, _ word: Range<Int>) -> Bool {
        func isWord(_ text: StaticString) -> Bool {
            word.count == text.utf8CodeUnitCount && bytes.hasBytes(text, at: word.lowerBound)
        }
        if isWord("stream") {
            return word.upperBound == bytes.count || bytes[word.upperBound] == 0x0A || bytes[word.upperBound] == 0x0D
        }
        guard Self.ends.contains(where: isWord) else { return false }
        guard isWord("endobj") else { return true }
        var behind = self
        behind.skipBlanks(bytes)
        return behind.at == bytes.count || !Self.isDelimiter(bytes[behind.at])
    }

    private mutating func closeAll() -> PDFValue? {
        isUnclosed = !open.isEmpty
        while let value = close() {
            guard !open.isEmpty else { return value }
            open[open.count - 1].values.append(value)
        }
        return nil
    }

    /// The two numbers before `R` are a reference.
    private mutating func refer() {
        guard let last = open.indices.last, open[last].values.count >= 2,
            let generation = open[last].values[open[last].values.count - 1].number,
            let number = open[last].values[open[last].values.count - 2].number
        else { return }
        open[last].values.removeLast(2)
        open[last].values.append(.reference(number, generation))
    }

    private func word(_ word: Span<UInt8>) -> PDFValue? {
        guard word.count > 0 else { return nil }
        switch word[0] {
        case 0x2B, 0x2D, 0x2E, 0x30...0x39: return number(word)
        default: break
        }
        if word.hasBytes("true", at: 0) { return .boolean(true) }
        if word.hasBytes("false", at: 0) { return .boolean(false) }
        return word.hasBytes("null", at: 0) ? .other : nil
    }

    private func number(_ word: Span<UInt8>) -> PDFValue {
        var value = 0
        let isNegative = word[0] == 0x2D
        for index in 0..<word.count {
            let byte = word[index]
            if byte == 0x2E { break }
            guard byte >= 0x30, byte <= 0x39 else { continue }
            if value < 1 << 48 { value = value * 10 + Int(byte - 0x30) }
        }
        return .number(isNegative ? -value : value)
    }

    // MARK: Tokens

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte >= 9 && byte <= 13 && byte != 11 || byte == 0
    }

    private static func isDelimiter(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x28, 0x29, 0x3C, 0x3E, 0x5B, 0x5D, 0x7B, 0x7D, 0x2F, 0x25: true
        default: false
        }
    }

    mutating func skipBlanks(_ bytes: Span<UInt8>) {
        while at < bytes.count {
            if Self.isBlank(bytes[at]) {
                at += 1
            } else if bytes[at] == UInt8(ascii: "%") {
                while at < bytes.count, bytes[at] != 0x0A, bytes[at] != 0x0D { at += 1 }
            } else {
                return
            }
        }
    }

    private mutating func token(_ bytes: Span<UInt8>) -> Token {
        skipBlanks(bytes)
        guard at < bytes.count else { return .end }
        let byte = bytes[at]
        switch byte {
        case UInt8(ascii: "/"):
            at += 1
            return .value(.name(name(bytes)))
        case UInt8(ascii: "("):
            at += 1
            return .value(.string(literal(bytes)))
        case UInt8(ascii: "["):
            at += 1
            return .open(isDictionary: false)
        case UInt8(ascii: "]"):
            at += 1
            return .close(isDictionary: false)
        case UInt8(ascii: "<"):
            if bytes.hasBytes("<<", at: at) {
                at += 2
                return .open(isDictionary: true)
            }
            at += 1
            return .value(.string(hexadecimal(bytes)))
        case UInt8(ascii: ">"):
            let isWhole = bytes.hasBytes(">>", at: at)
            at += isWhole ? 2 : 1
            return isWhole ? .close(isDictionary: true) : .value(.other)
        case UInt8(ascii: ")"), UInt8(ascii: "{"), UInt8(ascii: "}"):
            at += 1
            return .value(.other)
        default:
            let start = at
            while at < bytes.count, !Self.isBlank(bytes[at]), !Self.isDelimiter(bytes[at]) { at += 1 }
            return .word(start..<at)
        }
    }

    private mutating func name(_ bytes: Span<UInt8>) -> String {
        let start = at
        while at < bytes.count, !Self.isBlank(bytes[at]), !Self.isDelimiter(bytes[at]) { at += 1 }
        let text = Hex.decoded(bytes.extracting(start..<at).array[...], sign: UInt8(ascii: "#"))
        return String(decoding: text, as: UTF8.self)
    }

    private mutating func hexadecimal(_ bytes: Span<UInt8>) -> [UInt8] {
        var collector = HexadecimalCollector()
        while at < bytes.count, bytes[at] != UInt8(ascii: ">") {
            collector.add(bytes[at])
            at += 1
        }
        at = min(at + 1, bytes.count)
        // A digit that is missing at the end is 0.
        collector.add(UInt8(ascii: "0"))
        return collector.finish()
    }

    private mutating func literal(_ bytes: Span<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        var nesting = 0
        while at < bytes.count {
            let byte = bytes[at]
            at += 1
            switch byte {
            case UInt8(ascii: "("):
                nesting += 1
                text.append(byte)
            case UInt8(ascii: ")"):
                guard nesting > 0 else { return text }
                nesting -= 1
                text.append(byte)
            case UInt8(ascii: "\\"):
                escape(bytes, &text)
            default:
                text.append(byte)
            }
        }
        return text
    }

    private mutating func escape(_ bytes: Span<UInt8>, _ text: inout [UInt8]) {
        guard at < bytes.count else { return }
        let byte = bytes[at]
        at += 1
        switch byte {
        case UInt8(ascii: "n"): text.append(10)
        case UInt8(ascii: "r"): text.append(13)
        case UInt8(ascii: "t"): text.append(9)
        case UInt8(ascii: "b"): text.append(8)
        case UInt8(ascii: "f"): text.append(12)
        case 0x0D:
            if at < bytes.count, bytes[at] == 0x0A { at += 1 }
        case 0x0A: break
        case 0x30...0x37:
            var value = Int(byte - 0x30)
            var digits = 1
            while digits < 3, at < bytes.count, bytes[at] >= 0x30, bytes[at] <= 0x37 {
                value = value * 8 + Int(bytes[at] - 0x30)
                at += 1
                digits += 1
            }
            text.append(UInt8(truncatingIfNeeded: value))
        default: text.append(byte)
        }
    }
}
