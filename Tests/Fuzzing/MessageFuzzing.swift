internal import MIME

/// A whole message, with limits that are wide and with such that are reached at once.
enum MessageFuzzing {
    private static let narrow = MIMELimits(
        parts: 12, depth: 4, headerBytes: 300, headerCount: 6, parameters: 4, boundaryLength: 10, nestedBytes: 400,
        readings: 5, alternativeBytes: 10)
    /// Octets that are decoded of one body.
    private static let outputLimit = 1 << 20

    static func violations(_ message: [UInt8]) -> [String] {
        var wrong: [String] = []
        for limits in [MIMELimits(), narrow] {
            wrong += check(message, limits)
            if MIMEReader.read(message.span, limits: limits).parts
                != MIMEReader.read(message.span, limits: limits).parts
            {
                wrong.append("two runs differ")
            }
        }
        return wrong + ContentFuzzing.header(message)
    }

    private static func check(_ message: [UInt8], _ limits: MIMELimits) -> [String] {
        var tree = MIMEReader.read(message.span, limits: limits)
        var wrong = Fuzzing.violations(tree, message, limits)
        let texts = BodyTexts(tree, message.span)
        if texts.texts.count > 2 || texts.texts.isEmpty != (texts.obstacle != nil) { wrong.append("texts") }
        // Other ways to decode a part are appended behind it, so the list grows on the way.
        var index = 0
        while index < tree.parts.count {
            let part = tree.parts[index]
            if part.kind.hasContent {
                var content: [UInt8] = []
                let result = tree.decodeBody(of: index, in: message.span, into: &content, limit: outputLimit)
                if content.count > outputLimit { wrong.append("\(part.path): limit passed") }
                if part.source == 0, part.decoding == .ordinary, !result.limitReached {
                    wrong += end(content, Array(message[part.body]), part, result.notes)
                }
                let added = tree.appendDecodings(of: index, notes: result.notes)
                if added.contains(where: { tree.parts[$0].reading < 1 || tree.parts[$0].cause == nil }) {
                    wrong.append("\(part.path): decodings without reading or cause")
                }
                wrong += use(content, part)
            }
            index += 1
        }
        if tree.parts.contains(where: { Int($0.reading) > limits.readings }) { wrong.append("too many readings") }
        return wrong
    }

    /// Where a text can be put: what stands in front of it in the body is what stands in front of it in the content.
    private static func end(
        _ content: [UInt8], _ body: [UInt8], _ part: Part, _ notes: DecodeResult.Notes
    ) -> [String] {
        for isHTML in [false, true] {
            var offset = 0
            let place = TextPlace(
                end: content.span, isHTML: isHTML, body: body.span, encoding: part.transferEncoding, notes: notes,
                offset: &offset)
            guard let place else { continue }
            guard place.range.upperBound <= body.count, place.skip <= 3, offset <= content.count else {
                return ["\(part.path): the end of a text outside"]
            }
            var before: [UInt8] = []
            _ = TransferDecoder.decode(
                Array(body[..<place.range.lowerBound]).span, encoding: part.transferEncoding, into: &before,
                limit: outputLimit)
            if before != Array(content[..<max(0, offset - place.skip)]) {
                return ["\(part.path): the end of a text elsewhere"]
            }
        }
        return []
    }

    /// What the inspector does with decoded content.
    private static func use(_ content: [UInt8], _ part: Part) -> [String] {
        var wrong = ContentFuzzing.blocks(content)
        guard part.mediaType.hasPrefix("text/") else { return wrong }
        var text: [UInt8] = []
        let label = part.charset.isEmpty ? nil : Array(part.charset.utf8)
        _ = Charsets.decode(content.span, label: label, into: &text, limit: outputLimit)
        if String(validating: text, as: UTF8.self) == nil { wrong.append("\(part.path): not UTF-8") }
        if part.mediaType == "text/html" { wrong += ContentFuzzing.html(text) }
        return wrong
    }
}
