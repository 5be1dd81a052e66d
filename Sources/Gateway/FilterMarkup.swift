internal import Bytes
internal import MIME

/// What filters on the way put around a message or into it, taken off again before it is learnt: the report of a filter would
/// teach its verdict and not the mail. Read are the header fields and delimiter lines, nothing is decoded.
///
/// A message within a report is taken out of it, one level deep, as `spamassassin -d` does: the first part of a
/// `multipart/mixed` that SpamAssassin calls the original (`report_safe`, where `X-Spam-Checker-Version` is in the header), and
/// the second of what this gateway made (`defang`, `quarantine release --attach`), known by its boundary. SpamAssassin's
/// `X-Spam-Prev-Subject` is the subject again that `rewrite_header` changed.
package enum FilterMarkup {
    /// Parts that are looked at.
    private static let partLimit = 16

    /// The message as it was.
    /// - Parameter message: with CRLF line ends.
    package static func removed(from message: [UInt8]) -> [UInt8] {
        let span = message.span
        var isAssassins = false
        var boundary: [UInt8] = []
        var subject: HeaderField?
        var before: HeaderField?
        var scanner = HeaderScanner()
        while let field = scanner.next(in: span) {
            if field.isNamed("x-spam-checker-version", in: span) { isAssassins = true }
            if field.isNamed("subject", in: span), subject == nil { subject = field }
            if field.isNamed("x-spam-prev-subject", in: span), before == nil { before = field }
            if field.isNamed("content-type", in: span), boundary.isEmpty,
                span.hasPrefix(ignoringCase: "multipart/mixed", from: field.value.lowerBound)
            {
                boundary = Self.boundary(message[field.value])
            }
        }
        let isOurs = boundary.starts(with: "mailreeve-".utf8)
        if scanner.end == .blankLine, !boundary.isEmpty, isAssassins || isOurs,
            let range = original(in: span, from: scanner.position, boundary, isOurs: isOurs)
        {
            return Array(message[range])
        }
        guard isAssassins, let before, let subject else { return message }
        let value = message[before.value]
        if value.elementsEqual("(nonexistent)".utf8) {
            return Array(message[..<subject.whole.lowerBound] + message[subject.whole.upperBound...])
        }
        return Array(message[..<subject.value.lowerBound] + value + message[subject.value.upperBound...])
    }

    /// The value of the parameter, as these programs write it; empty where there is none.
    private static func boundary(_ value: ArraySlice<UInt8>) -> [UInt8] {
        let value = Array(value)
        var start = 0
        while let next = value.span.firstIndex(of: 0x3B, from: start) {
            start = next + 1
            while start < value.count, value[start] <= 0x20 { start += 1 }
            guard value.span.hasPrefix(ignoringCase: "boundary=", from: start) else { continue }
            let rest = value[(start + 9)...]
            let found =
                rest.first == 0x22 ? rest.dropFirst().prefix { $0 != 0x22 } : rest.prefix { $0 > 0x20 && $0 != 0x3B }
            return found.count <= 200 ? Array(found) : []
        }
        return []
    }

    /// Where the wrapped message stands.
    private static func original(
        in message: Span<UInt8>, from body: Int, _ boundary: [UInt8], isOurs: Bool
    ) -> Range<Int>? {
        let delimiter = [0x2D, 0x2D] + boundary
        var position = body
        for part in 0..<partLimit {
            guard let line = Self.line(delimiter, in: message, from: position),
                let end = message.firstIndex(of: 0x0A, from: line)
            else { return nil }
            // The last one of all has nothing behind it.
            if message.hasBytes("--", at: line + delimiter.count) { return nil }
            position = end + 1
            var scanner = HeaderScanner(from: position)
            var isOriginal = isOurs && part == 1
            while let field = scanner.next(in: message) {
                let value = message.extracting(field.value)
                if field.isNamed("content-type", in: message), value.firstIndex(of: "x-spam-type=original") != nil {
                    isOriginal = true
                }
                if field.isNamed("content-description", in: message),
                    value.hasPrefix(ignoringCase: "original message before SpamAssassin")
                {
                    isOriginal = true
                }
            }
            guard isOriginal, scanner.end == .blankLine else { continue }
            // The line end before a delimiter is its own (RFC 2046 section 5.1.1).
            let next = Self.line(delimiter, in: message, from: scanner.position) ?? message.count
            let isDelimited = next < message.count && next >= scanner.position + 2
            return scanner.position..<(isDelimited ? next - 2 : next)
        }
        return nil
    }

    /// The next line that begins with this.
    private static func line(_ start: [UInt8], in message: Span<UInt8>, from position: Int) -> Int? {
        var index = position
        while let found = message.firstIndex(of: start.span, from: index) {
            if found == 0 || message[found - 1] == 0x0A { return found }
            guard let end = message.firstIndex(of: 0x0A, from: found) else { return nil }
            index = end + 1
        }
        return nil
    }
}
