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
        let unshown = UnshownParts(tree, message)
        var index = 0
        while index < tree.parts.count {
            let part = tree.parts[index]
            if part.kind.hasContent {
                buffer.removeAll(keepingCapacity: true)
                let result = tree.decodeBody(of: index, in: message, into: &buffer, limit: left)
                left -= buffer.count
                add(part, content: buffer.span, isShown: !unshown.contains(index, in: tree.parts))
                _ = tree.appendDecodings(of: index, notes: result.notes)
            } else {
                add(part, content: [UInt8]().span, isShown: true)
            }
            index += 1
        }
        return finish()
    }

    /// Takes one part with its decoded content.
    private mutating func add(_ part: Part, content: Span<UInt8>, isShown: Bool) {
        addFacts(of: part, content: content)
        guard TextContent.isText(part.mediaType), content.count > 0 else { return }
        add(
            TextContent.read(content, mediaType: part.mediaType, charset: part.charset, limit: Self.partTextSize),
            size: content.count, isShown: isShown)
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
    ///   - isShown: false for text in whose place another is shown.
    package mutating func add(_ text: TextContent, size: Int, isShown: Bool) {
        if let html = text.html {
            add(html: html, size: size, isShown: isShown)
        } else {
            add(seen: HTMLText.normalised(text.text.span), isShown: isShown)
        }
    }

    /// Takes words that a person sees, or would see in a part that is not shown.
    mutating func add(seen text: [UInt8], isShown: Bool) {
        if isShown {
            add(text: text.span)
        } else {
            // What is behind the limit is not read: there are as many words before it as count.
            unshown += text.prefix(Self.hiddenSize - min(unshown.count, Self.hiddenSize))
            unshown.append(0x0A)
        }
    }
}
