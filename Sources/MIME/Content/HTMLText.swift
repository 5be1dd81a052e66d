internal import Bytes

/// Reads HTML into what a person sees and what is hidden from him, and finds the links (features F065; attack D8).
///
/// Styles count where they stand at the element, in a `style` attribute or an attribute of old HTML, and in style elements so far
/// as `HTMLStyleSheet` knows their selectors.
package enum HTMLText {
    /// Reads `html`, which should be UTF-8. Nothing traps or recurses beyond a bound; linear in the size for given limits.
    package static func read(_ html: Span<UInt8>, limits: HTMLLimits = HTMLLimits()) -> HTMLContent {
        var reader = HTMLReader(limits: limits)
        reader.read(html)
        return reader.content
    }

    /// True when HTML can stand in the middle of a document: it ends in no tag, comment, script or the like, and closes no `body`
    /// or `html`.
    package static func isFragment(_ html: Span<UInt8>) -> Bool { HTMLEnd.offset(html) == html.count }

    /// `text`, UTF-8, as rules should see it: without soft hyphens, characters of no width and controls of direction,
    /// all kinds of blanks as one space. `Via&shy;gra` and `Via&#8203;gra` become one word.
    package static func normalised(_ text: Span<UInt8>) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(text.count)
        var index = 0
        var hasBlank = false
        while index < text.count {
            // Nearly all of most texts.
            let isPrintable = 0x21...0x7E ~= text[index]
            let length = isPrintable ? 1 : max(1, UnicodeDecoders.wellFormed(text, index))
            switch isPrintable ? .letter : sort(text, index, length) {
            case .blank: hasBlank = true
            case .nothing: break
            case .line:
                hasBlank = false
                if let last = out.last, last != 0x0A { out.append(0x0A) }
            case .letter:
                if hasBlank, let last = out.last, last != 0x0A { out.append(0x20) }
                hasBlank = false
                for place in 0..<length { out.append(text[index + place]) }
            }
            index += length
        }
        return out
    }

    /// `text`, UTF-8, without the characters that show nothing; blanks and lines as they are.
    package static func withoutInvisible(_ text: Span<UInt8>) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(text.count)
        var index = 0
        while index < text.count {
            let length = max(1, UnicodeDecoders.wellFormed(text, index))
            if length == 1 || sort(text, index, length) != .nothing {
                for place in 0..<length { out.append(text[index + place]) }
            }
            index += length
        }
        return out
    }

    private enum Sort { case blank, line, nothing, letter }

    private static func sort(_ text: Span<UInt8>, _ index: Int, _ length: Int) -> Sort {
        let first = text[index]
        if length == 1 {
            if first == 0x0A { return .line }
            return first <= 0x20 ? .blank : first == 0x7F ? .nothing : .letter
        }
        var code = UInt32(first) & (0x7F >> UInt32(length))
        for place in 1..<length { code = code << 6 | UInt32(text[index + place] & 0x3F) }
        switch code {
        case 0xA0, 0x1680, 0x2000...0x200A, 0x202F, 0x205F, 0x3000: return .blank
        case 0x2028, 0x2029: return .line
        case 0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B...0x180F, 0x200B...0x200F, 0x202A...0x202E,
            0x2060...0x206F, 0x3164, 0xFE00...0xFE0F, 0xFEFF, 0xFFA0, 0xFFF9...0xFFFB, 0x1BCA0...0x1BCA3,
            0x1D173...0x1D17A,
            0xE0000...0xE0FFF:
            return .nothing
        case 0x80..<0xA0: return .nothing
        default: return .letter
        }
    }
}

/// A text that grows: blanks are collapsed, lines end where asked.
struct HTMLTextBuffer {
    private(set) var bytes: [UInt8] = []
    private var hasBlank = false
    private var hasBreak = false
    private(set) var isFull = false
    let limit: Int

    init(limit: Int) {
        self.limit = limit
    }

    /// The last octet is part of a word that the next one would continue.
    var endsInWord: Bool { !hasBlank && !hasBreak && bytes.last.map { $0 > 0x20 } == true }

    mutating func breakLine() { hasBreak = true }
    mutating func addBlank() { hasBlank = true }

    /// Appends one octet that is no blank, or one of preformatted text.
    mutating func append(_ byte: UInt8) {
        if hasBreak || hasBlank { settle() }
        guard bytes.count < limit else { return isFull = true }
        bytes.append(byte)
    }

    /// Appends octets without blanks.
    mutating func append(_ source: Span<UInt8>, _ range: Range<Int>) {
        if hasBreak || hasBlank { settle() }
        let room = limit - bytes.count
        if range.count > room { isFull = true }
        source.extracting(range.prefix(max(0, room))).withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
    }

    private mutating func settle() {
        if let last = bytes.last, last != 0x0A, bytes.count < limit {
            if hasBreak { bytes.append(0x0A) } else if last != 0x20 { bytes.append(0x20) }
        }
        hasBreak = false
        hasBlank = false
    }
}
