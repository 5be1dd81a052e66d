internal import Bytes

/// Recognises the fields that matter for structure although something is wrong with their names: comments, controls,
/// blanks, letters around them. For readings other than the ordinary one.
enum LooseFieldName: Sendable {
    case contentType
    case transferEncoding
    case disposition

    /// What a line that starts with a field name is.
    struct Match {
        var name: LooseFieldName
        /// Where the value begins.
        var value: Int
    }

    /// Longest name with junk in it that is looked at, octets.
    private static let longest = 200

    /// The field that begins in `text`: a name, then a colon. Nil when it is none of the three.
    static func match(_ bytes: Span<UInt8>, _ text: Range<Int>) -> Match? {
        let end = min(text.upperBound, text.lowerBound + longest)
        guard let offset = bytes.extracting(text.lowerBound..<end).firstIndex(of: 0x3A) else { return nil }
        let colon = text.lowerBound + offset
        let whole = text.lowerBound..<colon
        guard
            let name = name(letters(bytes, whole, skippingComments: true))
                ?? name(letters(bytes, whole, skippingComments: false))
        else { return nil }
        return Match(name: name, value: colon + 1)
    }

    /// True when the text could be a field: a name without blanks inside, then a colon.
    static func isField(_ bytes: Span<UInt8>, _ text: Range<Int>) -> Bool {
        if match(bytes, text) != nil { return true }
        var index = text.lowerBound
        while index < text.upperBound, bytes[index] > 0x20, bytes[index] < 0x7F, bytes[index] != 0x3A { index += 1 }
        guard index > text.lowerBound else { return false }
        while index < text.upperBound, bytes[index] == 0x20 || bytes[index] == 0x09 { index += 1 }
        return index < text.upperBound && bytes[index] == 0x3A
    }

    /// Letters of a name in lower case.
    private static func letters(_ bytes: Span<UInt8>, _ range: Range<Int>, skippingComments: Bool) -> [UInt8] {
        var out: [UInt8] = []
        var depth = 0
        for offset in range {
            let byte = asciiLower(bytes[offset])
            if skippingComments, byte == 0x28 {
                depth += 1
            } else if skippingComments, byte == 0x29 {
                depth = max(0, depth - 1)
            } else if depth == 0, byte >= 0x61, byte <= 0x7A {
                out.append(byte)
            }
        }
        return out
    }

    private static func name(_ letters: [UInt8]) -> LooseFieldName? {
        guard letters.count >= 11 else { return nil }
        let text = String(decoding: letters, as: UTF8.self)
        if text.hasSuffix("contenttype") { return .contentType }
        if text.hasSuffix("contenttransferencoding") { return .transferEncoding }
        // Fields of HTTP that some readers take for it.
        if text == "contentencoding" || text == "transferencoding" { return .transferEncoding }
        if text.hasSuffix("contentdisposition") { return .disposition }
        return nil
    }
}
