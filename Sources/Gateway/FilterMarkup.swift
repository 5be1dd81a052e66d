internal import Bytes
internal import MIME

/// What filters on the way put around a message or into it, taken off again before it is learnt: the report of a filter would
/// teach its verdict and not the mail. Read are the header fields and delimiter lines, nothing is decoded.
///
/// A message within a report is taken out of it, one level deep, as `spamassassin -d` does: the second and last part of a
/// `multipart/mixed` that SpamAssassin calls the original (`report_safe`, where `X-Spam-Checker-Version` is in the header), and
/// of what this gateway made (`defang`, `quarantine release --attach`), known by the proof in its boundary (`WrapperMark`).
/// SpamAssassin's `X-Spam-Prev-Subject` is the subject again that `rewrite_header` changed.
package struct FilterMarkup: Sendable {
    private let key: ReleaseKey?

    /// Without the host's key what this gateway made is not known. Blocks on a disk.
    package init(stateDirectory: String) {
        key = ReleaseKey.existing(stateDirectory)
    }

    /// The message as it was.
    /// - Parameter message: with CRLF line ends.
    package func removed(from message: [UInt8]) -> [UInt8] {
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
        let isOurs = key.map { WrapperMark.holds($0, boundary) } ?? false
        if scanner.end == .blankLine, !boundary.isEmpty, isAssassins || isOurs,
            let range = Self.original(in: span, from: scanner.position, boundary, isOurs: isOurs)
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
        // The report comes first.
        guard let report = Self.line(delimiter, in: message, from: body),
            let start = message.firstIndex(of: 0x0A, from: report),
            !message.hasBytes("--", at: report + delimiter.count),
            let line = Self.line(delimiter, in: message, from: start + 1),
            let end = message.firstIndex(of: 0x0A, from: line),
            !message.hasBytes("--", at: line + delimiter.count)
        else { return nil }
        var scanner = HeaderScanner(from: end + 1)
        var isOriginal = isOurs
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
        guard isOriginal, scanner.end == .blankLine else { return nil }
        guard let next = Self.line(delimiter, in: message, from: scanner.position) else {
            return scanner.position..<message.count
        }
        // No program puts another part behind it: who did so wants to be seen beside what is learnt.
        guard message.hasBytes("--", at: next + delimiter.count) else { return nil }
        // The line end before a delimiter is its own (RFC 2046 section 5.1.1).
        return scanner.position..<max(scanner.position, next - 2)
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
