// Character classes of the C locale, which Postfix's tables and header fields are read in.

/// `isspace(3)`: blank, tab, LF, VT, FF, CR.
@inline(__always)
func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (byte >= 0x09 && byte <= 0x0D) }

/// Blank or tab.
@inline(__always)
func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

@inline(__always)
func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

/// `isalnum(3)`.
@inline(__always)
func isAlphanumeric(_ byte: UInt8) -> Bool {
    isDigit(byte) || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A)
}

/// `iscntrl(3)`.
@inline(__always)
func isControl(_ byte: UInt8) -> Bool { byte < 0x20 || byte == 0x7F }

extension Array<UInt8> {
    /// Without white space at the end.
    var trimmedAtEnd: [UInt8] {
        guard let last = lastIndex(where: { !isSpace($0) }) else { return [] }
        return Array(self[...last])
    }

    /// The bytes as text for people; callers escape it before it meets a terminal or a log.
    var text: String { String(decoding: self, as: UTF8.self) }
}
