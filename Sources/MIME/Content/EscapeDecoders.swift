internal import Bytes

/// Decoders of charsets in seven bits that switch by escapes.
enum EscapeDecoders {
    /// What the octets 21 to 7E mean.
    private enum Meaning {
        case ascii
        /// ASCII with yen sign and overline.
        case roman
        case katakana
        case jis0208
        case jis0212
        case uhc
        case gb2312
        /// CNS 11643 plane 1.
        case cns1
        /// CNS 11643 plane 2.
        case cns2
        /// Two octets of a set without a table.
        case unknownPair

        var isPair: Bool {
            switch self {
            case .ascii, .roman, .katakana: false
            default: true
            }
        }
    }

    /// ISO-2022-JP (RFC 1468), and the sets of RFC 1554 in it that are Japanese, Chinese or Korean.
    static func iso2022JP(_ source: Span<UInt8>, _ sink: inout TextSink) {
        var meaning = Meaning.ascii
        var index = 0
        while index < source.count, !sink.isFull {
            if source[index] == 0x1B, let (found, length) = escape(source, index) {
                meaning = found
                index += length
                continue
            }
            // RFC 1468: each line begins in ASCII; some writers rely on it.
            if source[index] == 0x0A { meaning = .ascii }
            index += character(source, index, meaning, &sink)
        }
    }

    private static func escape(_ source: Span<UInt8>, _ index: Int) -> (Meaning, Int)? {
        if source.hasPrefix(ignoringCase: "(B", from: index + 1) { return (.ascii, 3) }
        if source.hasPrefix(ignoringCase: "(J", from: index + 1) { return (.roman, 3) }
        if source.hasPrefix(ignoringCase: "(I", from: index + 1) { return (.katakana, 3) }
        if source.hasPrefix(ignoringCase: "$@", from: index + 1) { return (.jis0208, 3) }
        if source.hasPrefix(ignoringCase: "$B", from: index + 1) { return (.jis0208, 3) }
        if source.hasPrefix(ignoringCase: "$(D", from: index + 1) { return (.jis0212, 4) }
        if source.hasPrefix(ignoringCase: "$A", from: index + 1) { return (.gb2312, 3) }
        if source.hasPrefix(ignoringCase: "$(C", from: index + 1) { return (.uhc, 4) }
        return nil
    }

    /// Reads one character; gives its length in octets.
    private static func character(
        _ source: Span<UInt8>, _ index: Int, _ meaning: Meaning, _ sink: inout TextSink
    ) -> Int {
        let byte = source[index]
        guard byte < 0x80 else {
            sink.replace()
            return 1
        }
        guard byte > 0x20, byte < 0x7F else {
            sink.put(UInt32(byte))
            return 1
        }
        guard meaning.isPair else {
            switch (meaning, byte) {
            case (.roman, 0x5C): sink.put(0xA5)
            case (.roman, 0x7E): sink.put(0x203E)
            case (.katakana, 0x21...0x5F): sink.put(0xFF61 + UInt32(byte - 0x21))
            case (.katakana, _): sink.replace()
            default: sink.put(UInt32(byte))
            }
            return 1
        }
        guard index + 1 < source.count, source[index + 1] > 0x20, source[index + 1] < 0x7F else {
            sink.replace()
            return 1
        }
        let trail = source[index + 1]
        switch meaning {
        case .jis0208: sink.put(EastAsianDecoders.grid(CharsetTables.jis0208, byte, trail))
        case .jis0212: sink.put(EastAsianDecoders.grid(CharsetTables.jis0212, byte, trail))
        case .uhc: sink.put(EastAsianDecoders.uhc(byte | 0x80, trail | 0x80))
        case .gb2312: sink.put(EastAsianDecoders.gbk(byte | 0x80, trail | 0x80))
        case .cns1: sink.put(EastAsianDecoders.grid(CharsetTables.cns1, byte, trail))
        case .cns2: sink.put(EastAsianDecoders.grid(CharsetTables.cns2, byte, trail))
        default: sink.replace()
        }
        return 2
    }

    /// ISO-2022-KR (RFC 1557): after its announcement shift-out and shift-in switch.
    static func iso2022KR(_ source: Span<UInt8>, _ sink: inout TextSink) {
        shifting(source, &sink, isKorean: true)
    }

    /// ISO-2022-CN (RFC 1922).
    static func iso2022CN(_ source: Span<UInt8>, _ sink: inout TextSink) {
        shifting(source, &sink, isKorean: false)
    }

    private static func shifting(_ source: Span<UInt8>, _ sink: inout TextSink, isKorean: Bool) {
        var designated = isKorean ? Meaning.uhc : .gb2312
        var shiftedOnce = Meaning.unknownPair
        var isOut = false
        var index = 0
        while index < source.count, !sink.isFull {
            switch source[index] {
            case 0x1B where source.hasPrefix(ignoringCase: "$)C", from: index + 1):
                designated = .uhc
                index += 4
            case 0x1B where source.hasPrefix(ignoringCase: "$)A", from: index + 1):
                designated = .gb2312
                index += 4
            case 0x1B where source.hasPrefix(ignoringCase: "$)G", from: index + 1):
                designated = .cns1
                index += 4
            case 0x1B where source.hasPrefix(ignoringCase: "$*", from: index + 1):
                shiftedOnce = source.hasPrefix(ignoringCase: "$*H", from: index + 1) ? .cns2 : .unknownPair
                index += min(4, source.count - index)
            case 0x1B where !isKorean && source.hasPrefix(ignoringCase: "N", from: index + 1):
                // Single shift: one character of the set for it.
                index += 2
                if index < source.count { index += character(source, index, shiftedOnce, &sink) }
            case 0x1B
            where source.hasPrefix(ignoringCase: "$)", from: index + 1):
                designated = .unknownPair
                index += min(4, source.count - index)
            case 0x0E:
                isOut = true
                index += 1
            case 0x0F:
                isOut = false
                index += 1
            default:
                if source[index] == 0x0A { isOut = false }
                index += character(source, index, isOut ? designated : .ascii, &sink)
            }
        }
    }

    /// HZ (RFC 1843): `~{` and `~}` switch.
    static func hz(_ source: Span<UInt8>, _ sink: inout TextSink) {
        var meaning = Meaning.ascii
        var index = 0
        while index < source.count, !sink.isFull {
            let byte = source[index]
            if byte == 0x7E, index + 1 < source.count, let length = tilde(source[index + 1], &meaning, &sink) {
                index += length
                continue
            }
            if byte == 0x0A { meaning = .ascii }
            index += character(source, index, meaning, &sink)
        }
    }

    /// What `~` and `next` mean; nil when they are nothing special.
    private static func tilde(_ next: UInt8, _ meaning: inout Meaning, _ sink: inout TextSink) -> Int? {
        switch (next, meaning) {
        case (0x7D, .gb2312): meaning = .ascii
        case (_, .gb2312): return nil
        case (0x7B, _): meaning = .gb2312
        case (0x7E, _): sink.put(0x7E)
        case (0x0A, _): break
        default: return nil
        }
        return 2
    }
}
