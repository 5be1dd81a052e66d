import Checks
import MailModel

/// One text that a message gave, for comparison.
struct SeenText: Equatable {
    var kind: Subject.Kind
    var text: [UInt8]
    var range: Range<Int>
    var isContinued: Bool
}

/// Every text of a message that comes in portions of `portion` octets.
func texts(
    _ message: [UInt8], _ source: MessageText.Source = .smtp, limits: TextLimits = TextLimits(),
    portion: Int = Int.max
) -> [SeenText] {
    var seen: [SeenText] = []
    var reader = MessageText(source, limits: limits)
    func take(_ subject: Subject, _ text: Span<UInt8>) -> Bool {
        seen.append(
            SeenText(
                kind: subject.kind, text: text.withUnsafeBufferPointer { Array($0) }, range: subject.range,
                isContinued: subject.isContinued))
        return true
    }
    var start = 0
    while start < message.count {
        let end = portion < message.count - start ? start + portion : message.count
        reader.feed(message.span.extracting(start..<end)) { take($0, $1) }
        start = end
    }
    reader.finish { take($0, $1) }
    return seen
}

/// `H`, `M` and `N` for fields of the three tables, `B` for body lines, with their text.
func outline(_ texts: [SeenText]) -> [String] {
    texts.map { seen in
        let mark =
            switch seen.kind {
            case .header(_, isMIME: true), .header(.part, _): "M"
            case .header(.primary, _): "H"
            case .header(.nested, _): "N"
            case .body: "B"
            }
        return mark + " " + String(decoding: seen.text, as: UTF8.self)
    }
}

func bytes(_ text: String) -> [UInt8] {
    var out: [UInt8] = []
    for byte in text.utf8 {
        if byte == 0x0A { out.append(0x0D) }
        out.append(byte)
    }
    return out
}
