internal import Bytes

/// Base64 in lines so short that they look like words, where lines may be folded anywhere: iCalendar and vCard (RFC 5545 section
/// 3.1), XML and property lists, addresses in pages (attack G1).
extension TextLiterals {
    /// Characters of base64, and blanks between them, from which on a text is looked at.
    private static let shortestFolded = shortestText + shortestText / Span<UInt8>.base64Run
    /// Words behind which nothing can be missed: the last line, and a name in the next one.
    private static let lastWords = 2

    /// XML, iCalendar or vCard begins here, behind a mark and blanks.
    static func hasFoldedLines(_ bytes: Span<UInt8>) -> Bool {
        let at = beginning(of: bytes)
        return bytes.hasBytes("<", at: at) || bytes.hasPrefix(ignoringCase: "begin:v", from: at)
    }

    /// Behind a mark and blanks.
    private static func beginning(of bytes: Span<UInt8>) -> Int {
        var at = bytes.hasBytes("\u{FEFF}", at: 0) ? 3 : 0
        while at < bytes.count, bytes[at] <= 0x20 { at += 1 }
        return at
    }

    /// Elements around the texts of office documents: words with blanks between them are words of people there, and most of what
    /// there is. Files stand in elements of other documents (flat ones, invoices, property lists).
    private static let roots: [StaticString] = [
        "w:document", "worksheet", "sst", "p:sld", "office:document-content",
    ]
    /// Octets in which an element has to begin, behind the declaration.
    private static let prologue = 1024

    /// The text of an office document: neither folded lines nor lists of numbers nor dumps are in it that a program reads.
    static func isProse(_ bytes: Span<UInt8>) -> Bool {
        let start = beginning(of: bytes)
        guard bytes.hasBytes("<", at: start) else { return false }
        let head = bytes.extracting(start..<min(bytes.count, start + prologue))
        var at = 0
        while let tag = head.firstIndex(of: UInt8(ascii: "<"), from: at) {
            at = tag + 1
            guard at < head.count, head[at] != UInt8(ascii: "?"), head[at] != UInt8(ascii: "!") else { continue }
            return roots.contains { root in
                let end = at + root.utf8CodeUnitCount
                return end < head.count && head.hasBytes(root, at: at)
                    && (head[end] <= 0x20 || head[end] == UInt8(ascii: ">"))
            }
        }
        return false
    }

    /// - Parameter isPage: a link may hold a file, whatever that is.
    static func shortLines(
        _ bytes: Span<UInt8>, ofPage isPage: Bool, _ extraction: Extraction, _ result: inout Result
    ) {
        let table = CharacterClasses.table
        let classes = table.span
        var at = 0
        while let start = folded(bytes, classes, from: at), !extraction.isStopped {
            let text = FoldedText(bytes, classes, from: start)
            at = text.end
            guard text.characters >= shortestText, text.shortWords > lastWords else { continue }
            let isAddress = isPage && bytes.hasBytes(";base64,", at: start - 8)
            let isLink = isAddress && DataAddress.isFile(bytes, endingAt: start)
            guard isLink || mayBegin(text.head.span, 0..<text.head.count), extraction.countItem() else { continue }
            let plain = text.plain(bytes, classes)
            if isLink {
                let content = EncodedText.decodeBase64(plain.span, limit: extraction.room)
                result.hasFile = hand(content, .literal, extraction, isFile: true) || result.hasFile
                continue
            }
            let literal = Literal(end: plain.count, isHexadecimal: false)
            if decode(plain.span, literal, isAddress ? .literal : .quotedLiteral, extraction) { result.hasFile = true }
        }
    }

    /// Where the next `shortestFolded` octets in a row begin of which each is of base64 or a blank. Each octet that is neither
    /// lets all in front of it be passed over.
    private static func folded(_ bytes: Span<UInt8>, _ classes: Span<UInt8>, from start: Int) -> Int? {
        let either = CharacterClasses.base64.rawValue | CharacterClasses.blank.rawValue
        var start = start
        while start + shortestFolded <= bytes.count {
            var at = start + shortestFolded - 1
            while at >= start, classes[Int(bytes[at])] & either != 0 { at -= 1 }
            if at < start { return start }
            start = at + 1
        }
        return nil
    }
}

/// A text of words of base64 with blanks between them.
private struct FoldedText {
    /// The first character.
    private(set) var start: Int
    /// Behind the last.
    private(set) var end: Int
    private(set) var characters = 0
    /// Words shorter than what is found by itself.
    private(set) var shortWords = 0
    /// The first characters.
    private(set) var head: [UInt8] = []

    init(_ bytes: Span<UInt8>, _ classes: Span<UInt8>, from start: Int) {
        let (base64, blank) = (CharacterClasses.base64.rawValue, CharacterClasses.blank.rawValue)
        var at = start
        while at < bytes.count, classes[Int(bytes[at])] & blank != 0 { at += 1 }
        self.start = at
        end = at
        while at < bytes.count {
            let word = at
            while at < bytes.count, classes[Int(bytes[at])] & base64 != 0 { at += 1 }
            for place in word..<at where head.count < 4 { head.append(bytes[place]) }
            characters += at - word
            if at - word < Span<UInt8>.base64Run { shortWords += 1 }
            end = at
            while at < bytes.count, classes[Int(bytes[at])] & blank != 0 { at += 1 }
            guard at > end, at < bytes.count, classes[Int(bytes[at])] & base64 != 0 else { break }
        }
        // What follows is no blank and no base64, or the end.
        end = max(at, start + 1)
    }

    /// Without the blanks, in the usual alphabet.
    func plain(_ bytes: Span<UInt8>, _ classes: Span<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(characters)
        for at in start..<end where classes[Int(bytes[at])] & CharacterClasses.base64.rawValue != 0 {
            switch bytes[at] {
            case UInt8(ascii: "-"): text.append(UInt8(ascii: "+"))
            case UInt8(ascii: "_"): text.append(UInt8(ascii: "/"))
            case let byte: text.append(byte)
            }
        }
        return text
    }
}
