internal import Bytes
internal import MIME

/// Text of any kind: HTML, script, XML, plain. Files that are written out in it are taken out; script that hands a file to
/// the reader is told.
enum TextDocument {
    /// Octets that are looked at to tell text from anything else.
    private static let prefix = 4_096

    static func matches(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.count >= 64 else { return false }
        if wide(bytes) != nil { return true }
        return bytes.extracting(bytes.range(0, prefix)).firstIndex(of: 0) == nil
    }

    static func read(_ bytes: Span<UInt8>, _ extraction: Extraction) {
        guard let coding = wide(bytes) else {
            readText(bytes, extraction)
            return
        }
        var text: [UInt8] = []
        _ = Charsets.decode(bytes, as: coding, into: &text, limit: extraction.room)
        extraction.charge(text.count)
        readText(text.span, extraction)
    }

    /// UTF-16, as its mark says, and no other binary that begins so.
    private static func wide(_ bytes: Span<UInt8>) -> CharsetCoding? {
        guard bytes.count >= 4, bytes[2] != 0 || bytes[3] != 0 else { return nil }
        if bytes[0] == 0xFF, bytes[1] == 0xFE { return .utf16LE }
        return bytes[0] == 0xFE && bytes[1] == 0xFF ? .utf16BE : nil
    }

    private static func readText(_ text: Span<UInt8>, _ extraction: Extraction) {
        let literals = TextLiterals.read(text, extraction)
        var words = ScriptWords()
        var at = 0
        for literal in literals.longLiterals {
            words.look(at: text, at..<literal.lowerBound)
            at = literal.upperBound
        }
        words.look(at: text, at..<text.count)
        if words.hasScript, words.offersFile, literals.hasFile || words.decodes { extraction.fact(.htmlSmuggling) }
        if words.isVectorImage, words.hasScript || words.hasHandler { extraction.fact(.svgScript) }
    }
}

/// Words of HTML and script that together make a file of text.
private struct ScriptWords {
    private(set) var hasScript = false
    /// An attribute that runs script.
    private(set) var hasHandler = false
    /// A file is made or offered for saving.
    private(set) var offersFile = false
    /// Text is made into octets.
    private(set) var decodes = false
    private(set) var isVectorImage = false

    private static let longestRoot = 4_096

    /// One pass: each word begins with one of a few letters.
    mutating func look(at text: Span<UInt8>, _ range: Range<Int>) {
        for index in range {
            switch text[index] {
            case UInt8(ascii: "<"): tag(text, index)
            case UInt8(ascii: "B"), UInt8(ascii: "b"):
                if text.hasPrefix(ignoringCase: "blob(", from: index) { offersFile = true }
            case UInt8(ascii: "m"), UInt8(ascii: "M"):
                if text.hasPrefix(ignoringCase: "mssave", from: index) { offersFile = true }
            case UInt8(ascii: "c"), UInt8(ascii: "C"):
                if text.hasPrefix(ignoringCase: "createobjecturl", from: index) { offersFile = true }
            case UInt8(ascii: "d"), UInt8(ascii: "D"):
                if text.hasPrefix(ignoringCase: "download", from: index) { offersFile = true }
            case UInt8(ascii: "a"), UInt8(ascii: "A"):
                if text.hasPrefix(ignoringCase: "atob", from: index) { decodes = true }
            case UInt8(ascii: "f"), UInt8(ascii: "F"):
                if text.hasPrefix(ignoringCase: "fromcharcode", from: index) { decodes = true }
            case UInt8(ascii: "u"), UInt8(ascii: "U"):
                if text.hasPrefix(ignoringCase: "uint8array", from: index) { decodes = true }
            case UInt8(ascii: "j"), UInt8(ascii: "J"):
                if text.hasPrefix(ignoringCase: "javascript:", from: index) { hasScript = true }
            case UInt8(ascii: "o"), UInt8(ascii: "O"): handler(text, index)
            default: break
            }
        }
    }

    private mutating func tag(_ text: Span<UInt8>, _ index: Int) {
        if text.hasPrefix(ignoringCase: "<script", from: index) { hasScript = true }
        if index < Self.longestRoot, text.hasPrefix(ignoringCase: "<svg", from: index) { isVectorImage = true }
        // A prefix for the name space of images.
        if index < Self.longestRoot, text.hasPrefix(ignoringCase: "<svg:svg", from: index) { isVectorImage = true }
    }

    /// ` onload=`, with blanks before the sign.
    private mutating func handler(_ text: Span<UInt8>, _ index: Int) {
        guard index > 0, text[index - 1] <= 0x20 || text[index - 1] == UInt8(ascii: "/") || text[index - 1] == 0x22,
            text.hasPrefix(ignoringCase: "on", from: index)
        else { return }
        var at = index + 2
        while at < text.count, at < index + 24, text[at] | 0x20 >= 0x61, text[at] | 0x20 <= 0x7A { at += 1 }
        guard at > index + 4 else { return }
        while at < text.count, at < index + 32, text[at] <= 0x20 { at += 1 }
        if at < text.count, text[at] == UInt8(ascii: "=") { hasHandler = true }
    }
}
