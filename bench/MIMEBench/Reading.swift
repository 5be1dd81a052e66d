internal import MIME

/// What is done with a message, as the inspector does it: the buffers are kept from message to message.
struct Reading {
    /// Octets of all bodies of one message that are decoded (the gateway's `limits.decoded_size` is about this).
    private static let budget = 512 << 20

    private var buffer: [UInt8] = []
    private var text: [UInt8] = []
    /// Keeps the compiler from leaving out what nobody looks at.
    private(set) var seen = 0
    /// Odd forms that were met.
    private(set) var anomalies = 0
    /// Names of the limits that were reached.
    private(set) var limits: Set<String> = []

    /// Structure, every reading, every body decoded in every way that its bytes admit.
    mutating func decode(_ message: Span<UInt8>, limits: MIMELimits) {
        walk(message, limits, readsContent: false)
    }

    /// The same, the files in text, text to UTF-8, HTML to its visible text and links, the defects of the header.
    mutating func everything(_ message: Span<UInt8>, limits: MIMELimits) {
        walk(message, limits, readsContent: true)
        seen &+=
            HeaderSyntax.defects(
                of: message, isSMTPUTF8: true, headerLimit: limits.headerBytes
            ).count
    }

    private mutating func walk(_ message: Span<UInt8>, _ limits: MIMELimits, readsContent: Bool) {
        var tree = MIMEReader.read(message, limits: limits)
        var left = Self.budget
        var index = 0
        while index < tree.parts.count {
            let part = tree.parts[index]
            index += 1
            guard part.kind.hasContent else { continue }
            guard part.transferEncoding.needsDecoding else {
                tree.withBody(of: index - 1, in: message) { content in
                    if readsContent { read(content, part) } else { seen &+= content.count }
                }
                continue
            }
            buffer.removeAll(keepingCapacity: true)
            let result = tree.decodeBody(of: index - 1, in: message, into: &buffer, limit: left)
            left -= buffer.count
            seen &+= buffer.count
            if readsContent {
                let content = buffer
                read(content.span, part)
            }
            _ = tree.appendDecodings(of: index - 1, notes: result.notes)
        }
        anomalies += tree.anomalies.count
        for limit in tree.limitsHit { self.limits.insert(limit.rawValue) }
    }

    private mutating func read(_ content: Span<UInt8>, _ part: Part) {
        let isText = part.mediaType.hasPrefix("text/")
        if isText || part.transferEncoding != .base64 {
            for block in EncodedBlocks.find(in: content).blocks {
                text.removeAll(keepingCapacity: true)
                seen &+= block.decode(content, into: &text, limit: 16 << 20).content.count
            }
        }
        seen &+= TNEFSignature.contents(of: content)?.attachments.count ?? 0
        guard isText else { return }
        text.removeAll(keepingCapacity: true)
        let label = part.charset.isEmpty ? nil : Array(part.charset.utf8)
        _ = Charsets.decode(content, label: label, into: &text, limit: 64 << 20)
        guard part.mediaType == "text/html" else { return seen &+= text.count }
        let html = HTMLText.read(text.span)
        seen &+= html.visible.count + html.hidden.count + html.links.count
        seen &+= HTMLText.normalised(html.visible.span).count
    }
}
