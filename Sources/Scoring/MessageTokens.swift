internal import Bytes
package import MIME

extension TokenExtractor {
    /// Octets of a message's decoded parts.
    private static let decodedSize = 16 << 20

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
                add(part, content: buffer.span)
                _ = tree.appendDecodings(of: index, notes: result.notes)
            } else {
                add(part, content: [UInt8]().span)
            }
            index += 1
        }
        return finish()
    }

    /// Takes one part with its decoded content.
    package mutating func add(_ part: Part, content: Span<UInt8>) {
        if part.reading == 0 {
            add(
                part: part.mediaType, charset: part.charset, names: part.names,
                encoding: part.transferEncoding.rawValue, content: content)
        }
        guard part.mediaType.hasPrefix("text/"), content.count > 0 else { return }
        var text: [UInt8] = []
        _ = Charsets.decode(
            content, label: part.charset.isEmpty ? nil : Array(part.charset.utf8), into: &text, limit: 1 << 20)
        if part.mediaType == "text/html" {
            add(html: HTMLText.read(text.span), size: content.count)
        } else {
            add(text: HTMLText.normalised(text.span).span)
        }
    }
}
