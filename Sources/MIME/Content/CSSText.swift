internal import Bytes

/// Text of CSS as browsers cut it into tokens (CSS Syntax 3, section 4), in lower case, and what of it is a declaration. What
/// stands in strings, addresses or behind a backslash ends no declaration and opens no comment: `a:\;opacity:1` says nothing.
enum CSSText {
    /// Letters that a number could have, where they were escaped: they are part of a name, `opacity:\31` is no value. No UTF-8
    /// has these octets.
    private static let (escapedE, escapedMinus, escapedZero): (UInt8, UInt8, UInt8) = (0xF4, 0xF5, 0xF6)
    /// A comment: it ends a name and is nothing else, no blank either.
    static let comment: UInt8 = 0x1F
    /// What stands for octets that mean nothing.
    private static let other: UInt8 = 0x3F

    /// Without comments, with escapes undone, addresses and the marks in strings left out.
    /// - Parameter keepsCase: as selectors of classes and identifiers need it.
    static func plain(_ text: ArraySlice<UInt8>, keepsCase: Bool = false) -> [UInt8] {
        let out = exact(text)
        return keepsCase ? out : out.map(asciiLower)
    }

    private static func exact(_ text: ArraySlice<UInt8>) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(text.count)
        var index = text.startIndex
        var quote: UInt8?
        while index < text.endIndex {
            let byte = text[index]
            if byte == 0x5C {
                escape(text, &index, isString: quote != nil, to: &out)
                continue
            }
            index += 1
            if let open = quote {
                // A line end ends a string, wrongly: the declaration is none.
                if byte == open || byte == 0x0A || byte == 0x0D || byte == 0x0C { quote = nil }
                out.append(byte == open || byte <= 0x20 || isNamePart(byte) ? byte : other)
            } else if byte == 0x2F, index < text.endIndex, text[index] == 0x2A {
                index += 1
                while index < text.endIndex,
                    !(text[index] == 0x2A && index + 1 < text.endIndex && text[index + 1] == 0x2F)
                {
                    index += 1
                }
                index = min(index + 2, text.endIndex)
                out.append(comment)
            } else {
                if byte == 0x22 || byte == 0x27 { quote = byte }
                out.append(byte)
                if byte == 0x28, endsInURL(out) { passAddress(text, &index, to: &out) }
            }
        }
        return out
    }

    /// Names, keywords and selectors, in which it does not matter what was escaped. Comments are left out but where they part two
    /// names, or a name from what is its own: `dis/**/play` and `#/**/a` are no names.
    static func names(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard text.contains(where: { $0 >= escapedE || $0 == comment }) else { return text }
        var out: [UInt8] = []
        var isBehindComment = false
        for byte in text {
            if byte == comment {
                isBehindComment = true
                continue
            }
            if isBehindComment, let last = out.last, CSSSelectors.isNamePart(last) || last == 0x23 || last == 0x40,
                CSSSelectors.isNamePart(byte) || byte == 0x28
            {
                out.append(comment)
            }
            isBehindComment = false
            switch byte {
            case escapedE: out.append(0x65)
            case escapedMinus: out.append(0x2D)
            case escapedZero...: out.append(byte - escapedZero + 0x30)
            default: out.append(byte)
            }
        }
        return out[...]
    }

    private static func isNamePart(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x2D, 0x5F, 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x80...0xFF: true
        default: false
        }
    }

    /// Takes an escape at `index` (section 4.3.7).
    private static func escape(_ text: ArraySlice<UInt8>, _ index: inout Int, isString: Bool, to out: inout [UInt8]) {
        index += 1
        var value: UInt32 = 0
        let start = index
        while index < text.endIndex, index - start < 6, let digit = hexadecimalValue(text[index]) {
            value = value << 4 | UInt32(digit)
            index += 1
        }
        if index > start {
            if index < text.endIndex, text[index] == 0x0D, index + 1 < text.endIndex, text[index + 1] == 0x0A {
                index += 1
            }
            if index < text.endIndex, text[index] <= 0x20 { index += 1 }
        } else {
            guard index < text.endIndex else { return out.append(other) }
            value = UInt32(text[index])
            // An escaped line end is nothing in a string and no escape elsewhere.
            guard value != 0x0A, value != 0x0C, value != 0x0D else {
                if isString { index += 1 } else { out.append(other) }
                return
            }
            index += 1
            if value >= 0x80 { return out.append(UInt8(value)) }
        }
        let letter = value < 0x80 ? UInt8(value) : other
        switch letter {
        case 0x45, 0x65: out.append(escapedE)
        case 0x2D: out.append(escapedMinus)
        case 0x30...0x39: out.append(escapedZero + (letter - 0x30))
        default: out.append(isNamePart(letter) ? letter : other)
        }
    }

    private static func endsInURL(_ out: [UInt8]) -> Bool {
        guard out.count >= 4, out[(out.count - 4)...].lazy.map(asciiLower).elementsEqual("url(".utf8) else {
            return false
        }
        return out.count == 4 || !isNamePart(out[out.count - 5])
    }

    /// An address without quotes, up to the parenthesis: `url(data:a;b)`.
    private static func passAddress(_ text: ArraySlice<UInt8>, _ index: inout Int, to out: inout [UInt8]) {
        var start = index
        while start < text.endIndex, text[start] <= 0x20 { start += 1 }
        if start < text.endIndex, text[start] == 0x22 || text[start] == 0x27 { return }
        while index < text.endIndex, text[index] != 0x29 { index += text[index] == 0x5C ? 2 : 1 }
        index = min(index, text.endIndex)
        out.append(other)
    }

    // MARK: blocks and declarations

    /// Follows parentheses, brackets and braces: what stands in one that is open ends nothing outside.
    private struct Nesting {
        private var closers: [UInt8] = []
        var isEmpty: Bool { closers.isEmpty }

        mutating func take(_ byte: UInt8) {
            switch byte {
            case 0x28: closers.append(0x29)
            case 0x5B: closers.append(0x5D)
            case 0x7B: closers.append(0x7D)
            case 0x29, 0x5D, 0x7D: if closers.last == byte { closers.removeLast() }
            default: break
            }
        }
    }

    /// The offset of the brace that closes the one at `start`, or the end.
    static func endOfBlock(_ text: ArraySlice<UInt8>, _ start: Int) -> Int {
        var nesting = Nesting()
        var index = start
        while index < text.endIndex {
            nesting.take(text[index])
            if nesting.isEmpty { return index }
            index += 1
        }
        return text.endIndex
    }

    struct Declaration {
        var name: ArraySlice<UInt8>
        var value: ArraySlice<UInt8>
        var isImportant: Bool

        /// nil where it has no colon, or a mark that is not `!important`.
        init?(_ text: ArraySlice<UInt8>) {
            guard let colon = text.firstIndex(of: 0x3A) else { return nil }
            name = CSSText.names(CSSValue.trimmed(text[..<colon]))
            value = CSSValue.trimmed(text[(colon + 1)...])
            isImportant = false
            guard let mark = value.firstIndex(of: 0x21) else { return }
            var nesting = Nesting()
            for byte in value[..<mark] { nesting.take(byte) }
            guard nesting.isEmpty else { return nil }
            guard CSSText.names(CSSValue.trimmed(value[(mark + 1)...])).elementsEqual("important".utf8) else {
                return nil
            }
            isImportant = true
            value = CSSValue.trimmed(value[..<mark])
        }
    }

    /// The declarations of a list, of which `text` is the plain form.
    /// - Parameter isRule: it is the block of a rule, in which other rules may stand (CSS Nesting); they are passed over.
    static func declarations(_ text: ArraySlice<UInt8>, isRule: Bool) -> [Declaration] {
        var found: [Declaration] = []
        var nesting = Nesting()
        var start = text.startIndex
        for index in text.indices {
            let wasNested = !nesting.isEmpty
            nesting.take(text[index])
            guard nesting.isEmpty else { continue }
            if text[index] == 0x3B {
                if let declaration = Declaration(text[start..<index]) { found.append(declaration) }
                start = index + 1
            } else if isRule, text[index] == 0x7D, wasNested,
                !CSSValue.trimmed(text[start..<index]).starts(with: "--".utf8)
            {
                start = index + 1
            }
        }
        if let declaration = Declaration(text[start...]) { found.append(declaration) }
        return found
    }
}
