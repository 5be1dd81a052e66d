/// Charsets that some readers take for that of a part, from a second parameter or field, sections put together in another way, or
/// a value in a disguise (evasion).
package struct OtherCharsets: Hashable, Sendable {
    /// Each once, in lower case.
    package private(set) var labels: [String] = []
    /// There are more of them.
    package private(set) var areMore = false
    /// One of them, or more, is one in which octets of ASCII stand for themselves.
    private var hasPlain = false

    /// Those that are kept: honest mail has none.
    private static let most = 4

    /// None.
    package init() {}

    /// Adds one that differs from that which we believe.
    mutating func add(_ label: String) {
        guard !label.isEmpty, !labels.contains(label) else { return }
        if let coding = CharsetCoding(label: label.utf8), coding.isASCIICompatible, !coding.hasTrailOctets {
            // To them all HTML is the same.
            if hasPlain { return }
            hasPlain = true
        }
        if labels.count < Self.most { labels.append(label) } else { areMore = true }
    }
}
