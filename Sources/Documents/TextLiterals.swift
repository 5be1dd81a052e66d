internal import Bytes

/// Files written out in text: base64 in lines, in quotes, in pieces that a script joins, in `data:` addresses; hexadecimal
/// digits, also behind `\x`, `\u00`, `%` and `%u00`, and in dumps; octal escapes; lists of numbers of 8, 16 or 32 bits, calls
/// with such numbers (attack G1). Each long literal is decoded once, and kept when a file comes out.
struct TextLiterals {
    /// Characters of base64 or hexadecimal digits, and numbers of a list, from which on a literal is looked at.
    static let shortestText = 64
    static let shortestList = 32
    /// Characters of a piece that continues a literal behind quotes, signs of addition and blanks. Words of prose are
    /// mostly shorter.
    private static let shortestContinuation = 8

    /// Characters of a literal from which on it is handed on, whatever it is, when script makes files. Most sums and tokens
    /// have fewer.
    private static let shortestUnknown = 128

    /// Characters of a literal that script may make any file of, longer than most tokens; octets in numbers or escapes.
    private static let shortestMade = 256
    static let shortestMadeList = 128

    /// Characters of a literal from which on no words are looked for in it.
    static let longText = 4_096

    /// What was found.
    struct Result {
        /// A file came out.
        var hasFile = false
        /// Where long literals stand, in order: there are no words in them.
        var longLiterals: [Range<Int>] = []
        /// A `data:` address holds something that a page does not show, in its octets.
        var linksFile = false
        /// There is one that script may make any file of.
        var hasUnknown = false
        /// Texts that stand in numbers or behind escapes: script that page runs, or another page.
        var texts: [[UInt8]] = []
        /// Literals of which no file is known that they are.
        var unknown: [(range: Range<Int>, literal: Literal)] = []
        /// The same of words with escapes, and these words, resolved.
        var unknownInWords: [(range: Range<Int>, literal: Literal)] = []
        var words: [UInt8] = []
    }

    /// Hands on every file.
    /// - Parameters:
    ///   - signs: those of the text.
    ///   - isPage: it is HTML or an image, in which a link may hold a file.
    ///   - hasScript: the page has script, which may make a file of a literal.
    ///   - message: the text that the reader of S/MIME takes.
    static func read(
        _ bytes: Span<UInt8>, _ signs: TextSigns, ofPage isPage: Bool, withScript hasScript: Bool,
        besides message: Range<Int>?, _ extraction: Extraction
    ) -> Result {
        var result = Result()
        let role: DocumentRole = hasScript ? .literal : .quotedLiteral
        texts(bytes, isPage: isPage, besides: message, role, extraction, &result)
        let isProse = !isPage && Self.isProse(bytes)
        if isPage || !isProse && hasFoldedLines(bytes) { shortLines(bytes, ofPage: isPage, extraction, &result) }
        let escapeSigns = EscapeSigns(bytes, signs)
        if let words = EscapedText.resolved(bytes, escapeSigns, shortest: shortestText) {
            var inWords = Result()
            texts(words.span, isPage: isPage, besides: nil, role, extraction, &inWords)
            result.hasFile = result.hasFile || inWords.hasFile
            result.hasUnknown = result.hasUnknown || inWords.hasUnknown
            (result.unknownInWords, result.words) = (inWords.unknown, words)
            // Percent signs that are written by their numbers.
            escapedFiles(words.span, EscapeSigns(words.span, .all), ofPage: isPage, role, extraction, &result)
        }
        let known = lists(bytes, signs, role, extraction, &result)
        if !isProse { numberLists(bytes, besides: known, extraction, &result) }
        let escaped = escapedFiles(bytes, escapeSigns, ofPage: isPage, role, extraction, &result)
        escapes(bytes, escapeSigns, besides: escaped, role, extraction, &result)
        if isProse { return result }
        HexadecimalDump.read(bytes, limit: { extraction.room }) { octets in
            guard extraction.countItem() else { return false }
            result.hasFile = hand(octets, role, extraction) || result.hasFile
            return !extraction.isStopped
        }
        return result
    }

    /// Hands on texts that script of the page may run.
    static func handTexts(_ result: Result, _ extraction: Extraction) {
        for text in result.texts where extraction.countItem() {
            _ = hand(text, .quotedLiteral, extraction, isFile: true)
        }
    }

    static func hand(
        _ content: [UInt8], _ role: DocumentRole, _ extraction: Extraction, isFile: Bool = false
    ) -> Bool {
        extraction.charge(content.count)
        guard isFile || FileSignature.isFile(content.span) || FileSignature.isMarkup(content.span) else { return false }
        extraction.member(role, content.span)
        return true
    }

    // MARK: Base64 and hexadecimal

    struct Literal {
        var end: Int
        var characters = 0
        var isHexadecimal = true
        /// Written in the alphabet for addresses, or joined by signs of addition.
        var needsCleaning = false
        /// What a program has between pieces, in letters that base64 has as well.
        var gaps: [Range<Int>] = []
        /// Characters of the first piece.
        var firstPiece = 0
        /// There is another piece.
        var hasPieces: Bool { characters > firstPiece }

        /// The pieces alone; nil where there are no gaps.
        func joined(_ bytes: Span<UInt8>, from start: Int) -> [UInt8]? {
            let inner = gaps.filter { $0.lowerBound >= start && $0.upperBound < end }
            if inner.isEmpty { return nil }
            var text: [UInt8] = []
            var at = start
            for gap in inner + [end..<end] {
                bytes.extracting(at..<gap.lowerBound).withUnsafeBufferPointer { text.append(contentsOf: $0) }
                at = gap.upperBound
            }
            return text
        }
    }

    /// Base64 and hexadecimal digits.
    private static func texts(
        _ bytes: Span<UInt8>, isPage: Bool, besides message: Range<Int>?, _ usual: DocumentRole,
        _ extraction: Extraction, _ result: inout Result
    ) {
        let table = CharacterClasses.table
        let classes = table.span
        var at = 0
        while let found = longRun(bytes, classes, from: at), !extraction.isStopped {
            if let message, message.contains(found) {
                at = message.upperBound
                continue
            }
            var run = beforeSlashes(bytes, found, classes)
            // Hyphens of a comment are characters of base64, too.
            if bytes.hasBytes("<!--", at: run - 2) { run += 2 }
            let isAddress = isPage && bytes.hasBytes(";base64,", at: run - 8)
            let role = isAddress ? .literal : usual
            let literal = literal(bytes, run, classes)
            at = literal.end
            guard literal.characters >= shortestText else { continue }
            guard extraction.countItem() else { return }
            if literal.characters >= longText { result.longLiterals.append(run..<literal.end) }
            // A link saves what it has in itself, whatever that is.
            if isAddress, DataAddress.isFile(bytes, endingAt: run) {
                let plain = plainText(bytes, run..<literal.end, literal)
                let content = EncodedText.decodeBase64(plain.span, limit: extraction.room)
                result.hasFile = hand(content, role, extraction, isFile: true) || result.hasFile
                continue
            }
            // A short piece may come first; or a word of prose stand there.
            let first = before(bytes, run, classes)
            var whole = literal
            whole.needsCleaning = true
            if first < run, decode(bytes.extracting(first..<literal.end), whole, role, extraction) {
                result.hasFile = true
                continue
            }
            var isFile = decode(bytes, run, literal, role, extraction)
            if literal.hasPieces {
                isFile = pieces(bytes, run..<literal.end, literal, isFile: isFile, role, classes, extraction)
            }
            if isFile {
                result.hasFile = true
            } else if literal.characters >= shortestUnknown {
                result.unknown.append((run..<literal.end, literal))
                if literal.characters >= shortestMade { result.hasUnknown = true }
            }
        }
    }

    static func decode(
        _ bytes: Span<UInt8>, _ start: Int, _ literal: Literal, _ role: DocumentRole, _ extraction: Extraction
    ) -> Bool {
        if let text = literal.joined(bytes, from: start) { return decode(text.span, literal, role, extraction) }
        let text = bytes.extracting(start..<literal.end)
        return decode(text, literal, role, extraction) || decodeBehindPath(text, literal, role, extraction)
    }

    /// Where the next run of at least `Span.base64Run` characters of base64 begins: fewer are mostly words of prose.
    private static func longRun(_ bytes: Span<UInt8>, _ classes: Span<UInt8>, from start: Int) -> Int? {
        var at = start
        while let run = bytes.firstBase64Run(from: at) {
            // The search takes some signs for characters of base64.
            at = run + Span<UInt8>.base64Run
            while at > run, classes[Int(bytes[at - 1])] & CharacterClasses.base64.rawValue != 0 { at -= 1 }
            if at == run { return run }
        }
        return nil
    }

    /// Octets in front of a run in which slashes are looked for.
    static let slashedPrefix = 256

    /// Where the text begins whose first run is found behind slashes that are written `\/`, as JSON may write them.
    private static func beforeSlashes(_ bytes: Span<UInt8>, _ run: Int, _ classes: Span<UInt8>) -> Int {
        var at = run
        while at > 0, run - at < slashedPrefix {
            let isSlash = bytes[at - 1] == UInt8(ascii: "\\") && bytes[at] == UInt8(ascii: "/")
            guard isSlash || classes[Int(bytes[at - 1])] & CharacterClasses.base64.rawValue != 0 else { break }
            at -= 1
        }
        return at
    }

    /// Where a short piece before `run` begins, when nothing but a joint stands between.
    private static func before(_ bytes: Span<UInt8>, _ run: Int, _ classes: Span<UInt8>) -> Int {
        var at = run
        while at > 0, run - at < 64, classes[Int(bytes[at - 1])] & CharacterClasses.joint.rawValue != 0 { at -= 1 }
        let joint = at
        while at > 0, joint - at < Span<UInt8>.base64Run,
            classes[Int(bytes[at - 1])] & CharacterClasses.base64.rawValue != 0
        {
            at -= 1
        }
        return joint < run && at < joint ? at : run
    }

    static func literal(_ bytes: Span<UInt8>, _ start: Int, _ classes: Span<UInt8>) -> Literal {
        var literal = Literal(end: start)
        var at = start
        var isSection = false
        while true {
            let piece = at
            let joint = piece - literal.end
            // Sections are of any length.
            let isGap = literal.gaps.last?.upperBound == piece && !isSection
            var all = CharacterClasses.hexadecimal.rawValue
            var any: UInt8 = 0
            var signs = 0
            while at < bytes.count {
                let kind = classes[Int(bytes[at])]
                if kind & CharacterClasses.base64.rawValue == 0 {
                    guard bytes.hasBytes("\\/", at: at) else { break }
                    signs += 1
                    at += 1
                    continue
                }
                all &= kind
                any |= kind
                at += 1
            }
            // A word of prose or of a script behind digits is none of them.
            if all == 0, literal.isHexadecimal, literal.characters >= shortestText { return literal }
            if all == 0 { literal.isHexadecimal = false }
            if any & CharacterClasses.addressAlphabet.rawValue != 0 { literal.needsCleaning = true }
            let length = at - piece - signs
            // Words of prose are short; only the last piece of a literal may be, right behind the piece before.
            let isLast =
                at < bytes.count && bytes[at] == UInt8(ascii: "=")
                || (joint <= 3 || isGap || isSection) && literal.characters >= shortestText
            // Lines of a program are equally long, but for the last.
            if isGap, length > literal.firstPiece { return literal }
            if literal.characters == 0 { literal.firstPiece = length }
            guard length >= shortestContinuation || literal.characters == 0 || isLast else { return literal }
            literal.characters += length
            literal.end = at
            if bytes.hasBytes("-->", at: at - 2), length > 2 {
                literal.characters -= 2
                literal.end -= 2
                return literal
            }
            while at < bytes.count, at < literal.end + 2, bytes[at] == UInt8(ascii: "=") { at += 1 }
            if at > literal.end {
                literal.end = at
                return literal
            }
            guard length >= shortestContinuation else { return literal }
            isSection = passMarkup(bytes, &at, &literal)
            if !isSection {
                guard !passAffixes(bytes, start, &at, &literal, classes) else {
                    if length < literal.firstPiece { return literal }
                    continue
                }
                isSection = passJoint(bytes, &at, &literal, classes)
            }
            guard at < bytes.count, at > literal.end, classes[Int(bytes[at])] & CharacterClasses.base64.rawValue != 0
            else { return literal }
        }
    }

    /// Passes over what stands between two pieces: joints, line ends written out, the signs of a quoted line, and markup.
    /// - Returns: whether it was markup that cuts a text.
    private static func passJoint(
        _ bytes: Span<UInt8>, _ at: inout Int, _ literal: inout Literal, _ classes: Span<UInt8>
    ) -> Bool {
        var beginsLine = false
        while at < bytes.count, at < literal.end + 64 {
            if isLineEnd(bytes, at) {
                literal.needsCleaning = true
                beginsLine = true
                at += 2
                continue
            }
            let byte = bytes[at]
            if let end = endOfContinuation(bytes, at) {
                literal.gaps.append(literal.end..<end)
                at = end
                return false
            }
            if passMarkup(bytes, &at, &literal) { return true }
            let isQuote = beginsLine && byte == UInt8(ascii: ">")
            guard isQuote || classes[Int(byte)] & CharacterClasses.joint.rawValue != 0 else { return false }
            if byte == UInt8(ascii: "+") { literal.needsCleaning = true }
            beginsLine = isQuote || byte == 0x0A || byte == 0x0D || beginsLine && byte == 0x20
            at += 1
        }
        return false
    }

    /// Characters of a literal that stand for the octets by which a file is known, whether they are digits or base64.
    private static let headText = FileSignature.length * 2

    static func beginsFile(_ text: Span<UInt8>, _ literal: Literal) -> Bool {
        if literal.isHexadecimal {
            var collector = HexadecimalCollector()
            for index in 0..<min(text.count, headText) { collector.add(text[index]) }
            let octets = collector.finish()
            if FileSignature.isFile(octets.span) || FileSignature.isMarkup(octets.span) { return true }
        }
        return beginsFileInBase64(text)
    }

    private static func beginsFileInBase64(_ text: Span<UInt8>) -> Bool {
        let head = EncodedText.decodeBase64(
            text.extracting(text.range(0, headText)), limit: FileSignature.length)
        return FileSignature.isFile(head.span) || FileSignature.isMarkup(head.span)
            || FileSignature.mayBeImage(head.span) || ProgramHeader.wanted(head.span) != nil
    }

    /// `\n`, `\r` or `\t` as strings have it.
    static func isLineEnd(_ bytes: Span<UInt8>, _ at: Int) -> Bool {
        bytes[at] == UInt8(ascii: "\\") && at + 1 < bytes.count
            && [UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t")].contains(bytes[at + 1])
    }

    static func decode(
        _ text: Span<UInt8>, _ literal: Literal, _ role: DocumentRole, _ extraction: Extraction
    ) -> Bool {
        if literal.isHexadecimal {
            var collector = HexadecimalCollector()
            for index in 0..<text.count { collector.add(text[index]) }
            if hand(collector.finish(), role, extraction) { return true }
        }
        guard literal.needsCleaning else {
            guard beginsFileInBase64(text) else { return passOver(extraction) }
            return hand(EncodedText.decodeBase64(text, limit: extraction.room), role, extraction)
        }
        // Most literals are none, and this one is tried from many places: all of it is cleaned for a file only.
        let head = cleaned(text, limit: headText)
        guard beginsFileInBase64(head.span) else { return passOver(extraction) }
        let plain = cleaned(text)
        return hand(EncodedText.decodeBase64(plain.span, limit: extraction.room), role, extraction)
    }

    /// The first octets tell for most literals that nothing comes of it.
    private static func passOver(_ extraction: Extraction) -> Bool {
        extraction.charge(FileSignature.length)
        return false
    }

    /// The pieces of a literal alone, cleaned.
    static func plainText(_ bytes: Span<UInt8>, _ range: Range<Int>, _ literal: Literal) -> [UInt8] {
        guard let text = literal.joined(bytes, from: range.lowerBound) else { return cleaned(bytes.extracting(range)) }
        return cleaned(text.span)
    }

    /// In the usual alphabet, and without signs of addition and line ends written out between pieces.
    /// - Parameter limit: characters that are enough.
    static func cleaned(_ text: Span<UInt8>, limit: Int = .max) -> [UInt8] {
        let table = CharacterClasses.table
        let classes = table.span
        var plain: [UInt8] = []
        plain.reserveCapacity(min(text.count, limit))
        var isPassed = false
        for index in 0..<text.count {
            if plain.count == limit { break }
            if isPassed {
                isPassed = false
                continue
            }
            switch text[index] {
            case UInt8(ascii: "\\"): isPassed = isLineEnd(text, index)
            case UInt8(ascii: "-"): plain.append(UInt8(ascii: "+"))
            case UInt8(ascii: "_"): plain.append(UInt8(ascii: "/"))
            // Not the one at the end of a line, nor of two at the start of one: no language adds with two signs.
            case UInt8(ascii: "+")
            where index > 0 && index + 1 < text.count && text[index - 1] != UInt8(ascii: "+")
                && text[index + 1] != UInt8(ascii: "+")
                && classes[Int(text[index - 1])] & classes[Int(text[index + 1])] & CharacterClasses.joint.rawValue != 0:
                continue
            case let byte: plain.append(byte)
            }
        }
        return plain
    }
}
