/// What decoding a body met.
package struct DecodeResult: Hashable, Sendable {
    /// Forms that decoders are known to treat differently.
    package struct Notes: OptionSet, Hashable, Sendable {
        package let rawValue: UInt16
        package init(rawValue: UInt16) { self.rawValue = rawValue }
        /// Characters outside the alphabet were passed over (RFC 2045 section 6.8 says so; some readers stop).
        package static let junk = Notes(rawValue: 1)
        /// Base64 data after padding; decoding began anew.
        package static let dataAfterPadding = Notes(rawValue: 2)
        /// The last base64 group lacks its padding.
        package static let missingPadding = Notes(rawValue: 4)
        /// More padding than the group needs, or padding without a group.
        package static let extraPadding = Notes(rawValue: 8)
        /// The last base64 group or uuencoded line lacks characters; what it held in full octets was kept.
        package static let truncated = Notes(rawValue: 16)
        /// `=` in quoted-printable that is neither escape nor soft line break; kept as it stands.
        package static let badEscape = Notes(rawValue: 32)
        /// No `begin` line: nothing was uudecoded.
        package static let missingBegin = Notes(rawValue: 64)
        /// No `end` line.
        package static let missingEnd = Notes(rawValue: 128)
        /// A line of base64 ends within a group of four.
        package static let splitGroup = Notes(rawValue: 256)
        /// Base64 goes on behind a blank line.
        package static let dataAfterBlankLine = Notes(rawValue: 512)
        /// Quoted-printable escapes many letters and digits, which need none.
        package static let needlessEscapes = Notes(rawValue: 1024)
        /// Quoted-printable has `0x` or `x` before the digits of an escape.
        package static let hexPrefix = Notes(rawValue: 2048)
        /// Quoted-printable has a line end, a blank or another `=` among the digits of an escape.
        package static let splitEscape = Notes(rawValue: 4096)
        /// Quoted-printable has an `=` with one digit behind it.
        package static let halfEscape = Notes(rawValue: 8192)
        /// Quoted-printable holds controls, which RFC 2045 does not allow in it.
        package static let foreignOctets = Notes(rawValue: 16384)
        /// `-` or `_` among the junk of base64.
        package static let urlCharacters = Notes(rawValue: 32768)
    }

    /// What was odd.
    package var notes: Notes = []
    /// The limit cut the output: there is more.
    package var limitReached = false
}

/// Undoes a `Content-Transfer-Encoding` (RFC 2045 section 6). Lenient: any bytes decode to something, what had to be
/// repaired is noted. Linear in the size of the body.
package enum TransferDecoder {
    /// Appends the decoded `body` to `output`, at most `limit` octets. Where `encoding.needsDecoding` is false the body is
    /// copied; callers that only read lend it out instead.
    package static func decode(
        _ body: Span<UInt8>, encoding: TransferEncoding, as decoding: Decoding = .ordinary,
        into output: inout [UInt8], limit: Int
    ) -> DecodeResult {
        let limit = max(0, limit)
        if decoding != .ordinary {
            return decoding.decode(body, encoding: encoding, into: &output, limit: limit)
        }
        switch encoding {
        case .base64:
            return Base64.decode(body, into: &output, limit: limit)
        case .quotedPrintable:
            return QuotedPrintable.decode(body, into: &output, limit: limit)
        case .uuencode:
            return UUEncoding.decode(body, into: &output, limit: limit)
        case .sevenBit, .eightBit, .binary, .unknown:
            return copy(body, into: &output, limit: limit)
        }
    }

    private static func copy(_ body: Span<UInt8>, into output: inout [UInt8], limit: Int) -> DecodeResult {
        let count = min(body.count, limit)
        body.extracting(0..<count).withUnsafeBufferPointer { output.append(contentsOf: $0) }
        return DecodeResult(limitReached: count < body.count)
    }
}
