/// A local part in quotes (`Quoted-string` of RFC 5321 section 4.1.2).
package enum QuotedString {
    /// A text in quotes.
    package static func quoted(_ content: [UInt8]) -> [UInt8] {
        [0x22] + content.flatMap { $0 == 0x22 || $0 == 0x5C ? [0x5C, $0] : [$0] } + [0x22]
    }

    /// What it stands for; nil for text that is not wholly in quotes.
    package static func content(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        guard text.count >= 2, text.first == 0x22, text.last == 0x22 else { return nil }
        var out: [UInt8] = []
        var isEscaped = false
        for octet in text.dropFirst().dropLast() {
            if octet == 0x5C, !isEscaped {
                isEscaped = true
                continue
            }
            isEscaped = false
            out.append(octet)
        }
        return out
    }
}
