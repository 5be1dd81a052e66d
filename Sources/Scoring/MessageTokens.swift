internal import Bytes
package import MIME

extension TokenExtractor {
    /// Octets of a message's decoded parts.
    private static let decodedSize = 16 << 20
    /// Octets of one part's text.
    package static let partTextSize = 1 << 20

    /// The tokens of one whole message: what the inspector does part by part while it does other things.
    package mutating func tokens(of message: Span<UInt8>) -> TokenSet {
        var tree = MIMEReader.read(message)
        tree.withHeader(of: 0, in: message) { add(header: $0) }
        var buffer: [UInt8] = []
        var left = Self.decodedSize
        var index = 0
        while index < tree.parts.count {
            let part = tree.parts[index]
            if part.kind.hasContent {
                buffer.removeAll(keepingCapacity: true)
                let result = tree.decodeBody(of: index, in: message, into: &buffer, limit: left)
                left -= buffer.count
                add(part, content: buffer.span, isAlternative: Self.hasAlternative(index, in: tree.parts))
                _ = tree.appendDecodings(of: index, notes: result.notes)
            } else {
                add(part, content: [UInt8]().span, isAlternative: false)
            }
            index += 1
        }
        return finish()
    }

    /// True for a plain text behind which stands what mail readers show in place of it (RFC 2046 section 5.1.4).
    package static func hasAlternative(_ index: Int, in parts: [Part]) -> Bool {
        let part = parts[index]
        return part.mediaType == "text/plain" && part.nextSibling >= 0 && part.parent >= 0
            && parts[Int(part.parent)].mediaType == "multipart/alternative"
    }

    /// Takes one part with its decoded content.
    private mutating func add(_ part: Part, content: Span<UInt8>, isAlternative: Bool) {
        addFacts(of: part, content: content)
        guard TextContent.isText(part.mediaType), content.count > 0 else { return }
        add(
            TextContent.read(content, mediaType: part.mediaType, charset: part.charset, limit: Self.partTextSize),
            size: content.count, isAlternative: isAlternative)
    }

    /// Takes what a part is. In other readings the same part comes again: its text may differ, what it is does not.
    package mutating func addFacts(of part: Part, content: Span<UInt8>) {
        guard part.reading == 0 else { return }
        add(
            part: part.mediaType, charset: part.charset, names: part.names, encoding: part.transferEncoding.rawValue,
            content: content)
    }

    /// Takes the text of a part as people read it.
    /// - Parameters:
    ///   - size: octets of its content.
    ///   - isAlternative: see `hasAlternative`.
    package mutating func add(_ text: TextContent, size: Int, isAlternative: Bool) {
        if let html = text.html {
            add(html: html, size: size)
            if let plain = alternative.take() { add(alternative: plain.span) }
        } else if isAlternative, alternative == nil {
            alternative = HTMLText.normalised(text.text.span)
        } else {
            add(text: HTMLText.normalised(text.text.span).span)
        }
    }
}
