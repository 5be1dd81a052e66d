internal import Bytes
package import MailModel

/// Which parts are HTML that people may see when they open a message, and why it must not be changed. A file name makes no
/// difference, since many mail readers show such parts among the texts; attachments and attached messages are left out.
package struct ShownHTML: Sendable {
    /// Nil when it can be changed.
    package let obstacle: HTMLCleaning.Obstacle?

    package init(_ tree: PartTree, _ message: Span<UInt8>) {
        for part in tree.parts where part.reading == 0 && part.decoding == .ordinary {
            guard let found = Self.obstacle(part.mediaType), !Self.isAttached(part, tree) else { continue }
            obstacle = found
            return
        }
        obstacle = nil
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

    /// A part of an attached message.
    private static func isAttached(_ part: Part, _ tree: PartTree) -> Bool {
        var container = Int(part.parent)
        while container >= 0 {
            if tree.parts[container].kind == .message { return true }
            container = Int(tree.parts[container].parent)
        }
        return false
    }

    /// - Parameter index: of a part with content, which may have been added to the tree since.
    package func isShown(_ index: Int, _ tree: PartTree, _ message: Span<UInt8>) -> Bool {
        guard tree.parts.indices.contains(index), tree.parts[index].kind == .leaf,
            !Self.isAttached(tree.parts[index], tree)
        else { return false }
        return tree.withHeader(of: index, in: message) { header in
            var scanner = HeaderScanner(limit: header.count)
            while let field = scanner.next(in: header) {
                guard field.isNamed("content-disposition", in: header) else { continue }
                var body = FieldBody(header, value: field.value)
                return !equalIgnoringCase(body.leadingValue(), "attachment")
            }
            return true
        }
    }
}
