internal import Bytes

/// The words and signs of a structured header field (RFC 5322 section 3.2), comments and blanks left out.
///
/// For conclusions from which mail is trusted: what could be read in two ways is not read at all.
struct StructuredField {
    enum Token: Hashable {
        /// An atom, or what else stands between blanks and signs.
        case word([UInt8])
        /// What a quoted string stands for.
        case quoted([UInt8])
        case sign(UInt8)
    }

    let tokens: [Token]

    /// - Parameters:
    ///   - value: the field's value, folded or not.
    ///   - signs: octets that are tokens of their own.
    ///   - limit: tokens that are read.
    /// - Returns: nil for comments or quoted strings that do not end, for a backslash or a control character outside of them, for words that touch a
    ///   comment or a quoted string, and for more than `limit` tokens.
    init?(_ value: ArraySlice<UInt8>, signs: Set<UInt8>, limit: Int) {
        var tokens: [Token] = []
        var index = value.startIndex
        var touches = false
        while index < value.endIndex {
            let octet = value[index]
            switch octet {
            case 0x09, 0x0A, 0x0D, 0x20:
                touches = false
                index += 1
            case 0x28:
                guard !touches, let end = Self.commentEnd(value, index) else { return nil }
                index = end
            case 0x22:
                guard !touches, let end = Self.stringEnd(value, index),
                    let content = QuotedString.content(value[index..<end])
                else { return nil }
                tokens.append(.quoted(content))
                touches = true
                index = end
            case _ where signs.contains(octet):
                tokens.append(.sign(octet))
                touches = false
                index += 1
            default:
                let end = value[index...].firstIndex { Self.endsWord($0) || signs.contains($0) } ?? value.endIndex
                // A parenthesis or a backslash where no comment begins.
                guard !touches, end > index else { return nil }
                tokens.append(.word(Array(value[index..<end])))
                touches = true
                index = end
            }
            guard tokens.count <= limit else { return nil }
        }
        self.tokens = tokens
    }

    private static func endsWord(_ octet: UInt8) -> Bool {
        octet <= 0x20 || octet == 0x7F || octet == 0x22 || octet == 0x28 || octet == 0x29 || octet == 0x5C
    }

    /// Behind the comment that begins at `start`.
    private static func commentEnd(_ value: ArraySlice<UInt8>, _ start: Int) -> Int? {
        var depth = 0
        var index = start
        while index < value.endIndex {
            switch value[index] {
            case 0x5C: index += 1
            case 0x28: depth += 1
            case 0x29:
                depth -= 1
                if depth == 0 { return index + 1 }
            default: break
            }
            index += 1
        }
        return nil
    }

    /// Behind the quoted string that begins at `start`.
    private static func stringEnd(_ value: ArraySlice<UInt8>, _ start: Int) -> Int? {
        var index = start + 1
        while index < value.endIndex {
            switch value[index] {
            case 0x5C: index += 1
            case 0x22: return index + 1
            default: break
            }
            index += 1
        }
        return nil
    }
}
