internal import Bytes

/// Text of any kind: HTML, script, XML, plain. Files that are written out in it are taken out; script that hands a file to
/// the reader is told.
enum TextDocument {
    /// Octets that are looked at to tell text from anything else.
    private static let prefix = 4_096

    /// Octets without which nothing can be written out.
    private static let smallest = 16

    static func matches(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.count >= smallest else { return false }
        if WideText.coding(bytes) != nil { return true }
        return bytes.extracting(bytes.range(0, prefix)).firstIndex(of: 0) == nil
    }

    /// A page begins somewhere: browsers pass over NULs and whatever else stands in front of it, such as the header of an image,
    /// in a file whose name says that it is one.
    static func hasPage(_ bytes: Span<UInt8>, namedPage: NamedPage?) -> Bool {
        ScriptWords.firstRoot(of: bytes, namedPage: namedPage) != nil
    }

    static func read(_ bytes: Span<UInt8>, _ extraction: Extraction) {
        // Signed content was handed on as it was signed; in its message the headers of its pieces stand between.
        if let rest = CryptographicMessage.outsideOfContent(bytes) {
            readText(rest.span, .all, besides: nil, extraction)
            return
        }
        guard WideText.coding(bytes) == nil else {
            // The reader of S/MIME finds no labels in UTF-16.
            WideText.read(bytes, extraction) { readText($0, .all, besides: nil, extraction) }
            return
        }
        let signs = extraction.options.signs
        readText(bytes, signs, besides: CryptographicMessage.message(in: bytes, signs), extraction)
    }

    /// - Parameters:
    ///   - signs: those of the text.
    ///   - message: the text that the reader of S/MIME takes.
    private static func readText(
        _ text: Span<UInt8>, _ signs: TextSigns, besides message: Range<Int>?, _ extraction: Extraction
    ) {
        if signs.contains(.bar) { CellFormula.read(text, extraction) }
        let namedPage = extraction.options.namedPage
        let root = ScriptWords.firstRoot(of: text, namedPage: namedPage)
        let page = root.map { ScriptWords(text, root: $0, namedPage: namedPage) }
        let literals = TextLiterals.read(
            text, signs, ofPage: page != nil, withScript: page?.hasScript == true, besides: message, extraction)
        // Words are looked for where a page or an image begins, or where something is written out that they could use.
        guard page != nil || literals.hasFile || !literals.longLiterals.isEmpty else { return }
        var words = page ?? ScriptWords(text, root: nil, namedPage: namedPage)
        // A link to a file in its own text is saved without script, too.
        guard words.hasScript || words.isVectorImage || text.firstIndex(of: ";base64,") != nil else { return }
        var at = 0
        for literal in literals.longLiterals {
            words.look(at: text, at..<literal.lowerBound)
            at = literal.upperBound
        }
        words.look(at: text, at..<text.count)
        // Script in numbers or behind escapes is script as well.
        for script in literals.texts { words.look(at: script.span, 0..<script.count) }
        if words.hasScript { TextLiterals.handTexts(literals, extraction) }
        if words.hasScript, words.offersFile || words.decodes { TextLiterals.handUnknown(text, literals, extraction) }
        let isMade =
            words.offersFile && (literals.hasFile || words.decodes)
            || words.makesFile && (literals.hasUnknown || Self.hasLongString(text))
        if words.hasScript, isMade { extraction.fact(.htmlSmuggling) }
        if words.linksFile, words.hasScript || words.offersFile { extraction.fact(.htmlSmuggling) }
        if words.isVectorImage, words.hasScript || words.hasHandler { extraction.fact(.svgScript) }
    }

    /// Characters of a string, without blanks, from which on script may make a file of it, whatever its coding (base85).
    private static let longString = 256

    /// There is such a string in quotes that is no address.
    private static func hasLongString(_ text: Span<UInt8>) -> Bool {
        // Each run of characters once.
        var at = 0
        while at < text.count {
            let start = at
            while at < text.count, text[at] > 0x20, text[at] != 0x22, text[at] != 0x27, text[at] != 0x60 { at += 1 }
            if at - start >= longString, start > 0, at < text.count, text[start - 1] == text[at],
                !text.hasPrefix(ignoringCase: "http", from: start)
            {
                return true
            }
            at += 1
        }
        return false
    }
}

/// Words of HTML and script that together make a file of text.
private struct ScriptWords {
    private(set) var hasScript = false
    /// An attribute that runs script.
    private(set) var hasHandler = false
    /// A file is made or offered for saving.
    private(set) var offersFile = false
    /// The same by words that only script has: prose offers downloads as well.
    private(set) var makesFile = false
    /// A `data:` URL (RFC 2397) in base64 of something that a page does not show.
    private(set) var linksFile = false
    /// Text is made into octets.
    private(set) var decodes = false
    private(set) var isVectorImage = false

    /// Octets in which the first tag of a page has to begin, and those in which an image may, other tags in front of it or not.
    /// Octets that are NUL or blank do not count at the start: browsers pass over any number of them. In what is called a page
    /// it may begin anywhere.
    private static let prefixOfPage = 65_536
    private static let prefixOfImage = 4_096

    /// The place of the first tag of HTML or an image.
    static func firstRoot(of text: Span<UInt8>, namedPage: NamedPage?) -> Int? {
        let start = firstShown(of: text)
        let head = text.extracting(0..<(namedPage == nil ? min(text.count, start + prefixOfPage) : text.count))
        return roots.firstPlace(in: head, from: start)
    }

    /// The first octet that is neither NUL nor a blank.
    private static func firstShown(of text: Span<UInt8>) -> Int {
        var at = text.leadingNULs
        while at < text.count, text[at] == 0 || text[at] == 0x20 || 9...13 ~= text[at] { at += 1 }
        return at
    }

    private static let roots = SequenceSet(words: [
        "<html", "<!doctype", "<head", "<body", "<script", "<svg", "<meta", "<div", "<img",
    ])

    /// Whether there is script at all, or an image that could have some: in one pass over letters that are rare.
    /// - Parameter root: the place of the first tag of a page: an image begins with it, or near the start.
    init(_ text: Span<UInt8>, root: Int?, namedPage: NamedPage?) {
        let endOfImage =
            namedPage == .vectorImage
            ? text.count
            : max(Self.firstShown(of: text) + Self.prefixOfImage, root.map { $0 + "<svg".utf8.count } ?? 0)
        let letters = Self.letters
        let isRare = letters.span
        for index in 0..<text.count where isRare[Int(text[index])] {
            if text[index] | 0x20 == UInt8(ascii: "p") {
                guard !hasScript, text.hasPrefix(ignoringCase: "script", from: index - 4) else { continue }
                // `<script`, with any prefix, or `javascript:`.
                hasScript = Self.isElement(text, index - 4..<index + 2) || text.hasBytes(":", at: index + 2)
            } else if index < endOfImage, !isVectorImage, text.hasPrefix(ignoringCase: "svg", from: index - 1) {
                isVectorImage = Self.isElement(text, index - 1..<index + 2)
            }
        }
    }

    /// Octets of a prefix that are passed over.
    private static let longestPrefix = 1_024

    /// The range is the whole name of an element behind `<` and any prefix. OpenDocument uses names of SVG as prefixes of
    /// elements and attributes, and declares them in each file.
    private static func isElement(_ text: Span<UInt8>, _ name: Range<Int>) -> Bool {
        if name.upperBound < text.count {
            let next = text[name.upperBound]
            guard next <= 0x20 || next == UInt8(ascii: "/") || next == UInt8(ascii: ">") else { return false }
        }
        var at = name.lowerBound - 1
        guard at >= 0 else { return false }
        if text[at] == UInt8(ascii: ":") {
            at -= 1
            let first = max(0, at - longestPrefix)
            while at > first, text[at] > 0x20, !endsPrefix.contains(text[at]) { at -= 1 }
        }
        return at >= 0 && text[at] == UInt8(ascii: "<")
    }

    /// What no prefix has.
    private static let endsPrefix: [UInt8] = Array("<>=\"'/&".utf8)

    /// `p` and `v`.
    private static let letters: [Bool] = (0..<256).map { $0 | 0x20 == 0x70 || $0 | 0x20 == 0x76 }

    /// One pass: each word begins with one of a few letters.
    mutating func look(at text: Span<UInt8>, _ range: Range<Int>) {
        for index in range {
            switch text[index] {
            case UInt8(ascii: "B"), UInt8(ascii: "b"):
                if text.hasPrefix(ignoringCase: "blob(", from: index) { (offersFile, makesFile) = (true, true) }
            case UInt8(ascii: "m"), UInt8(ascii: "M"):
                if text.hasPrefix(ignoringCase: "mssave", from: index) { (offersFile, makesFile) = (true, true) }
            case UInt8(ascii: "c"), UInt8(ascii: "C"):
                if text.hasPrefix(ignoringCase: "createobjecturl", from: index)
                    || text.hasPrefix(ignoringCase: "createwritable", from: index)
                {
                    (offersFile, makesFile) = (true, true)
                }
            case UInt8(ascii: "d"), UInt8(ascii: "D"):
                if text.hasPrefix(ignoringCase: "download", from: index) {
                    offersFile = true
                    if Self.isProperty(text, index, "download".utf8.count) { makesFile = true }
                }
                if text.hasPrefix(ignoringCase: "dataview(", from: index) { decodes = true }
                // Behind `readAs`.
                if text.hasPrefix(ignoringCase: "dataurl(", from: index) { (offersFile, makesFile) = (true, true) }
                if text.hasPrefix(ignoringCase: "data:", from: index), DataAddress.isFile(text, at: index + 5) {
                    linksFile = true
                }
            case UInt8(ascii: "a"), UInt8(ascii: "A"):
                if text.hasPrefix(ignoringCase: "atob", from: index) { decodes = true }
            case UInt8(ascii: "f"), UInt8(ascii: "F"):
                if text.hasPrefix(ignoringCase: "fromcharcode", from: index)
                    || text.hasPrefix(ignoringCase: "float64array", from: index)
                    || text.hasPrefix(ignoringCase: "float32array", from: index)
                {
                    decodes = true
                }
                if text.hasPrefix(ignoringCase: "filepicker(", from: index)
                    || text.hasPrefix(ignoringCase: "file(", from: index) && index > 3
                        && text.hasPrefix(ignoringCase: "new ", from: index - 4)
                {
                    (offersFile, makesFile) = (true, true)
                }
            case UInt8(ascii: "u"), UInt8(ascii: "U"):
                if text.hasPrefix(ignoringCase: "uint", from: index),
                    Self.arrays.contains(where: { text.hasPrefix(ignoringCase: $0, from: index + 4) })
                {
                    decodes = true
                }
            case UInt8(ascii: "o"), UInt8(ascii: "O"): handler(text, index)
            default: break
            }
        }
    }

    /// Arrays of octets, and of what they are put together to.
    private static let arrays: [StaticString] = ["8array", "16array", "32array"]

    /// Script sets what is named at a place: `a.download =`, `a.setAttribute("download"`.
    private static func isProperty(_ text: Span<UInt8>, _ index: Int, _ count: Int) -> Bool {
        guard index > 1 else { return false }
        if text[index - 1] == UInt8(ascii: ".") {
            var at = index + count
            while at < text.count, text[at] <= 0x20 { at += 1 }
            return at < text.count && text[at] == UInt8(ascii: "=")
        }
        return text[index - 2] == UInt8(ascii: "(") && (text[index - 1] == 0x22 || text[index - 1] == 0x27)
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
