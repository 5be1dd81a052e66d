internal import Bytes

/// How readers may turn the octets of HTML into letters, for those who look for what is in it.
package struct HTMLReadings: Sendable {
    /// What else is to be looked at, in UTF-8, where `<` and quotes may be parts of other characters, or not be seen in all of
    /// their places. It is not known then where in the octets they stand.
    package private(set) var others: [[UInt8]] = []
    /// The octets as they stand are one of the readings.
    package private(set) var asItStands = true
    /// `<` and quotes stand for themselves, to all readers.
    package private(set) var isPlain = true
    /// Nothing that is looked at tells what some readers see: a charset that is not known, half characters.
    package private(set) var isDoubtful = false
    /// There is more than the limit lets be looked at.
    package private(set) var isCut = false

    private let limit: Int

    /// Charsets in one text that are looked at.
    private static let mostLabels = 4

    /// - Parameters:
    ///   - content: decoded.
    ///   - read: the text as it was read from that.
    ///   - label: the charset that the part names; empty for none.
    ///   - others: charsets that it names besides.
    ///   - limit: octets of the text in each reading.
    package init(
        _ content: Span<UInt8>, _ read: TextContent, label: String, others: OtherCharsets = OtherCharsets(), limit: Int
    ) {
        self.limit = limit
        let isASCII = content.endOfASCII(from: 0) == content.count
        let hasEscapes = content.firstIndex(of: 0x1B) != nil
        // In EBCDIC all letters are beyond ASCII.
        if read.isCharsetUnknown { (isPlain, isDoubtful) = (false, !isASCII || hasEscapes) }
        if read.charset.hasTrailOctets {
            add(read.charset, content)
        } else if !read.charset.isASCIICompatible {
            // Readers that guess in another way, or not at all, see ASCII.
            asItStands = read.charset.hasShifts && (label.isEmpty || read.isCharsetUnknown)
            // What is no text of two octets a letter is ASCII to those who do not believe the label.
            let isNarrow = isASCII && content.firstIndex(of: 0) == nil
            if !read.charset.hasShifts, isNarrow { asItStands = true }
            add(read.charset, content)
        }
        // Escape sequences shift to other letters, whatever charset is declared.
        if hasEscapes {
            isPlain = false
            if let coding = CharsetSniffer.escaped(content), coding != read.charset { add(coding, content) }
        }
        if !others.labels.isEmpty { add(others, content, isLegible: isASCII && !hasEscapes) }
        guard label.isEmpty || read.isCharsetUnknown else { return }
        // Without a word in the header some readers believe the HTML, or UTF-7's own mark.
        if content.hasPrefix(ignoringCase: "+/v", from: 0) { add(.utf7, content) }
        for label in Self.labels(content) {
            guard let coding = CharsetCoding(label: label) else {
                isDoubtful = isDoubtful || !isASCII || hasEscapes
                continue
            }
            // A tag that names UTF-16 in ASCII does not stand in it.
            if coding.isASCIICompatible ? coding.hasTrailOctets : coding.hasShifts { add(coding, content) }
        }
    }

    /// - Parameter isLegible: the same in nearly every charset.
    private mutating func add(_ others: OtherCharsets, _ content: Span<UInt8>, isLegible: Bool) {
        asItStands = true
        isDoubtful = isDoubtful || others.areMore
        for label in others.labels {
            guard let coding = CharsetCoding(label: label.utf8) else {
                isDoubtful = isDoubtful || !isLegible
                continue
            }
            if !coding.isASCIICompatible || coding.hasTrailOctets { add(coding, content) }
        }
    }

    private mutating func add(_ coding: CharsetCoding, _ content: Span<UInt8>) {
        var text: [UInt8] = []
        let result = Charsets.decode(content, as: coding, into: &text, limit: limit)
        isCut = isCut || result.limitReached
        // Half a character takes the quote behind it along in some readers.
        if coding.hasTrailOctets || coding.hasShifts, result.replacements > 0 { isDoubtful = true }
        // Where nothing is half, octets of ASCII are letters of ASCII.
        if coding.isASCIICompatible, asItStands { return }
        isPlain = false
        others.append(text)
    }

    /// Charsets that the HTML itself names, each once.
    private static func labels(_ html: Span<UInt8>) -> [[UInt8]] {
        var tokenizer = HTMLTokenizer(attributeLimit: 32)
        let (meta, name, content) = (HTMLName("meta"), HTMLName("charset"), HTMLName("content"))
        var labels: [[UInt8]] = []
        while labels.count < mostLabels, let token = tokenizer.next(html) {
            guard token == .startTag, tokenizer.name == meta else { continue }
            for attribute in tokenizer.attributes {
                let value = HTMLAddress.plain(html, attribute.value).map(asciiLower)
                var label = attribute.name == name ? value : []
                if attribute.name == content, let place = value.span.firstIndex(of: "charset=") {
                    label = Array(value[(place + 8)...].prefix { $0 != 0x3B })
                }
                label.removeAll { $0 == 0x22 || $0 == 0x27 }
                if !label.isEmpty, !labels.contains(label) { labels.append(label) }
            }
        }
        return labels
    }
}
