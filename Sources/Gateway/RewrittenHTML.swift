internal import Linux
internal import MIME
internal import MailModel
internal import Policy
internal import Relay
internal import Stores

/// The HTML of one part, decoded, changed and encoded again.
enum RewrittenHTML {
    /// A text that is put in as well.
    struct Addition {
        var text: [UInt8]
        /// Offset in the message, in front of the octets of one group of base64.
        var place: Int
        /// Octets of that group's content that stay in front of the text.
        var skip: Int
    }

    /// Blocks on a disk unless the message is in memory.
    /// - Returns: nil where the changes do not fit what stands there, or the part cannot be decoded.
    static func edits(
        of part: EditablePart, _ edits: [HTMLEdit], _ file: MessageFile, adding addition: Addition? = nil
    ) throws -> [BodyEdit]? {
        guard let body = try DecodedBody(part, file) else { return nil }
        let changed: [UInt8]?
        if let addition {
            guard let offset = body.offset(of: addition.place, skip: addition.skip) else { return nil }
            changed = apply(edits, to: body.content, adding: addition.text, at: offset)
        } else {
            changed = HTMLEdit.apply(edits, to: body.content)
        }
        guard let replaced = changed.flatMap({ body.replaced(by: $0) }) else { return nil }
        // They say what the body was.
        return part.counts.map { BodyEdit(range: $0) } + replaced
    }

    /// - Parameter place: offset in the content; none of the changes may be around it.
    private static func apply(_ edits: [HTMLEdit], to content: [UInt8], adding text: [UInt8], at place: Int) -> [UInt8]?
    {
        guard place <= content.count else { return nil }
        let first = edits.prefix { $0.range.lowerBound < place }
        guard first.allSatisfy({ $0.range.upperBound <= place }) else { return nil }
        var rest: [HTMLEdit] = []
        for edit in edits.dropFirst(first.count) {
            guard edit.range.lowerBound >= place else { return nil }
            rest.append(HTMLEdit(edit.kind, edit.range.lowerBound - place..<edit.range.upperBound - place))
        }
        guard let head = HTMLEdit.apply(Array(first), to: Array(content[..<place])),
            let tail = HTMLEdit.apply(rest, to: Array(content[place...]))
        else { return nil }
        return head + text + tail
    }
}
