internal import Bytes
package import MailModel

/// A fault of a header block, and where it is (feature F169).
package struct HeaderDefect: Hashable, Sendable {
    /// The kind.
    package var kind: BadHeader
    /// Offset of the octet, line or field in question; for a missing field, of the end of the block.
    package var offset: Int
    /// The field and what is wrong with it, escaped, for the log.
    package var detail: String
}

/// Judges the top header block of a message.
package enum HeaderSyntax {
    /// Octets of a line without its end (RFC 5322 section 2.1.1).
    package static let longestLine = 998
    /// Default for `defectLimit`.
    package static let defaultDefectLimit = 64

    /// The defects of the block at the start of `message`, by kind once for each field, in the order of their fields; at
    /// most `defectLimit`. `headerLimit`: octets of the message that are looked at.
    package static func defects(
        of message: Span<UInt8>, isSMTPUTF8: Bool, headerLimit: Int = HeaderScanner.defaultLimit,
        defectLimit: Int = defaultDefectLimit
    ) -> [HeaderDefect] {
        var check = Check(isSMTPUTF8: isSMTPUTF8, limit: defectLimit)
        check.run(message, headerLimit)
        return check.defects
    }

    private struct Check {
        var defects: [HeaderDefect] = []
        let isSMTPUTF8: Bool
        let limit: Int
        private var seen: Set<[UInt8]> = []

        init(isSMTPUTF8: Bool, limit: Int) {
            self.isSMTPUTF8 = isSMTPUTF8
            self.limit = limit
        }

        mutating func run(_ message: Span<UInt8>, _ headerLimit: Int) {
            var scanner = HeaderScanner(limit: headerLimit)
            var isFirst = true
            while let field = scanner.next(in: message) {
                if isFirst {
                    beginning(scanner, message)
                    isFirst = false
                }
                let name = message.extracting(field.name).array.map(asciiLower)
                octets(message, field.whole, name)
                lines(message, field.whole, name)
                mime(message, field, name)
                if isOnceOnly(name), !seen.insert(name).inserted {
                    add(.duplicateField, field.name.lowerBound, name, "again")
                }
            }
            if isFirst { beginning(scanner, message) }
            if scanner.end == .brokenLine {
                let end = message.firstIndex(of: 0x0A, from: scanner.position).map { $0 + 1 } ?? message.count
                let line = scanner.position..<min(end, max(headerLimit, scanner.position))
                add(.syntax, scanner.position, TextLine.text(message, line), "is no field")
                octets(message, line, Array("line".utf8))
                lines(message, line, Array("line".utf8))
            }
            guard scanner.end != .limit else { return }
            for name in ["date", "from"] where !seen.contains(Array(name.utf8)) {
                add(.missingField, scanner.position, Array(name.utf8), "is missing")
            }
        }

        private mutating func beginning(_ scanner: HeaderScanner, _ message: Span<UInt8>) {
            if let offset = scanner.mboxLine { add(.syntax, offset, Array("From".utf8), "of a mailbox file") }
            if let lines = scanner.leadingContinuation {
                add(.syntax, lines.lowerBound, [], "continuation of no field")
            }
        }

        private mutating func add(_ kind: BadHeader, _ offset: Int, _ field: [UInt8], _ what: String) {
            guard defects.count < limit else { return }
            let name = Escaping.text(field, limit: 60)
            defects.append(
                HeaderDefect(kind: kind, offset: offset, detail: name.isEmpty ? what : "\(name): \(what)"))
        }

        /// Octets above 7F, NUL, CR alone.
        private mutating func octets(_ message: Span<UInt8>, _ range: Range<Int>, _ name: [UInt8]) {
            var firstHigh: Int?
            var firstControl: Int?
            for index in range {
                let byte = message[index]
                if byte >= 0x80 {
                    if firstHigh == nil { firstHigh = index }
                } else if byte == 0 || (byte == 0x0D && !(index + 1 < message.count && message[index + 1] == 0x0A)) {
                    if firstControl == nil { firstControl = index }
                }
            }
            if let offset = firstHigh, !(isSMTPUTF8 && isUTF8(message, range)) {
                add(.nonEncodedOctets, offset, name, "octet \(String(message[offset], radix: 16, uppercase: true))")
            }
            if let offset = firstControl {
                add(.improperControl, offset, name, message[offset] == 0 ? "NUL" : "CR without LF")
            }
        }

        private func isUTF8(_ message: Span<UInt8>, _ range: Range<Int>) -> Bool {
            let field = message.extracting(range)
            var index = field.endOfASCII(from: 0)
            while index < field.count {
                let length = UnicodeDecoders.wellFormed(field, index)
                guard length > 0 else { return false }
                index = field.endOfASCII(from: index + length)
            }
            return true
        }

        /// Lines that are too long; folded lines of blanks.
        private mutating func lines(_ message: Span<UInt8>, _ range: Range<Int>, _ name: [UInt8]) {
            let field = message.extracting(range)
            var line = 0
            var hasLong = false
            var hasBlank = false
            while line < field.count {
                let newline = field.firstIndex(of: 0x0A, from: line) ?? field.count
                var end = newline
                if end > line, field[end - 1] == 0x0D { end -= 1 }
                if end - line > HeaderSyntax.longestLine, !hasLong {
                    hasLong = true
                    add(.longLine, range.lowerBound + line, name, "line of \(end - line) octets")
                }
                if line > 0, !hasBlank, isBlank(field, line, end) {
                    hasBlank = true
                    add(.blankFold, range.lowerBound + line, name, "folded line of blanks")
                }
                line = newline + 1
            }
        }

        private func isBlank(_ field: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
            var index = start
            while index < end, field[index] == 0x20 || field[index] == 0x09 { index += 1 }
            return index == end
        }

        private func isOnceOnly(_ name: [UInt8]) -> Bool {
            name.starts(with: "content-".utf8) || HeaderSyntax.onceOnly.contains(name)
        }

        /// `Content-Type` must be `type/subtype` and `Content-Transfer-Encoding` one token.
        private mutating func mime(_ message: Span<UInt8>, _ field: HeaderField, _ name: [UInt8]) {
            let value = message.extracting(field.value)
            let isValid: Bool
            if name.elementsEqual("content-type".utf8) {
                let type = token(value, 0)
                let isPair = type > 0 && type < value.count && value[type] == 0x2F
                let end = isPair ? token(value, type + 1) : 0
                isValid = isPair && end > type + 1 && ends(value, end)
            } else if name.elementsEqual("content-transfer-encoding".utf8) {
                let end = token(value, 0)
                isValid = end > 0 && ends(value, end)
            } else {
                return
            }
            if !isValid { add(.mimeError, field.whole.lowerBound, name, "cannot be read") }
        }

        /// Offset behind the token (RFC 2045 section 5.1) at `start`.
        private func token(_ value: Span<UInt8>, _ start: Int) -> Int {
            var index = start
            while index < value.count, value[index] > 0x20, value[index] < 0x7F,
                !HeaderSyntax.special.contains(value[index])
            {
                index += 1
            }
            return index
        }

        private func ends(_ value: Span<UInt8>, _ index: Int) -> Bool {
            guard index < value.count else { return true }
            return value[index] <= 0x20 || value[index] == 0x3B || value[index] == 0x28
        }
    }

    private static let special = Array("()<>@,;:\\\"/[]?=".utf8)

    /// RFC 5322 section 3.6, RFC 2045, RFC 3834.
    private static let onceOnly: Set<[UInt8]> = Set(
        [
            "date", "from", "sender", "reply-to", "to", "cc", "bcc", "subject", "message-id", "references",
            "in-reply-to", "mime-version", "auto-submitted",
        ].map { Array($0.utf8) })
}
