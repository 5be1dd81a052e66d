internal import Bytes
package import MailModel

/// Which parts are HTML that people may see when they open a message, and why it must not be changed. A file name makes no
/// difference, since many mail readers show such parts among the texts. Left out are attachments, where readers agree that they
/// are that, and what stands in messages that are attachments.
package struct ShownHTML: Sendable {
    /// Nil when it can be changed.
    package let obstacle: HTMLCleaning.Obstacle?
    /// For each part of the tree whether what stands in it is of a message that is an attachment. One that is the whole message, or has
    /// nothing to see in front of it, is none.
    private let holdsAttached: [Bool]

    package init(_ tree: PartTree, _ message: Span<UInt8>) {
        var holdsAttached: [Bool] = []
        var obstacle: HTMLCleaning.Obstacle?
        var firsts: [Int: Int] = [:]
        for (index, part) in tree.parts.enumerated() {
            let isAttached = Self.isAttached(part, holdsAttached)
            holdsAttached.append(
                isAttached
                    || part.kind == .message && Self.canBeAttachment(part, tree)
                        && Self.firstWithContent(Int(part.parent), tree, message, &firsts) != index
                        && Self.saysAttachment(index, tree, message)
            )
            if obstacle == nil, part.reading == 0, part.decoding == .ordinary, !isAttached {
                obstacle = Self.obstacle(part.mediaType)
            }
        }
        (self.holdsAttached, self.obstacle) = (holdsAttached, obstacle)
    }

    private static func isAttached(_ part: Part, _ holdsAttached: [Bool]) -> Bool {
        let container = Int(part.parent)
        return holdsAttached.indices.contains(container) && holdsAttached[container]
    }

    /// Why nobody knows what is shown: something was not read to its end, or is made of different parts to different readers.
    package static func doubt(_ tree: PartTree) -> HTMLCleaning.Obstacle? {
        if !tree.limitsHit.isEmpty { return .overLimits }
        return tree.anomalies.contains { $0.kind.anomalyClass == .deceptive } ? .ambiguous : nil
    }

    private static func obstacle(_ mediaType: String) -> HTMLCleaning.Obstacle? {
        switch BodyTexts.obstacle(mediaType) {
        case .signed: .signed
        case .encrypted: .encrypted
        case .report: .report
        case .partial: .partial
        // People read what stands beside an invitation.
        case .calendar, .ambiguous, .noText, nil: nil
        }
    }

    /// HTML by what it is called; other types are looked at where they begin like HTML.
    package static func isHTML(_ mediaType: String) -> Bool {
        mediaType == "text/html" || mediaType == "text/x-amp-html"
    }

    /// - Parameter index: of a part with content, which may have been added to the tree since.
    package func isShown(_ index: Int, _ tree: PartTree, _ message: Span<UInt8>) -> Bool {
        guard tree.parts.indices.contains(index), tree.parts[index].kind == .leaf,
            !Self.isAttached(tree.parts[index], holdsAttached)
        else { return false }
        return !Self.isAttachment(index, tree, message)
    }

    /// True for what every reader takes for an attachment by its place and `Content-Disposition` (RFC 2183).
    package static func isAttachment(_ index: Int, _ tree: PartTree, _ message: Span<UInt8>) -> Bool {
        canBeAttachment(tree.parts[index], tree) && saysAttachment(index, tree, message)
    }

    /// True for what is not the first part of a multipart in which something stands, and no alternative and the like.
    /// - Parameter firsts: those that were found before, by multipart.
    package static func isBesideOthers(
        _ index: Int, _ tree: PartTree, _ message: Span<UInt8>, _ firsts: inout [Int: Int]
    ) -> Bool {
        let part = tree.parts[index]
        return isBehindFirst(part, tree) && firstWithContent(Int(part.parent), tree, message, &firsts) != index
    }

    /// - Parameter index: of a part of the tree.
    package func isOfAttachedMessage(_ index: Int) -> Bool {
        holdsAttached.indices.contains(index) && holdsAttached[index]
    }

    /// Alternatives, what stands in a multipart/related or /digest, and what comes first in any multipart are shown whatever they say.
    private static func canBeAttachment(_ part: Part, _ tree: PartTree) -> Bool {
        isBehindFirst(part, tree) && tree.parts[Int(part.parent)].mediaType != "multipart/digest"
    }

    /// True for all but the first of a multipart whose parts are shown one below the other.
    private static func isBehindFirst(_ part: Part, _ tree: PartTree) -> Bool {
        guard part.parent >= 0 else { return false }
        let container = tree.parts[Int(part.parent)]
        guard container.kind == .multipart, container.mediaType != "multipart/alternative",
            container.mediaType != "multipart/related"
        else { return false }
        var first = Int(container.firstChild)
        while first >= 0, tree.parts[first].kind == .preamble { first = Int(tree.parts[first].nextSibling) }
        // Other readings of the first part have the same header.
        return first >= 0 && tree.parts[first].header != part.header
    }

    /// The first part of a multipart in which something stands.
    /// - Parameter known: those that were found before.
    private static func firstWithContent(
        _ container: Int, _ tree: PartTree, _ message: Span<UInt8>, _ known: inout [Int: Int]
    ) -> Int {
        if let found = known[container] { return found }
        var next = Int(tree.parts[container].firstChild)
        while next >= 0 {
            let part = tree.parts[next]
            guard part.kind == .preamble || isBlank(part, message) else { break }
            next = Int(part.nextSibling)
        }
        known[container] = next
        return next
    }

    /// Nothing stands in the part.
    package static func isBlank(_ part: Part, _ message: Span<UInt8>) -> Bool {
        guard part.kind == .leaf, part.source == 0 else { return false }
        var index = part.body.lowerBound
        while index < part.body.upperBound, index < message.count, message[index] <= 0x20 { index += 1 }
        return index >= part.body.upperBound
    }

    /// It has one `Content-Disposition`, which says so in one plain word, wherever it stands.
    package static func saysAttachment(_ index: Int, _ tree: PartTree, _ message: Span<UInt8>) -> Bool {
        tree.withHeader(of: index, in: message) { header in
            var scanner = HeaderScanner(limit: header.count)
            var (count, isAttachment) = (0, false)
            while let field = scanner.next(in: header) {
                guard field.isNamed("content-disposition", in: header) else { continue }
                count += 1
                var place = field.value.lowerBound
                while place < field.value.upperBound, header[place] <= 0x20 { place += 1 }
                // Behind a comment some readers do not find the word.
                let isFirst = header.hasPrefix(ignoringCase: "attachment", from: place)
                var body = FieldBody(header, value: field.value)
                isAttachment = isFirst && equalIgnoringCase(body.leadingValue(), "attachment")
            }
            return count == 1 && isAttachment
        }
    }
}
