/// A tag in front of a `Subject:`, such as `***SPAM***`.
package enum SubjectTag {
    /// The tag with the blank behind it, as it stands in a field: as it is when it is ASCII, else as encoded words. Then the
    /// blank is within the last word: one between two encoded words is not shown (RFC 2047 section 6.2).
    package static func text(_ tag: String) -> [UInt8] {
        let tag = trimmed(tag)
        // A tag that looks like an encoded word would be shown as what it stands for.
        if tag.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }), !tag.contains("=?") { return Array("\(tag) ".utf8) }
        return Array((EncodedWord.words(tag + " ").joined(separator: " ") + " ").utf8)
    }

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
