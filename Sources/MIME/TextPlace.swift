internal import Bytes

/// A place in the encoded body of a part that stands for a place in its content.
package struct TextPlace: Hashable, Sendable {
    /// Octets of the body: none, or in base64 the group of four characters within which, or at whose end, the place is.
    package var range: Range<Int>
    /// Octets that this group stands for in front of the place.
    package var skip = 0

    /// The place where more text can be put at the end of `content`, which `body` was decoded to without oddities; nil where
    /// there is none, or where decoders may differ.
    /// - Parameters:
    ///   - isHTML: the end is that of the document (`</body>`); else that of the content.
    ///   - offset: gets the offset in the content.
    package init?(
        end content: Span<UInt8>, isHTML: Bool, body: Span<UInt8>, encoding: TransferEncoding,
        notes: DecodeResult.Notes, offset: inout Int
    ) {
        guard notes.subtracting([.needlessEscapes, .splitGroup]).isEmpty else { return nil }
        guard let end = isHTML ? HTMLEnd.offset(content) : content.count else { return nil }
        offset = end
        switch encoding {
        case .sevenBit, .eightBit, .binary:
            range = end..<end
        case .quotedPrintable:
            let place = end == content.count ? body.count : QuotedPrintable.offset(of: end, in: body)
            range = place..<place
        case .base64:
            range = Base64.group(of: end, in: body)
            skip = end % 3
        case .uuencode, .unknown:
            return nil
        }
    }
}

extension QuotedPrintable {
    /// Where the octet begins that is decoded to the one at `offset`; the end where there are not as many. For bodies without
    /// oddities.
    static func offset(of offset: Int, in body: Span<UInt8>) -> Int {
        var decoded = 0
        var index = 0
        while index < body.count {
            guard body[index] == 0x3D else {
                if decoded == offset { return index }
                decoded += 1
                index += 1
                continue
            }
            if index + 2 < body.count, hexadecimalValue(body[index + 1]) != nil,
                hexadecimalValue(body[index + 2]) != nil
            {
                if decoded == offset { return index }
                decoded += 1
                index += 3
                continue
            }
            // A soft line break, up to its line end.
            index = (body.firstIndex(of: 0x0A, from: index) ?? body.count - 1) + 1
        }
        return body.count
    }
}

extension Base64 {
    /// The characters of the group that the octet at `offset` is in. Where it is the first of its group, or there are not as
    /// many, an empty range in front of that group, or behind the last character. For bodies without oddities.
    static func group(of offset: Int, in body: Span<UInt8>) -> Range<Int> {
        let first = offset / 3 * 4
        var characters = 0
        var index = 0
        var start: Int?
        var end = 0
        while index < body.count {
            guard body[index] > 0x20 else {
                index += 1
                continue
            }
            if characters == first {
                start = index
                if offset % 3 == 0 { return index..<index }
            }
            characters += 1
            index += 1
            end = index
            if characters == first + 4, let start { return start..<index }
        }
        return (start ?? end)..<end
    }
}
