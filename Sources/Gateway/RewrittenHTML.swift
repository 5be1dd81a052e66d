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

    /// Octets of a line without its end (RFC 5321 section 4.5.3.1.6); MTAs fold longer ones anywhere.
    private static let longestLine = 998

    /// Blocks on a disk unless the message is in memory.
    /// - Returns: nil where the changes do not fit what stands there, or the part cannot be decoded.
    static func edits(
        of part: EditablePart, _ edits: [HTMLEdit], _ file: MessageFile, adding addition: Addition? = nil
    ) throws -> [BodyEdit]? {
        guard let encoding = part.transferEncoding else { return nil }
        let body = try file.descriptor.read(at: part.body.lowerBound, count: part.body.count)
        guard body.count == part.body.count else { return nil }
        var content: [UInt8] = []
        _ = TransferDecoder.decode(body.span, encoding: encoding, into: &content, limit: body.count)
        let changed: [UInt8]
        if let addition {
            guard part.body.contains(addition.place) || addition.place == part.body.upperBound else { return nil }
            let before = body[..<(addition.place - part.body.lowerBound)]
            var head: [UInt8] = []
            _ = TransferDecoder.decode(Array(before).span, encoding: encoding, into: &head, limit: body.count)
            guard let both = apply(edits, to: content, adding: addition.text, at: head.count + addition.skip) else {
                return nil
            }
            changed = both
        } else {
            guard let cleaned = HTMLEdit.apply(edits, to: content) else { return nil }
            changed = cleaned
        }
        // They say what the body was.
        let counts = part.counts.map { BodyEdit(range: $0) }
        let text: [UInt8]
        switch encoding {
        case .sevenBit, .eightBit, .binary:
            if hasLongLine(changed), !hasLongLine(body),
                let declaration = part.declared(utf8: false, quotedPrintable: true)
            {
                let quoted = BodyEdit(range: part.body, text: AddedText.encoded(changed, .quotedPrintable))
                return counts + declaration + [quoted]
            }
            // No line can become a delimiter: none of the three texts begins with a hyphen, and none is empty.
            text = changed
        case .quotedPrintable: text = AddedText.encoded(changed, .quotedPrintable)
        // The message itself ends with a line end; behind a part stands that of the delimiter.
        case .base64: text = AddedText.base64(changed, head: [], tail: []) + (part.isMessage ? [0x0D, 0x0A] : [])
        case .uuencode, .unknown: return nil
        }
        return counts + [BodyEdit(range: part.body, text: text)]
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

    private static func hasLongLine(_ text: [UInt8]) -> Bool {
        var start = 0
        while let end = text[start...].firstIndex(of: 0x0A) {
            if end - start > longestLine + 1 { return true }
            start = end + 1
        }
        return text.count - start > longestLine
    }
}
