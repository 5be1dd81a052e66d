internal import Bytes

/// What holds within a group and those in it.
private struct Group: OptionSet {
    let rawValue: UInt8
    /// A destination that is not shown.
    static let isUnseen = Group(rawValue: 1)
    /// `\*\htmltag`.
    static let isTag = Group(rawValue: 2)
    /// Behind `\htmlrtf`: for readers of Rich Text alone.
    static let isForOthers = Group(rawValue: 4)
}

/// Reads the text of Rich Text (specification 1.9.1), or the HTML that is kept in it.
struct RichTextReader {
    /// What is read.
    enum Form {
        /// The HTML; with all its tags, or without those that stand where the text is for readers of Rich Text alone. Letters beyond
        /// ASCII are `?`.
        case html(keepsAllTags: Bool)
        /// What people read, in UTF-8; letters beyond ASCII that are written as octets are `?`.
        case words
    }

    private let form: Form
    /// Octets of the output from which on nothing is read.
    private let limit: Int
    private(set) var output: [UInt8] = []
    private var group: Group = []
    /// The groups around it.
    private var groups: [(group: Group, width: Int)] = []
    /// `\*` stands in front.
    private var isStarred = false
    /// Characters that stand for the one before them, for readers without Unicode.
    private var skipped = 0
    /// How many (`\uc`), up to the end of the group (RTF 1.9.1, "Unicode RTF").
    private var width = 1

    init(_ form: Form, limit: Int = .max) {
        self.form = form
        self.limit = limit
    }

    mutating func read(_ bytes: Span<UInt8>) {
        var at = 0
        while at < bytes.count, output.count < limit {
            let byte = bytes[at]
            at += 1
            switch byte {
            case UInt8(ascii: "{"):
                groups.append((group, width))
                skipped = 0
            case UInt8(ascii: "}"):
                (group, width) = groups.popLast() ?? (group, width)
                (isStarred, skipped) = (false, 0)
            case UInt8(ascii: "\\"): at = control(bytes, at)
            case 0x0D, 0x0A: break
            default: put(byte)
            }
        }
    }

    private mutating func put(_ byte: UInt8) { put([byte < 0x80 ? byte : UInt8(ascii: "?")]) }

    /// A character by its number of 16 bits; halves of those beyond U+FFFF are `?`, each.
    private mutating func put(character number: Int) {
        if (1..<0x80).contains(number) {
            put(UInt8(number))
        } else if case .words = form, let scalar = Unicode.Scalar(UInt16(truncatingIfNeeded: number)) {
            put(Array(String(scalar).utf8))
        } else {
            put(UInt8(ascii: "?"))
        }
    }

    private mutating func put(_ character: [UInt8]) {
        if skipped > 0 {
            skipped -= 1
            return
        }
        if group.contains(.isUnseen) { return }
        switch form {
        case .html(let keepsAllTags):
            if group.contains(.isForOthers), !(keepsAllTags && group.contains(.isTag)) { return }
        case .words:
            if group.contains(.isTag) { return }
        }
        output += character
    }

    /// A control word or symbol behind the backslash; gives the place behind.
    private mutating func control(_ bytes: Span<UInt8>, _ start: Int) -> Int {
        guard start < bytes.count else { return start }
        if let control = RichTextControl(bytes, at: start) { return apply(control, bytes) }
        switch bytes[start] {
        case UInt8(ascii: "*"): isStarred = true
        case UInt8(ascii: "'"):
            guard start + 2 < bytes.count else { return bytes.count }
            guard let high = hexadecimalValue(bytes[start + 1]),
                let low = hexadecimalValue(bytes[start + 2])
            else { return start + 1 }
            put(high << 4 | low)
            return start + 3
        case UInt8(ascii: "~"): put(0x20)
        case UInt8(ascii: "_"): put(UInt8(ascii: "-"))
        case UInt8(ascii: "-"): break
        case 0x0D, 0x0A: put(0x0A)
        default: put(bytes[start])
        }
        return start + 1
    }

    private mutating func apply(_ control: RichTextControl, _ bytes: Span<UInt8>) -> Int {
        func isWord(_ name: StaticString) -> Bool { control.isWord(name, in: bytes) }
        let number = control.number
        let wasStarred = isStarred
        isStarred = false
        if isWord("bin") { return min(bytes.count, control.end + max(0, number ?? 0)) }
        if isWord("htmltag") {
            group.insert(.isTag)
        } else if isWord("htmlrtf") {
            if number == 0 { group.remove(.isForOthers) } else { group.insert(.isForOthers) }
        } else if wasStarred || Self.unseen.contains(where: { isWord($0) }) {
            group.insert(.isUnseen)
        } else if isWord("par") || isWord("line") {
            put(0x0A)
        } else if isWord("tab") {
            put(0x09)
        } else if Self.letters.contains(where: { isWord($0) }) {
            put(UInt8(ascii: "?"))
        } else if isWord("u"), let number {
            // Written as numbers of 16 bits with a sign.
            put(character: number)
            skipped = width
        } else if isWord("uc"), let number {
            width = min(max(0, number), 100)
        }
        return control.end
    }

    /// Destinations of the header and of what is no text, without a star in front.
    private static let unseen: [StaticString] = ["fonttbl", "colortbl", "stylesheet", "info", "pict", "object"]
    /// Words that stand for a letter beyond ASCII.
    private static let letters: [StaticString] = [
        "lquote", "rquote", "ldblquote", "rdblquote", "bullet", "endash", "emdash",
    ]
}

/// The words of Rich Text, for those who look for one.
package enum RichTextWords {
    /// Word wants no more.
    package static func isRichText(_ text: Span<UInt8>) -> Bool { text.hasBytes("{\\rt", at: 0) }

    /// - Parameter limit: octets of the text.
    /// - Returns: UTF-8.
    package static func read(_ text: Span<UInt8>, limit: Int) -> [UInt8] {
        var reader = RichTextReader(.words, limit: limit)
        reader.read(text)
        return reader.output
    }
}
