internal import Bytes
package import MailModel

/// Which parts are HTML that people may see when they open a message, and why it must not be changed. A file name makes no
/// difference, since many mail readers show such parts among the texts. Left out are attachments, where readers agree that they
/// are that, and attached messages, but for those that are shown at once.
package struct ShownHTML: Sendable {
    /// Nil when it can be changed.
    package let obstacle: HTMLCleaning.Obstacle?
    /// For each part of the tree whether what stands in it is of an attached message. One that is the whole message, or says
    /// `inline`, is none.
    private let holdsAttached: [Bool]

    package init(_ tree: PartTree, _ message: Span<UInt8>) {
        var holdsAttached: [Bool] = []
        var obstacle: HTMLCleaning.Obstacle?
        for (index, part) in tree.parts.enumerated() {
            let isAttached = Self.isAttached(part, holdsAttached)
            holdsAttached.append(
                isAttached
                    || part.kind == .message && part.parent >= 0
                        && !Self.dispositions(index, tree, message).contains(where: { $0.isInline })
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
        guard canBeAttachment(tree.parts[index], tree) else { return false }
        let dispositions = dispositions(index, tree, message)
        return dispositions.count == 1 && dispositions[0].isAttachment
    }

    /// Alternatives, what stands in a multipart/related, and what comes first in any multipart are shown whatever they say.
    private static func canBeAttachment(_ part: Part, _ tree: PartTree) -> Bool {
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

    private struct Disposition {
        /// Says so in one plain word.
        var isAttachment: Bool
        var isInline: Bool
    }

    private static func dispositions(_ index: Int, _ tree: PartTree, _ message: Span<UInt8>) -> [Disposition] {
        tree.withHeader(of: index, in: message) { header in
            var scanner = HeaderScanner(limit: header.count)
            var found: [Disposition] = []
            while let field = scanner.next(in: header) {
                guard field.isNamed("content-disposition", in: header) else { continue }
                var place = field.value.lowerBound
                while place < field.value.upperBound, header[place] <= 0x20 { place += 1 }
                // Behind a comment some readers do not find the word.
                let isFirst = header.hasPrefix(ignoringCase: "attachment", from: place)
                var body = FieldBody(header, value: field.value)
                let value = body.leadingValue()
                found.append(
                    Disposition(
                        isAttachment: isFirst && equalIgnoringCase(value, "attachment"),
                        isInline: equalIgnoringCase(value, "inline")))
            }
            return found
        }
    }
}
