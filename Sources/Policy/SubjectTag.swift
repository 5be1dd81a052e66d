/// A tag in front of a `Subject:`, such as `***SPAM***`.
package enum SubjectTag {
    /// Octets of a line without its end (RFC 5322 section 2.1.1). MTAs break longer ones anywhere, and with them encoded words and
    /// signatures.
    private static let lineLimit = 998

    /// The tag with the blank behind it, as it stands in a field: as it is when it is ASCII, else as encoded words. Then the
    /// blank is within the last word: one between two encoded words is not shown (RFC 2047 section 6.2).
    package static func text(_ tag: String) -> [UInt8] {
        let tag = trimmed(tag)
        // A tag that looks like an encoded word would be shown as what it stands for.
        if tag.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }), !tag.contains("=?") { return Array("\(tag) ".utf8) }
        return Array((EncodedWord.words(tag + " ").joined(separator: " ") + " ").utf8)
    }

    /// The tag as it is put into a field, which goes on in a new line where its first one would be too long.
    /// - Parameter field: from its name on, without the tag.
    package static func text(_ tag: String, in field: ArraySlice<UInt8>) -> [UInt8] {
        let text = text(tag)
        return field.prefix { $0 != 0x0D }.count + text.count > lineLimit ? folded(tag) : text
    }

    /// The tag with a fold behind it.
    package static func folded(_ tag: String) -> [UInt8] { text(tag).dropLast() + [0x0D, 0x0A, 0x20] }

    /// True when a decoded subject begins with the tag already: two gateways in a row do not put it there twice. Elsewhere in
    /// the subject it is the sender's word, which filters of recipients do not look for.
    package static func isIn(_ subject: String, _ tag: String) -> Bool {
        subject.drop { $0.isWhitespace }.hasPrefix(trimmed(tag))
    }

    /// Without the blanks at its end, which tags of amavis have, where none is added.
    private static func trimmed(_ tag: String) -> String {
        String(tag[..<(tag.lastIndex { $0 != " " }.map(tag.index(after:)) ?? tag.startIndex)])
    }
}
