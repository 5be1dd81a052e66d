/// Tokens of a field body: RFC 822's words and quoted strings, comments skipped, and the special characters of
/// RFC 2045 section 5.1. Positions where a reader of today would differ are Postfix's.
struct HeaderTokens {
    /// One token.
    struct Token {
        enum Kind: Equatable { case word, quoted, special }
        var kind: Kind
        var value: [UInt8]

        /// The word itself, compared without case.
        func isWord(_ word: StaticString) -> Bool { kind == .word && HeaderField.equals(value.span, word) }

        func isSpecial(_ byte: UInt8) -> Bool { kind == .special && value == [byte] }
    }

    private let bytes: [UInt8]
    private var index: Int

    init(_ bytes: [UInt8], from start: Int) {
        self.bytes = bytes
        index = min(start, bytes.count)
    }

    /// The tokens up to the next semicolon, at most `limit` of them kept; nil at the end of the field.
    mutating func list(limit: Int) -> [Token]? {
        var tokens: [Token] = []
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            if isFoldingSpace(byte) { continue }
            if byte == 0x3B { return tokens }
            let token: Token
            switch byte {
            case 0x28:
                skipComment()
                continue
            case 0x22:
                token = Token(kind: .quoted, value: quoted())
            case _ where isSpecial(byte):
                token = Token(kind: .special, value: [byte])
            default:
                index -= 1
                token = Token(kind: .word, value: word())
            }
            if tokens.count < limit { tokens.append(token) }
        }
        return tokens.isEmpty ? nil : tokens
    }

    private func isFoldingSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
    }

    private func isSpecial(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x22, 0x28, 0x29, 0x2C, 0x2F, 0x3A...0x3F, 0x40, 0x5B...0x5D: true
        default: isControl(byte)
        }
    }

    /// Comments nest.
    private mutating func skipComment() {
        var level = 1
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            switch byte {
            case 0x28: level += 1
            case 0x29:
                level -= 1
                if level == 0 { return }
            case 0x5C: index = min(index + 1, bytes.count)
            default: break
            }
        }
    }

    private mutating func quoted() -> [UInt8] {
        var value: [UInt8] = []
        while index < bytes.count {
            var byte = bytes[index]
            index += 1
            if byte == 0x22 { break }
            if byte == 0x0A {
                // Unfolding takes the blanks before the line break with it.
                while let last = value.last, isFoldingSpace(last) { value.removeLast() }
                continue
            }
            if byte == 0x5C {
                guard index < bytes.count else { break }
                byte = bytes[index]
                index += 1
            }
            value.append(byte)
        }
        return value
    }

    private mutating func word() -> [UInt8] {
        let start = index
        while index < bytes.count, !isFoldingSpace(bytes[index]), !isSpecial(bytes[index]) { index += 1 }
        return Array(bytes[start..<index])
    }
}
