internal import Bytes

/// A control word of Rich Text (specification 1.9.1): letters behind a backslash, maybe a number, and one blank that is its own.
package struct RichTextControl {
    /// Its letters.
    package let word: Range<Int>
    /// Nil where none stands there. Past what any word can mean it grows no more.
    package let number: Int?
    /// The place behind it.
    package let end: Int

    /// - Parameter start: the place behind the backslash.
    /// - Returns: nil for a symbol, and at the end.
    package init?(_ bytes: Span<UInt8>, at start: Int) {
        var at = start
        while at < bytes.count, 0x61...0x7A ~= asciiLower(bytes[at]) { at += 1 }
        guard at > start else { return nil }
        word = start..<at
        let isNegative = at < bytes.count && bytes[at] == UInt8(ascii: "-")
        if isNegative { at += 1 }
        var number: Int?
        while at < bytes.count, 0x30...0x39 ~= bytes[at] {
            number = min((number ?? 0) * 10 + Int(bytes[at] - 0x30), 1 << 40)
            at += 1
        }
        self.number = isNegative ? number.map { -$0 } : number
        if at < bytes.count, bytes[at] == 0x20 { at += 1 }
        end = at
    }

    /// It is this word, in letters of either case.
    /// - Parameter bytes: those that it was read from.
    package func isWord(_ name: StaticString, in bytes: Span<UInt8>) -> Bool {
        word.count == name.utf8CodeUnitCount && bytes.hasPrefix(ignoringCase: name, from: word.lowerBound)
    }
}
