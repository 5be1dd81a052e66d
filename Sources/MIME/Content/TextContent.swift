internal import Bytes
package import MailModel

/// The text of a part as people read it: UTF-8, and of HTML what is shown, what is not, and the links.
package struct TextContent: Sendable {
    /// The text in UTF-8; for HTML its source; for calendars and visiting cards as it stands, and behind that their lines without
    /// folds and escapes.
    package var text: [UInt8]
    /// What the HTML shows and hides; nil for other text.
    package var html: HTMLContent?
    /// The text as readers show it that put together its lines (`FlowedText`); empty for any other.
    package var flowed: [UInt8] = []
    /// The charset that was used.
    package var charset: CharsetCoding
    /// The part names a charset that is not known; `charset` is what it looks like.
    package var isCharsetUnknown: Bool
    /// What was odd about it.
    package var anomalies: [AnomalyKind]
    /// The limit cut it: there is more.
    package var limitReached: Bool

    /// True when a part of this type is text to people. The type alone decides, never a name.
    package static func isText(_ mediaType: String) -> Bool {
        mediaType.hasPrefix("text/") || isHTML(mediaType)
    }

    /// The letters and digits of what people read, in lower case: the same however lines are broken, quoted and marked up.
    package var letters: [UInt8] {
        let shown = html?.visible ?? text
        return Self.letters(shown.span)
    }

    /// The letters and digits of a text in UTF-8, those of ASCII in lower case, all others as they are. Quotation marks and
    /// dashes of any form are none: programs write them anew.
    package static func letters(_ text: Span<UInt8>) -> [UInt8] {
        var out: [UInt8] = []
        let text = HTMLText.normalised(text)
        var index = 0
        while index < text.count {
            let byte = text[index]
            switch byte {
            case 0x30...0x39, 0x61...0x7A: out.append(byte)
            case 0x41...0x5A: out.append(byte | 0x20)
            case ..<0x80: break
            // U+0080 to U+00BF.
            case 0xC2: index += 1
            // U+2000 to U+207F.
            case 0xE2 where index + 1 < text.count && (text[index + 1] == 0x80 || text[index + 1] == 0x81): index += 2
            default: out.append(byte)
            }
            index += 1
        }
        return out
    }

    /// What the octets of the content are, for texts that are to be put behind them.
    /// - Parameter content: what the text was read from.
    package func alphabet(of content: Span<UInt8>) -> TextEnd.Letters {
        // In one that is not known any octet may stand for anything, as in those of seven bits (`DIN_66003`, IMAP's UTF-7).
        if isCharsetUnknown { return .foreign }
        return switch charset {
        case .utf16LE, .utf16BE, .utf32LE, .utf32BE, .utf7, .hz, .iso2022JP, .iso2022KR, .iso2022CN: .foreign
        default:
            if content.endOfASCII(from: 0) == content.count {
                .ascii
            } else {
                charset == .utf8 ? .utf8 : .octets
            }
        }
    }

    private static func isHTML(_ mediaType: String) -> Bool {
        ShownHTML.isHTML(mediaType) || mediaType == "application/xhtml+xml"
    }

    /// Reads the decoded content of a part. Linear; any bytes give a text.
    /// - Parameters:
    ///   - mediaType: of the part, in lower case.
    ///   - charset: its `charset` parameter; empty when absent.
    ///   - limit: octets of the text as it stands.
    ///   - deletesSpaces: the part's type says that soft line ends leave no blank.
    package static func read(
        _ content: Span<UInt8>, mediaType: String, charset: String, limit: Int, deletesSpaces: Bool = false
    ) -> TextContent {
        var text: [UInt8] = []
        let label = charset.isEmpty ? nil : Array(charset.utf8)
        let result = Charsets.decode(content, label: label, into: &text, limit: limit)
        var read = TextContent(
            text: text, html: nil, charset: result.coding, isCharsetUnknown: result.isLabelUnknown, anomalies: [],
            limitReached: result.limitReached)
        if result.isLabelUnknown, !isPlainASCII(content, result) { read.anomalies.append(.unknownCharset) }
        if result.replacements > 0 { read.anomalies.append(.undecodableText) }
        if deletesSpaces { read.flowed = FlowedText.joined(text.span) }
        // HTML that begins so is shown as HTML.
        if !isHTML(mediaType), ContentLines.areIn(text.span) {
            // Readers that do not know the type, and all of them in plain text, show the lines as they stand.
            read.text += [0x0A] + ContentLines.unfolded(text.span)
            return read
        }
        guard isHTML(mediaType) || HTMLBeginning.isPage(text.span) else { return read }
        var limits = HTMLLimits()
        limits.textSize = limit
        let html = HTMLText.read(text.span, limits: limits)
        if !html.hidden.isEmpty { read.anomalies.append(.hiddenText) }
        if html.notes.contains(.hidesWithinWord) { read.anomalies.append(.textHiddenInWord) }
        if html.notes.contains(.endsInMarkup), !result.limitReached { read.anomalies.append(.unfinishedMarkup) }
        if html.notes.contains(.limitReached) || html.notes.contains(.tooDeep) { read.limitReached = true }
        read.html = html
        return read
    }

    /// ASCII without escapes, which is the same in nearly every charset.
    private static func isPlainASCII(_ content: Span<UInt8>, _ result: Charsets.Result) -> Bool {
        result.coding == .utf8 && content.endOfASCII(from: 0) == content.count
    }
}
