internal import InspectionLink
internal import MIME
internal import MailModel
internal import Members
internal import Unpacking

/// HTML that mail readers show as the message though it is no part of it: in S/MIME of one piece (RFC 8551 section 3.5.2), and
/// the body in `winmail.dat`.
extension Inspection.Run {
    private static let signedTypes: Set<String> = ["application/pkcs7-mime", "application/x-pkcs7-mime"]

    /// Looks at a member that is no file of an archive.
    /// - Parameters:
    ///   - part: its index in the report.
    ///   - types: what it was recognised as.
    mutating func takeHTML(_ content: Span<UInt8>, part: Int, _ item: Unpacker.Item, _ types: [FileType]) {
        guard html != nil, let (holder, obstacle) = enclosure(of: part) else { return }
        let isShown =
            obstacle == .tnef
            ? !item.member.flags.contains(.embeddedFile)
            : types.contains(.html) || item.member.role.hasSuffix(", text/html")
        guard isShown, !isInAttachedMessage(holder) else { return }
        html?.take(enclosed: content, obstacle)
    }

    /// Looks whether all that may be HTML was handed out of a part of the message.
    mutating func takeUnreadHTML(part: Int, _ opened: Unpacker.Opened) {
        guard html != nil, builder.report.parts[part].origin == .mime, !isInAttachedMessage(part),
            opened.isCut || opened.problems.contains(where: { $0.kind == .corrupt || $0.kind == .overLimits })
        else { return }
        if opened.types.contains(.tnef) {
            html?.take(unread: .tnef)
        } else if isSigned(builder.report.parts[part]) {
            html?.take(unread: .signed)
        }
    }

    /// The part of the message that holds it, with nothing but such content between, and what that is; nil for any other.
    private func enclosure(of part: Int) -> (holder: Int, obstacle: HTMLCleaning.Obstacle)? {
        var (index, direct) = (part, true)
        while builder.report.parts[index].origin == .embedded, let container = builder.report.parts[index].container {
            index = container
            let holder = builder.report.parts[index]
            if direct, holder.detectedType == FileType.tnef.mediaType { return (index, .tnef) }
            direct = false
        }
        let holder = builder.report.parts[index]
        return holder.origin == .mime && isSigned(holder) ? (index, .signed) : nil
    }

    private func isSigned(_ part: PartDescription) -> Bool {
        Self.signedTypes.contains(part.declaredType) || part.names.contains { $0.lowercased().hasSuffix(".p7m") }
    }

    /// - Parameter part: its index in the report; what is no part of the message is of the one that holds it.
    private func isInAttachedMessage(_ part: Int) -> Bool {
        var holder: Int? = part
        while let index = holder {
            if let place = reported.firstIndex(of: index) { return html?.isOfAttachedMessage(place) ?? false }
            holder = builder.report.parts[index].container
        }
        return false
    }
}
