internal import Linux
internal import MIME
internal import MailModel
internal import Policy
internal import Relay
internal import Stores

/// The body of one part, decoded as its header says, to be changed and encoded again.
struct DecodedBody {
    let encoding: TransferEncoding
    let content: [UInt8]
    private let encoded: [UInt8]
    private let part: EditablePart

    /// Octets of a line without its end (RFC 5321 section 4.5.3.1.6); MTAs fold longer ones anywhere.
    private static let longestLine = 998

    /// Blocks on a disk unless the message is in memory.
    /// - Returns: nil where its encoding is not known.
    init?(_ part: EditablePart, _ file: MessageFile) throws {
        guard let encoding = part.transferEncoding else { return nil }
        let body = try file.descriptor.read(at: part.body.lowerBound, count: part.body.count)
        guard body.count == part.body.count else { return nil }
        var content: [UInt8] = []
        _ = TransferDecoder.decode(body.span, encoding: encoding, into: &content, limit: body.count)
        (self.encoding, self.content, self.encoded, self.part) = (encoding, content, body, part)
    }

    /// Where in the content a place of the message is.
    /// - Parameters:
    ///   - place: offset in the message, in front of the octets of one group of base64.
    ///   - skip: octets of that group's content that stand in front of the place.
    /// - Returns: nil where it is not within the body.
    func offset(of place: Int, skip: Int) -> Int? {
        guard part.body.lowerBound <= place, place <= part.body.upperBound else { return nil }
        var head: [UInt8] = []
        let before = Array(encoded[..<(place - part.body.lowerBound)])
        _ = TransferDecoder.decode(before.span, encoding: encoding, into: &head, limit: before.count)
        let (offset, isOver) = head.count.addingReportingOverflow(skip)
        return isOver || offset > content.count ? nil : offset
    }

    /// Puts another content in the place of this one.
    /// - Parameters:
    ///   - isUTF8: it is UTF-8 now, and the header has to say so.
    ///   - isEncoded: it must not stand there as it is.
    /// - Returns: nil where the header cannot be changed as has to be.
    func replaced(by changed: [UInt8], isUTF8: Bool = false, isEncoded: Bool = false) -> [BodyEdit]? {
        var (edits, encoding): ([BodyEdit], TransferEncoding) = ([], encoding)
        let isPlain = encoding == .sevenBit || encoding == .eightBit || encoding == .binary
        let isQuoted = isPlain && (isEncoded || Self.hasLongLine(changed) && !Self.hasLongLine(encoded))
        if isUTF8 || isQuoted {
            if let declaration = part.declared(utf8: isUTF8, quotedPrintable: isQuoted) {
                edits = declaration
                if isQuoted { encoding = .quotedPrintable }
            } else if isUTF8 || isEncoded {
                return nil
            }
        }
        let text: [UInt8]
        switch encoding {
        // No line can become a delimiter: none of what is put into HTML begins with a hyphen, and none is empty.
        case .sevenBit, .eightBit, .binary: text = changed
        case .quotedPrintable: text = AddedText.encoded(changed, .quotedPrintable)
        // The message itself ends with a line end; behind a part stands that of the delimiter.
        case .base64: text = AddedText.base64(changed, head: [], tail: []) + (part.isLast ? [0x0D, 0x0A] : [])
        case .uuencode, .unknown: return nil
        }
        return edits + [BodyEdit(range: part.body, text: text)]
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
