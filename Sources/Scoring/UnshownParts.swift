internal import Bytes
package import MIME
internal import MailModel

/// Which parts of a message nobody is shown: of a multipart/alternative (RFC 2046 section 5.1.4) all but the one that a reader
/// of mail picks, the last with HTML, else the last with plain text, else the last text; of a multipart/related (RFC 2387),
/// /signed and /encrypted (RFC 1847) all but the first; of any multipart that has parts what stands before and behind them (RFC 2046
/// section 5.1.1); attachments, and messages, files with one, digests and texts other than plain ones and HTML, where they stand beside
/// others, or where a text of the same message is shown in the open, whatever multiparts are around either; what is for programs,
/// anywhere. Words of honest mail in such a place speak to filters only (attack).
package struct UnshownParts: Sendable {
    /// By index of the part.
    private var isUnshown: [Bool] = []
    /// Where the header block of a part begins.
    private struct Place: Hashable {
        var source: Int32
        var offset: Int
    }
    /// Where bodies begin that the ordinary reading does not show.
    private var unshownBodies: [Place: Int] = [:]

    /// Every part is shown.
    package init() {}

    package init(_ tree: PartTree, _ message: Span<UInt8>) {
        let parts = tree.parts
        let roots = Self.roots(tree, message)
        let attached = parts.indices.map {
            parts[$0].reading == 0 && ShownHTML.saysAttachment($0, tree, message)
        }
        let shown = Self.shownAlternatives(parts, roots, attached)
        let spoken = Self.containersOfText(parts, message, shown, roots, attached)
        isUnshown = [Bool](repeating: false, count: parts.count)
        /// Whether a multipart has parts at all: one without a delimiter is shown as it is by some readers.
        var hasParts = [Bool](repeating: false, count: parts.count)
        for part in parts where part.reading == 0 && !Self.isOutside(part) {
            if parts.indices.contains(Int(part.parent)) { hasParts[Int(part.parent)] = true }
        }
        // Readers go by the name of a file.
        let messageFiles = Set(tree.anomalies.lazy.filter { $0.kind == .attachedMessage }.map(\.part))
        var firsts: [Int: Int] = [:]
        // Containers stand before what they hold.
        for index in parts.indices {
            guard let parent = Self.parent(of: index, in: parts) else { continue }
            guard parts[index].reading == 0 else {
                isUnshown[index] = isUnshown[parent] || isUnshownBody(parts[index])
                continue
            }
            isUnshown[index] =
                isUnshown[parent] || shown[parent]?.contains(index) == false
                || roots[parent]?.contains(index) == false
                || (Self.isOutside(parts[index]) && hasParts[parent])
                || Self.neverShown.contains(parts[index].mediaType)
                || (attached[index] && parts[index].kind != .multipart
                    && ShownHTML.isAttachment(index, tree, message))
                || (Self.isOpened(parts[index], isFile: messageFiles.contains(index))
                    && ShownHTML.isBesideOthers(index, tree, message, &firsts))
                || (!Self.isOutside(parts[index])
                    && (attached[index] || Self.isOpened(parts[index], isFile: messageFiles.contains(index)))
                    && Self.isSpoken(index, spoken, in: parts))
            if isUnshown[index], !Self.isOutside(parts[index]) {
                let place = Place(source: parts[index].source, offset: parts[index].header.lowerBound)
                unshownBodies[place] = parts[index].body.lowerBound
            }
        }
    }

    /// What other readers see is shown where it is, unless it is the body of a part that is not shown, read otherwise.
    private func isUnshownBody(_ part: Part) -> Bool {
        let place = Place(source: part.source, offset: part.header.lowerBound)
        // In a block that ends earlier to others they may not find what hides it.
        return unshownBodies[place].map { $0 <= part.body.lowerBound } ?? false
    }

    /// - Parameter parts: those that were given before, with more behind them: other decodings of a part are shown where it is.
    package func contains(_ index: Int, in parts: [Part]) -> Bool {
        if isUnshown.indices.contains(index) { return isUnshown[index] }
        if isUnshownBody(parts[index]) { return true }
        guard let parent = Self.parent(of: index, in: parts), isUnshown.indices.contains(parent) else { return false }
        return isUnshown[parent]
    }

    /// Texts for programs, and the reference to a body that is somewhere else (RFC 2046 section 5.2.3), whose phantom body is none.
    private static let neverShown: Set<String> = [
        "text/css", "text/javascript", "text/ecmascript", "text/vcard", "text/x-vcard", "text/directory",
        "text/calendar", "text/rfc822-headers", "message/external-body",
    ]
    /// Of these a reader begins with the first part; the others are for it.
    private static let rooted: Set<String> = ["multipart/related", "multipart/signed", "multipart/encrypted"]

    private static let xhtml = "application/xhtml+xml"

    private static func rank(_ mediaType: String) -> Int {
        switch mediaType {
        case "text/html", xhtml: 2
        case "text/plain": 1
        default: mediaType.hasPrefix("text/") ? 0 : -1
        }
    }

    /// Text that readers show where it stands. Other kinds (source, tables, `text/rtf`) are a file to Outlook and Gmail.
    private static let shownTexts: Set<String> = [
        "text/plain", "text/html", xhtml, "text/enriched", "text/richtext", "text/x-amp-html",
    ]

    /// Text that all readers show where it stands: one with a name of a file is a file to some, whatever its disposition says.
    private static func isShownText(_ part: Part) -> Bool {
        shownTexts.contains(part.mediaType) && part.names.isEmpty
    }

    /// What is an attachment to Outlook and Gmail wherever it stands beside others, though Thunderbird shows it below them.
    private static func isOpened(_ part: Part, isFile: Bool) -> Bool {
        switch part.kind {
        case .message: true
        case .multipart: part.mediaType == "multipart/digest"
        case .leaf:
            if TextContent.isText(part.mediaType) {
                !isShownText(part)
            } else {
                isFile || part.mediaType.hasPrefix("message/")
            }
        case .preamble, .epilogue: false
        }
    }

    /// What stands before the first delimiter, or behind the last.
    private static func isOutside(_ part: Part) -> Bool { part.kind == .preamble || part.kind == .epilogue }

    private static func isAlternative(_ part: Part) -> Bool {
        part.kind == .multipart && part.mediaType == "multipart/alternative"
    }

    /// Of containers in which a reader begins with one part, that: the first, and what `start` names.
    private static func roots(_ tree: PartTree, _ message: Span<UInt8>) -> [Int: Set<Int>] {
        var found: [Int: Set<Int>] = [:]
        for (index, part) in tree.parts.enumerated()
        where part.reading == 0 && part.kind == .multipart && rooted.contains(part.mediaType) {
            var first = Int(part.firstChild)
            // What stands before the first delimiter is no part of it.
            if tree.parts.indices.contains(first), tree.parts[first].kind == .preamble {
                first = Int(tree.parts[first].nextSibling)
            }
            found[index] = Set(
                [first] + (part.mediaType == "multipart/related" ? RelatedRoot.named(in: index, tree, message) : []))
        }
        return found
    }

    /// The message that a part is of shows a text in the open, and not as an alternative: not all readers take what says that it is an
    /// attachment for none.
    /// - Parameter spoken: containers of such texts.
    private static func isSpoken(_ index: Int, _ spoken: Set<Int>, in parts: [Part]) -> Bool {
        var container = index
        while let parent = parent(of: container, in: parts) {
            if parts[parent].kind == .message { return spoken.contains(parent) }
            if isAlternative(parts[parent]), spoken.contains(parent) { return false }
            container = parent
        }
        return spoken.contains(whole)
    }

    /// The whole message among containers.
    private static let whole = -1

    /// Multiparts and messages in which a text is shown in the open, up to the message that it is of: readers of mail show that, and offer
    /// what is put aside.
    private static func containersOfText(
        _ parts: [Part], _ message: Span<UInt8>, _ shown: [Int: Set<Int>], _ roots: [Int: Set<Int>], _ attached: [Bool]
    ) -> Set<Int> {
        var found: Set<Int> = []
        for (index, part) in parts.enumerated()
        where part.reading == 0 && part.kind == .leaf && isShownText(part)
            && !ShownHTML.isBlank(part, message)
        {
            var (child, containers, isWithin) = (index, Set<Int>(), false)
            var isOpen = !attached[index]
            while isOpen, let parent = parent(of: child, in: parts) {
                containers.insert(parent)
                isWithin = parts[parent].kind == .message
                if isWithin { break }
                isOpen =
                    shown[parent]?.contains(child) != false && roots[parent]?.contains(child) != false
                    && parts[parent].mediaType != "multipart/digest" && !attached[parent]
                child = parent
            }
            if isOpen { found.formUnion(isWithin ? containers : containers.union([whole])) }
        }
        return found
    }

    /// Of each alternative what is shown: the last of those that readers know best. Not all of them take an attachment for one,
    /// or know HTML by its other type: what any of them shows is shown.
    private static func shownAlternatives(
        _ parts: [Part], _ roots: [Int: Set<Int>], _ attached: [Bool]
    ) -> [Int: Set<Int>] {
        /// The child for each kind of reader, and how readily it is picked.
        var picked: [Int: [(child: Int, rank: Int)]] = [:]
        for index in parts.indices where parts[index].reading == 0 {
            let rank = Self.rank(parts[index].mediaType)
            guard rank >= 0, parts[index].kind == .leaf else { continue }
            var isAttachment = attached[index] || parts[index].transferEncoding == .unknown
            var child = index
            while let parent = Self.parent(of: child, in: parts), roots[parent]?.contains(child) != false {
                if isAlternative(parts[parent]) {
                    var best = picked[parent] ?? [(-1, -1), (-1, -1), (-1, -1), (-1, -1)]
                    for reader in best.indices where !isAttachment || reader & 1 == 0 {
                        // One that does not know it shows none of it.
                        let known = reader & 2 != 0 && parts[index].mediaType == xhtml ? -1 : rank
                        if known >= 0, known >= best[reader].rank { best[reader] = (child, known) }
                    }
                    picked[parent] = best
                }
                // A message is opened.
                if parts[parent].kind == .message { isAttachment = true }
                child = parent
            }
        }
        return picked.mapValues { Set($0.map(\.child)) }
    }

    private static func parent(of index: Int, in parts: [Part]) -> Int? {
        let parent = Int(parts[index].parent)
        return parts.indices.contains(parent) ? parent : nil
    }
}
