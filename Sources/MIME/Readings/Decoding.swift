internal import Bytes

/// What decoders do with data that is not as RFC 2045 has it.
package enum Decoding: String, Hashable, Sendable, CaseIterable {
    /// As `TransferDecoder` does: base64 passes over junk and begins anew behind padding; quoted-printable keeps what is no
    /// escape.
    case ordinary
    /// Base64 ends at the first character that is not its own.
    case stopAtJunk = "stop-at-junk"
    /// Base64 with `-` and `_` for 62 and 63 (RFC 4648 section 5).
    case urlAlphabet = "url-alphabet"
    /// Base64 ends at its first padding.
    case stopAtPadding = "stop-at-padding"
    /// Base64 passes over padding as over any other junk.
    case withoutPadding = "without-padding"
    /// Base64 forgets an unfinished group at the end of a line.
    case lineGroups = "line-groups"
    /// Base64 ends an unfinished group, as if padded, at the end of a line.
    case lineEndsGroup = "line-ends-group"
    /// Base64 leaves out lines that hold a foreign character.
    case withoutJunkLines = "without-junk-lines"
    /// Base64 passes over the rest of a line from a foreign character on.
    case junkEndsLine = "junk-ends-line"
    /// Base64 counts padding as a character of its group wherever it stands.
    case paddingInGroups = "padding-in-groups"
    /// Base64 ends at a blank line.
    case stopAtBlankLine = "stop-at-blank-line"
    /// Quoted-printable drops an `=` that begins no escape.
    case withoutStrayEquals = "without-stray-equals"
    /// Quoted-printable drops an `=` that begins no escape together with the two characters behind it.
    case withoutStrayEscapes = "without-stray-escapes"
    /// Quoted-printable takes an `=` with anything but an escape behind it for a soft line break.
    case strayEqualsEndsLine = "stray-equals-ends-line"
    /// Quoted-printable drops controls and octets that RFC 2045 does not allow in it, and blanks at the ends of lines.
    case onlyAllowed = "only-allowed"
    /// Quoted-printable finds the digits of an escape although line ends or blanks stand between them.
    case splitEscapes = "split-escapes"
    /// Quoted-printable drops an `=` with a small letter or a single digit, and reads what is left.
    case withoutHalfEscapes = "without-half-escapes"
    /// Quoted-printable keeps nothing but what is escaped.
    case escapesOnly = "escapes-only"
    /// Quoted-printable passes over `0x` or `x` before the digits of an escape.
    case withoutHexPrefixes = "without-hex-prefixes"
    /// uuencode without the lines around it.
    case withoutFrame = "without-frame"

    /// The other ways to decode what gave these notes.
    package static func alternatives(to encoding: TransferEncoding, notes: DecodeResult.Notes) -> [Decoding] {
        switch encoding {
        case .base64:
            var found: [Decoding] = []
            if notes.contains(.junk) {
                found += [.stopAtJunk, .withoutJunkLines, .junkEndsLine]
            }
            if notes.contains(.urlCharacters) {
                found.append(.urlAlphabet)
            }
            let padding: DecodeResult.Notes = [.dataAfterPadding, .extraPadding]
            if !notes.isDisjoint(with: padding) { found += [.stopAtPadding, .withoutPadding, .paddingInGroups] }
            if !notes.isDisjoint(with: [.junk, .dataAfterPadding, .extraPadding, .splitGroup, .truncated]) {
                found.append(.lineGroups)
            }
            if notes.contains(.splitGroup) { found.append(.lineEndsGroup) }
            if notes.contains(.dataAfterBlankLine) { found.append(.stopAtBlankLine) }
            return found
        case .quotedPrintable:
            var found: [Decoding] = []
            if notes.contains(.hexPrefix) { found.append(.withoutHexPrefixes) }
            if notes.contains(.splitEscape) { found.append(.splitEscapes) }
            if notes.contains(.halfEscape) { found.append(.withoutHalfEscapes) }
            if notes.contains(.badEscape) {
                found += [.withoutStrayEquals, .withoutStrayEscapes, .strayEqualsEndsLine]
            }
            if notes.contains(.foreignOctets) { found.append(.onlyAllowed) }
            // Honest writers escape what needs it: these bodies are written for a decoder.
            if notes.contains(.needlessEscapes) {
                let all: [Decoding] = [
                    .withoutStrayEquals, .withoutStrayEscapes, .strayEqualsEndsLine, .onlyAllowed, .splitEscapes,
                    .withoutHalfEscapes, .escapesOnly,
                ]
                found += all.filter { !found.contains($0) }
            }
            return found
        case .uuencode:
            return notes.contains(.missingBegin) ? [.withoutFrame] : []
        case .sevenBit, .eightBit, .binary, .unknown:
            return []
        }
    }

    func decode(
        _ body: Span<UInt8>, encoding: TransferEncoding, into output: inout [UInt8], limit: Int
    ) -> DecodeResult {
        switch encoding {
        case .base64:
            LooseBase64(decoding: self, limit: limit).decode(body, into: &output)
        case .quotedPrintable:
            LooseQuotedPrintable(decoding: self, limit: limit).decode(body, into: &output)
        case .uuencode:
            UUEncoding.decode(body, into: &output, limit: limit, hasFrame: self != .withoutFrame)
        case .sevenBit, .eightBit, .binary, .unknown:
            TransferDecoder.decode(body, encoding: encoding, into: &output, limit: limit)
        }
    }
}
