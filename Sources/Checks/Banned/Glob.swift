/// Patterns of names as shells have them, made into regular expressions: `*` and `?` within a step of a path, `{a,b}` for
/// one of several. Letters match without case.
package enum Glob {
    /// Characters that make a word a pattern of names.
    static func isGlob(_ text: [UInt8]) -> Bool { text.contains { $0 == 0x2A || $0 == 0x3F || $0 == 0x7B } }

    /// What may be before a name.
    private static let directory = "^(?:.*[\\/\\\\])?"

    /// True for a pattern that was made of such a word for names.
    package static func isOfNames(_ pattern: PatternText) -> Bool { pattern.bytes.starts(with: directory.utf8) }

    /// The pattern; a name may have directories before it.
    /// - Throws: why it is none, in words.
    static func name(_ text: [UInt8]) throws(GlobError) -> PatternText {
        try pattern(text, before: directory, any: "[^\\/\\\\]")
    }

    /// The pattern for a media type.
    static func mediaType(_ text: [UInt8]) throws(GlobError) -> PatternText {
        try pattern(text, before: "^", any: "[^\\/]")
    }

    private static func pattern(
        _ text: [UInt8], before: String, any: String
    ) throws(GlobError) -> PatternText {
        var out = Array(before.utf8)
        var depth = 0
        for byte in text {
            switch byte {
            case 0x2A: out += Array((any + "*").utf8)
            case 0x3F: out += Array(any.utf8)
            case 0x7B:
                depth += 1
                out += Array("(?:".utf8)
            case 0x7D:
                guard depth > 0 else { throw GlobError(text: "a } without its {") }
                depth -= 1
                out.append(0x29)
            case 0x2C where depth > 0: out.append(0x7C)
            default:
                if byte < 0x80, !isAlphanumeric(byte) { out.append(0x5C) }
                out.append(byte)
            }
        }
        guard depth == 0 else { throw GlobError(text: "a { without its }") }
        // `\z`: no newline may hide behind the name.
        return PatternText(bytes: out + Array("\\z".utf8), flags: [.caseless, .dotAll])
    }
}

/// Why a word is no pattern of names.
struct GlobError: Error {
    var text: String
}
