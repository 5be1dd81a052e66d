internal import Bytes

/// What makes a line a header field, as Postfix's MIME processor sees it.
enum HeaderField {
    /// Octets of the field name with which a line begins: ASCII without controls, blanks and colons, then perhaps
    /// blanks, then a colon. 0 when the line begins with none.
    static func nameLength(_ line: Span<UInt8>) -> Int {
        var length = 0
        var isPastName = false
        for index in line.indices {
            let byte = line[index]
            if byte == 0x3A { return length }
            if isBlank(byte) {
                guard length > 0 else { return 0 }
                isPastName = true
                continue
            }
            guard !isPastName, byte < 0x80, !isControl(byte) else { return 0 }
            length += 1
        }
        return 0
    }

    /// The six fields that belong to `mime_header_checks` wherever they stand (`header_checks(5)`).
    static func isMIME(_ name: Span<UInt8>) -> Bool {
        switch name.count {
        case 10: equals(name, "content-id")
        case 12: equals(name, "content-type") || equals(name, "mime-version")
        case 19: equals(name, "content-description") || equals(name, "content-disposition")
        case 25: equals(name, "content-transfer-encoding")
        default: false
        }
    }

    /// Compares without case; `word` is in lower case.
    static func equals(_ bytes: Span<UInt8>, _ word: StaticString) -> Bool {
        guard bytes.count == word.utf8CodeUnitCount else { return false }
        return bytes.hasPrefix(ignoringCase: word)
    }
}
