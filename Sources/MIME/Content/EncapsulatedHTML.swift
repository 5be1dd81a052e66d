internal import Bytes

/// HTML in Rich Text ([MS-OXRTFEX]): Outlook keeps the HTML of a message so, and shows it as HTML again.
package enum EncapsulatedHTML {
    /// What readers may make of it: either with all tags, or without those that stand where the text is for readers of Rich Text
    /// alone. For those who look for what is in it: letters beyond ASCII are `?`.
    /// - Returns: one or two texts; none where the text is no Rich Text with HTML in it.
    package static func readings(_ text: Span<UInt8>) -> [[UInt8]] {
        guard text.firstIndex(of: "\\fromhtml") != nil else { return [] }
        var all = Reader(keepsAllTags: true)
        all.read(text)
        var some = Reader(keepsAllTags: false)
        some.read(text)
        return all.output == some.output ? [all.output] : [all.output, some.output]
    }

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

    private struct Reader {
        let keepsAllTags: Bool
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

        init(keepsAllTags: Bool) { self.keepsAllTags = keepsAllTags }

        mutating func read(_ bytes: Span<UInt8>) {
            var at = 0
            while at < bytes.count {
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

        private mutating func put(_ byte: UInt8) {
            if skipped > 0 {
                skipped -= 1
                return
            }
            if group.contains(.isUnseen) { return }
            if group.contains(.isForOthers), !(keepsAllTags && group.contains(.isTag)) { return }
            output.append(byte < 0x80 ? byte : UInt8(ascii: "?"))
        }

        /// A control word or symbol behind the backslash; gives the place behind.
        private mutating func control(_ bytes: Span<UInt8>, _ start: Int) -> Int {
            guard start < bytes.count else { return start }
            guard isLetter(bytes[start]) else {
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
            var at = start
            while at < bytes.count, isLetter(bytes[at]) { at += 1 }
            let word = bytes.extracting(start..<at)
            let isNegative = at < bytes.count && bytes[at] == UInt8(ascii: "-")
            if isNegative { at += 1 }
            var number: Int?
            while at < bytes.count, bytes[at] >= 0x30, bytes[at] <= 0x39 {
                // Past what any word can mean it stops growing.
                number = min((number ?? 0) * 10 + Int(bytes[at] - 0x30), 1 << 40)
                at += 1
            }
            if at < bytes.count, bytes[at] == 0x20 { at += 1 }
            return apply(bytes, word, isNegative ? number.map { -$0 } : number, at)
        }

        private mutating func apply(_ bytes: Span<UInt8>, _ word: Span<UInt8>, _ number: Int?, _ at: Int) -> Int {
            func isWord(_ name: StaticString) -> Bool {
                word.count == name.utf8CodeUnitCount && word.hasPrefix(ignoringCase: name, from: 0)
            }
            let wasStarred = isStarred
            isStarred = false
            if isWord("bin") { return min(bytes.count, at + max(0, number ?? 0)) }
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
                put((1..<0x80).contains(number) ? UInt8(number) : UInt8(ascii: "?"))
                skipped = width
            } else if isWord("uc"), let number {
                width = min(max(0, number), 100)
            }
            return at
        }

        private func isLetter(_ byte: UInt8) -> Bool {
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(asciiLower(byte))
        }

        /// Destinations of the header and of what is no text, without a star in front.
        private static let unseen: [StaticString] = ["fonttbl", "colortbl", "stylesheet", "info", "pict", "object"]
        /// Words that stand for a letter beyond ASCII.
        private static let letters: [StaticString] = [
            "lquote", "rquote", "ldblquote", "rdblquote", "bullet", "endash", "emdash",
        ]
    }
}
