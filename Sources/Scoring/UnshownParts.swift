internal import Bytes
package import MIME

/// Which parts of a message nobody is shown: of a multipart/alternative (RFC 2046 section 5.1.4) all but the one that a reader
/// of mail picks, the last with HTML, else the last with plain text, else the last text; of a multipart/related (RFC 2387),
/// /signed and /encrypted (RFC 1847) all but the first; of any multipart that has parts what stands before and behind them (RFC 2046
/// section 5.1.1); attachments, and messages that stand beside others; what is for programs, anywhere. Words of honest mail in such a
/// place speak to filters only (attack).
package struct UnshownParts: Sendable {
    /// By index of the part, in the ordinary reading.
    private var isUnshown: [Bool] = []

    /// Every part is shown.
    package init() {}

    package init(_ tree: PartTree, _ message: Span<UInt8>) {
        let parts = tree.parts
        /// For each alternative its child that is shown, and how readily a reader picks it.
        var picked = [(child: Int, rank: Int)](repeating: (-1, -1), count: parts.count)
        for index in parts.indices where parts[index].reading == 0 {
            let rank = Self.rank(parts[index].mediaType)
            guard rank >= 0, parts[index].kind == .leaf else { continue }
            var child = index
            while let parent = Self.parent(of: child, in: parts) {
                if !Self.isRoot(child, of: parent, in: parts) { break }
                if Self.isAlternative(parts[parent]), rank >= picked[parent].rank { picked[parent] = (child, rank) }
                child = parent
            }
        }
        isUnshown = [Bool](repeating: false, count: parts.count)
        /// Whether a multipart has parts at all: one without a delimiter is shown as it is by some readers.
        var hasParts = [Bool](repeating: false, count: parts.count)
        for part in parts where part.reading == 0 && !Self.isOutside(part) {
            if parts.indices.contains(Int(part.parent)) { hasParts[Int(part.parent)] = true }
        }
        var firsts: [Int: Int] = [:]
        // Containers stand before what they hold.
        for index in parts.indices {
            guard let parent = Self.parent(of: index, in: parts) else { continue }
            // What other readers see is shown where it is.
            guard parts[index].reading == 0 else {
                isUnshown[index] = isUnshown[parent]
                continue
            }
            let isOther =
                Self.isAlternative(parts[parent]) && picked[parent].child >= 0 && picked[parent].child != index
            isUnshown[index] =
                isUnshown[parent] || isOther || !Self.isRoot(index, of: parent, in: parts)
                || (Self.isOutside(parts[index]) && hasParts[parent])
                || Self.neverShown.contains(parts[index].mediaType)
                || (parts[index].kind != .multipart && ShownHTML.isAttachment(index, tree, message))
                || (parts[index].kind == .message && ShownHTML.isBesideOthers(index, tree, message, &firsts))
        }
    }

    /// - Parameter parts: those that were given before, with more behind them: other decodings of a part are shown where it is.
    package func contains(_ index: Int, in parts: [Part]) -> Bool {
        if isUnshown.indices.contains(index) { return isUnshown[index] }
        guard let parent = Self.parent(of: index, in: parts), isUnshown.indices.contains(parent) else { return false }
        return isUnshown[parent]
    }

    /// Texts for programs.
    private static let neverShown: Set<String> = [
        "text/css", "text/javascript", "text/ecmascript", "text/vcard", "text/x-vcard", "text/directory",
        "text/calendar",
        "text/rfc822-headers",
    ]
    /// Of these a reader begins with the first part; the others are for it.
    private static let rooted: Set<String> = ["multipart/related", "multipart/signed", "multipart/encrypted"]

    private static func rank(_ mediaType: String) -> Int {
        switch mediaType {
        case "text/html", "application/xhtml+xml": 2
        case "text/plain": 1
        default: mediaType.hasPrefix("text/") ? 0 : -1
        }
    }

    /// What stands before the first delimiter, or behind the last.
    private static func isOutside(_ part: Part) -> Bool { part.kind == .preamble || part.kind == .epilogue }

    private static func isAlternative(_ part: Part) -> Bool {
        part.kind == .multipart && part.mediaType == "multipart/alternative"
    }

    /// Whether a part is what a reader begins with in its container.
    private static func isRoot(_ child: Int, of parent: Int, in parts: [Part]) -> Bool {
        guard parts[parent].kind == .multipart, rooted.contains(parts[parent].mediaType) else { return true }
        var first = Int(parts[parent].firstChild)
        // What stands before the first delimiter is no part of it.
        if parts.indices.contains(first), parts[first].kind == .preamble { first = Int(parts[first].nextSibling) }
        return first == child
    }

    private static func parent(of index: Int, in parts: [Part]) -> Int? {
        let parent = Int(parts[index].parent)
        return parts.indices.contains(parent) ? parent : nil
    }
}
