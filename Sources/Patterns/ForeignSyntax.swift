internal import Checks

/// What is written in the syntax of another kind of table: it means something, but not what it means there
/// (pcre2pattern(3), regex(7)).
enum ForeignSyntax {
    /// What is told of a pattern.
    static func findings(_ pattern: PatternText, _ type: TableType) -> [String] {
        switch type {
        case .pcre: pcre(pattern.bytes)
        case .regexp: pattern.flags.contains(.extended) ? regexp(pattern.bytes) : []
        }
    }

    /// Escapes of pcre that are plain letters in a regexp table, and what stands for them there.
    private static let escapes: [UInt8: String] = [
        0x64: "[0-9]", 0x44: "[^0-9]", 0x68: "[[:blank:]]", 0x74: "[[:blank:]]", 0x6E: "[[:space:]]",
        0x72: "[[:space:]]", 0x66: "[[:space:]]", 0x76: "[[:space:]]", 0x52: "[[:space:]]", 0x41: "^", 0x47: "^",
        0x5A: "$",
        0x7A: "$", 0x51: "a backslash before each sign", 0x45: "a backslash before each sign",
        0x70: "a class such as [[:alpha:]]", 0x78: "the character itself", 0x4B: "$1 for what follows",
    ]

    private static func regexp(_ bytes: [UInt8]) -> [String] {
        var out: [String] = []
        func add(_ text: String, _ meaning: String, _ instead: String) {
            let words =
                "\(text) is pcre's and means \(meaning) in a regexp table: write \(instead), or name the table pcre:FILE"
            if !out.contains(words) { out.append(words) }
        }
        var bracket: Int?
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            let next = index + 1 < bytes.count ? bytes[index + 1] : 0
            let shown = String(decoding: [byte, next], as: UTF8.self)
            if let start = bracket {
                if byte == 0x5C, next != 0x5D, next != 0x5C, ByteSet.word.contains(next) {
                    add("\(shown) in brackets", "a backslash or the letter", classes[next] ?? "the character itself")
                    index += 1
                } else if byte == 0x5B, next == 0x3A {
                    index = (bytes[index...].firstIndex(of: 0x5D) ?? index)
                } else if byte == 0x5D, index > start {
                    bracket = nil
                }
            } else if byte == 0x5C {
                if let instead = escapes[next] {
                    add(shown, "the letter \(String(decoding: [next], as: UTF8.self))", instead)
                }
                index += 1
            } else if byte == 0x5B {
                bracket = index + (next == 0x5E ? 2 : 1)
                if next == 0x5E { index += 1 }
            } else if ByteSet([0x2A, 0x2B, 0x3F]).contains(byte), next == 0x3F || next == 0x2B {
                add(shown, "to repeat what is repeated", String(decoding: [byte], as: UTF8.self))
                index += 1
            }
            index += 1
        }
        return out
    }

    private static let classes: [UInt8: String] = [
        0x64: "0-9", 0x77: "[:alnum:]_", 0x73: "[:space:]", 0x68: "[:blank:]", 0x74: "[:blank:]",
    ]

    private static func pcre(_ bytes: [UInt8]) -> [String] {
        var out: [String] = []
        // Of an `\<`, and of an `\(` with an `\|` behind it.
        var word: Int?
        var group: Int?
        var hasChoice = false
        var index = 0
        while index + 1 < bytes.count {
            guard bytes[index] == 0x5C else {
                if let start = word, index >= start, !ByteSet.word.contains(bytes[index]) { word = nil }
                index += 1
                continue
            }
            switch bytes[index + 1] {
            case 0x3C: word = index + 2
            case 0x3E:
                if let start = word, start < index, out.isEmpty {
                    let letters = String(decoding: bytes[start..<index], as: UTF8.self)
                    if !tags.contains(letters.lowercased()) {
                        out.append(
                            "\\< and \\> are < and > in a pcre table, and not the edges of a word: write "
                                + "\\b\(letters)\\b, or leave out the backslashes")
                    }
                }
            case 0x28: (group, hasChoice) = (index, false)
            case 0x7C: hasChoice = group != nil
            case 0x29 where hasChoice:
                out.append(
                    "\\( \\| and \\) are the characters themselves in a pcre table: write ( | and ) for a choice")
                return out
            default: word = nil
            }
            index += 2
        }
        return out
    }

    /// Elements of HTML that rules look for.
    private static let tags: Set<String> = [
        "html", "head", "body", "a", "b", "i", "p", "br", "hr", "u", "font", "img", "script", "style", "iframe", "form",
        "div",
        "span", "center", "table", "td", "tr", "title", "object", "embed", "meta", "strong", "em", "h1", "h2", "h3",
    ]
}
