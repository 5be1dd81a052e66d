internal import Bytes

/// Turns bytes of any known charset into UTF-8. All tables are in the program: nothing is loaded when called, so it works
/// in a closed sandbox.
package enum Charsets {
    /// What decoding a text gave.
    package struct Result: Hashable, Sendable {
        /// Where the charset was taken from.
        package enum Origin: Hashable, Sendable {
            case label
            /// A byte order mark, which wins over a label.
            case mark
            /// The bytes themselves.
            case guess
        }

        /// The charset that was used.
        package var coding: CharsetCoding
        /// Where it was taken from.
        package var origin: Origin
        /// A label was given but is not known.
        package var isLabelUnknown: Bool
        /// Sequences that stand for no character; each became U+FFFD.
        package var replacements: Int
        /// The limit cut the output: there is more.
        package var limitReached: Bool
    }

    /// Appends `bytes` as UTF-8 to `output`, at most `limit` octets, never a part of a character. The charset is that of
    /// a byte order mark, else of `label`, else what the bytes look like. Well-formed output for all input; linear.
    package static func decode(
        _ bytes: Span<UInt8>, label: [UInt8]?, into output: inout [UInt8], limit: Int
    ) -> Result {
        let known = label.flatMap { CharsetCoding(label: $0) }
        let isLabelUnknown = known == nil && label?.isEmpty == false
        let mark = CharsetSniffer.mark(bytes)
        var coding: CharsetCoding
        var origin: Result.Origin
        if let mark {
            (coding, origin) = (mark.coding, .mark)
        } else if let known {
            (coding, origin) = (known, .label)
            // The label `utf-16` says nothing of the order; the bytes do.
            if known == .utf16LE, isPlainUTF16(label), let guess = CharsetSniffer.wide(bytes) { coding = guess }
        } else {
            (coding, origin) = (CharsetSniffer.guess(bytes), .guess)
        }
        var result = decode(
            bytes.extracting((mark?.length ?? 0)..<bytes.count), as: coding, into: &output, limit: limit)
        result.origin = origin
        result.isLabelUnknown = isLabelUnknown
        return result
    }

    /// Appends `bytes` as UTF-8 to `output`, at most `limit` octets, whatever they look like. For a second opinion: the
    /// reading by a guess when the label says otherwise.
    package static func decode(
        _ bytes: Span<UInt8>, as coding: CharsetCoding, into output: inout [UInt8], limit: Int
    ) -> Result {
        let start = output.count
        let limit = max(0, min(limit, Int.max - start))
        var sink = TextSink([], end: start + limit)
        swap(&sink.bytes, &output)
        sink.bytes.reserveCapacity(start + min(limit, bytes.count))
        switch coding {
        case .utf8: UnicodeDecoders.utf8(bytes, &sink)
        case .utf16LE: UnicodeDecoders.utf16(bytes, isBigEndian: false, &sink)
        case .utf16BE: UnicodeDecoders.utf16(bytes, isBigEndian: true, &sink)
        case .utf32LE: UnicodeDecoders.utf32(bytes, isBigEndian: false, &sink)
        case .utf32BE: UnicodeDecoders.utf32(bytes, isBigEndian: true, &sink)
        case .utf7: UnicodeDecoders.utf7(bytes, &sink)
        case .singleByte(let table): EastAsianDecoders.singleByte(bytes, table: table, &sink)
        case .userDefined: EastAsianDecoders.userDefined(bytes, &sink)
        case .gb18030: EastAsianDecoders.gb18030(bytes, &sink)
        case .hz: EscapeDecoders.hz(bytes, &sink)
        case .big5: EastAsianDecoders.big5(bytes, &sink)
        case .eucJP: EastAsianDecoders.eucJP(bytes, &sink)
        case .shiftJIS: EastAsianDecoders.shiftJIS(bytes, &sink)
        case .iso2022JP: EscapeDecoders.iso2022JP(bytes, &sink)
        case .eucKR: EastAsianDecoders.eucKR(bytes, &sink)
        case .iso2022KR: EscapeDecoders.iso2022KR(bytes, &sink)
        case .iso2022CN: EscapeDecoders.iso2022CN(bytes, &sink)
        case .eucTW: EastAsianDecoders.eucTW(bytes, &sink)
        }
        swap(&sink.bytes, &output)
        return Result(
            coding: coding, origin: .label, isLabelUnknown: false, replacements: sink.replacements,
            limitReached: sink.isFull)
    }

    /// The charset the bytes look like. Where it differs from the label's, readers may show either text (attack D6).
    package static func guess(_ bytes: Span<UInt8>) -> CharsetCoding {
        CharsetSniffer.mark(bytes)?.coding ?? CharsetSniffer.guess(bytes)
    }

    /// Unpacks all tables, about 400 KiB, so that processes forked later share them. Gives the number of entries.
    package static func load() -> Int {
        CharsetTables.load() + CharsetLabels.codings.count
    }

    private static func isPlainUTF16(_ label: [UInt8]?) -> Bool {
        guard let label else { return false }
        return !label.contains(where: { asciiLower($0) == 0x6C })
    }
}

/// Judges the charset by the bytes.
enum CharsetSniffer {
    /// Octets looked at for the pattern of wide characters.
    private static let window = 4096

    /// A byte order mark at the beginning.
    static func mark(_ bytes: Span<UInt8>) -> (coding: CharsetCoding, length: Int)? {
        func begins(_ mark: [UInt8]) -> Bool { bytes.hasBytes(mark.span, at: 0) }
        if begins([0xEF, 0xBB, 0xBF]) { return (.utf8, 3) }
        if begins([0xFF, 0xFE, 0, 0]) { return (.utf32LE, 4) }
        if begins([0, 0, 0xFE, 0xFF]) { return (.utf32BE, 4) }
        if begins([0xFF, 0xFE]) { return (.utf16LE, 2) }
        if begins([0xFE, 0xFF]) { return (.utf16BE, 2) }
        return nil
    }

    /// UTF-16 or UTF-32 by where the zeros of ASCII letters stand; nil for neither.
    static func wide(_ bytes: Span<UInt8>) -> CharsetCoding? {
        let count = min(bytes.count, window) & ~3
        guard min(bytes.count, window) >= 4 else { return bytes.count >= 2 ? pair(bytes) : nil }
        var zeros = [0, 0, 0, 0]
        for index in 0..<count where bytes[index] == 0 { zeros[index & 3] += 1 }
        let groups = count / 4
        if zeros[2] == groups, zeros[3] == groups, zeros[0] * 4 < groups { return .utf32LE }
        if zeros[0] == groups, zeros[1] == groups, zeros[3] * 4 < groups { return .utf32BE }
        let even = zeros[0] + zeros[2]
        let odd = zeros[1] + zeros[3]
        // A third of the characters in ASCII, and hardly a zero at the other places.
        if odd * 3 >= groups * 2, even * 8 <= odd { return .utf16LE }
        if even * 3 >= groups * 2, odd * 8 <= even { return .utf16BE }
        return nil
    }

    /// One character of UTF-16.
    private static func pair(_ bytes: Span<UInt8>) -> CharsetCoding? {
        if bytes[0] != 0, bytes[1] == 0 { return .utf16LE }
        return bytes[0] == 0 && bytes[1] != 0 ? .utf16BE : nil
    }

    static func guess(_ bytes: Span<UInt8>) -> CharsetCoding {
        if bytes.firstIndex(of: 0) != nil, let wide = wide(bytes) { return wide }
        var index = bytes.endOfASCII(from: 0)
        if index == bytes.count { return escaped(bytes) ?? .utf8 }
        while index < bytes.count {
            let length = UnicodeDecoders.wellFormed(bytes, index)
            // A character cut off by the end of a part does not speak against UTF-8.
            if length < 0, index - length < bytes.count || length == -1 { return .windows1252 }
            index = bytes.endOfASCII(from: index + abs(length))
        }
        return .utf8
    }

    /// Charsets in seven bits by their escapes; nil for plain ASCII.
    static func escaped(_ bytes: Span<UInt8>) -> CharsetCoding? {
        var from = 0
        while let escape = bytes.firstIndex(of: 0x1B, from: from) {
            if bytes.hasPrefix(ignoringCase: "$)C", from: escape + 1) { return .iso2022KR }
            if bytes.hasPrefix(ignoringCase: "$)", from: escape + 1) { return .iso2022CN }
            if bytes.hasPrefix(ignoringCase: "$", from: escape + 1) { return .iso2022JP }
            if bytes.hasPrefix(ignoringCase: "(J", from: escape + 1) { return .iso2022JP }
            if bytes.hasPrefix(ignoringCase: "(I", from: escape + 1) { return .iso2022JP }
            from = escape + 1
        }
        return isHZ(bytes) ? .hz : nil
    }

    /// The first `~{` begins pairs up to `~}` in the same line.
    private static func isHZ(_ bytes: Span<UInt8>) -> Bool {
        let opening: [UInt8] = [0x7E, 0x7B]
        guard let start = bytes.firstIndex(of: opening.span) else { return false }
        var index = start + 2
        while index + 1 < bytes.count {
            if bytes[index] == 0x7E, bytes[index + 1] == 0x7D { return index > start + 2 }
            guard bytes[index] > 0x20, bytes[index] < 0x78, bytes[index + 1] > 0x20, bytes[index + 1] < 0x7F else {
                return false
            }
            index += 2
        }
        return false
    }
}
