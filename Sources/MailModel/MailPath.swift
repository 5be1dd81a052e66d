/// A reverse-path or forward-path of the envelope (RFC 5321 section 4.1.2), without angle brackets and without source route.
///
/// The bytes are as the client sent them, checked by the SMTP grammar: they hold no control character and no unquoted
/// `<`, `>` or space. Bytes above 0x7F occur only when the transaction said `SMTPUTF8` (RFC 6531).
package struct MailPath: Hashable, Sendable {
    /// The address; empty for the null reverse-path `<>`.
    package let bytes: [UInt8]

    /// Wraps bytes that the SMTP grammar has accepted.
    package init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Wraps an address known to the program (configuration, tests).
    package init(_ text: String) {
        self.init(bytes: Array(text.utf8))
    }

    /// The null reverse-path `<>` of notifications.
    package static let null = MailPath(bytes: [])

    /// True for the null reverse-path.
    package var isNull: Bool { bytes.isEmpty }

    /// True when the address can travel without SMTPUTF8.
    package var isASCII: Bool { bytes.allSatisfy { $0 < 0x80 } }

    /// The domain after the last `@`; nil when there is none (`postmaster`).
    package var domain: ArraySlice<UInt8>? {
        guard let at = bytes.lastIndex(of: 0x40) else { return nil }
        return bytes[(at + 1)...]
    }
}

extension MailPath: CustomStringConvertible {
    /// The address as a person may see it: escaped, without brackets.
    package var description: String { Escaping.text(bytes, limit: 320) }
}
