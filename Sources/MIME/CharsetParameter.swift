internal import Bytes

/// Where the `charset` of a `Content-Type` stands (RFC 2045 section 5.1), so that it alone can be written anew.
package struct CharsetParameter: Hashable, Sendable {
    /// Its value, with quotes; where there is none, the empty place behind the media type.
    package let range: Range<Int>
    /// There is one.
    package let isThere: Bool

    /// Looks through the body of a field, folds and all.
    /// - Returns: nil where readers could take it in another way: comments, escapes, words that are no parameters, a second
    ///   `charset`, one in the form of RFC 2231.
    package init?(_ field: Span<UInt8>) {
        var index = 0
        func skipBlanks() { while index < field.count, Self.isBlank(field[index]) { index += 1 } }
        func token() -> Range<Int> {
            let start = index
            while index < field.count, Self.isToken(field[index]) { index += 1 }
            return start..<index
        }
        func takes(_ byte: UInt8) -> Bool {
            guard index < field.count, field[index] == byte else { return false }
            index += 1
            return true
        }
        skipBlanks()
        guard !token().isEmpty, takes(0x2F), !token().isEmpty else { return nil }
        let end = index
        var found: Range<Int>?
        while true {
            skipBlanks()
            guard index < field.count else { break }
            guard takes(0x3B) else { return nil }
            skipBlanks()
            guard index < field.count else { break }
            let name = token()
            guard !name.isEmpty, takes(0x3D) else { return nil }
            let start = index
            if takes(0x22) {
                while index < field.count, field[index] != 0x22 {
                    if field[index] == 0x5C { return nil }
                    index += 1
                }
                guard takes(0x22) else { return nil }
            } else if token().isEmpty {
                return nil
            }
            guard field.hasPrefix(ignoringCase: "charset", from: name.lowerBound) else { continue }
            if name.count > 7, field[name.lowerBound + 7] != 0x2A { continue }
            guard name.count == 7, found == nil else { return nil }
            found = start..<index
        }
        (range, isThere) = (found ?? end..<end, found != nil)
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D || byte == 0x0A }

    /// Neither blank nor control nor one of RFC 2045's tspecials.
    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case ...0x20, 0x22, 0x28, 0x29, 0x2C, 0x2F, 0x3A...0x40, 0x5B...0x5D, 0x7F...: false
        default: true
        }
    }
}
