internal import Bytes

/// Base64 as decoders read it that are not RFC 2045's. Only for bodies in which something was odd: one character at a time.
struct LooseBase64 {
    let decoding: Decoding
    let limit: Int

    private enum Character {
        case value(UInt32)
        case padding
        case lineEnd
        case blank
        case junk
    }

    func decode(_ body: Span<UInt8>, into output: inout [UInt8]) -> DecodeResult {
        let start = output.count
        var bits: UInt32 = 0
        var count = 0
        var index = 0
        var isLineStart = true
        // Padding within the group, for decoders that count it.
        var padding = 0

        func flush(_ octets: Int) {
            let whole = bits << UInt32(6 * (4 - count))
            for place in 0..<octets { output.append(UInt8(truncatingIfNeeded: whole >> UInt32(16 - 8 * place))) }
            bits = 0
            count = 0
            padding = 0
        }

        while index < body.count {
            if output.count - start > limit { break }
            if isLineStart, decoding == .withoutJunkLines, hasJunk(body, index) {
                index = (body.firstIndex(of: 0x0A, from: index) ?? body.count - 1) + 1
                continue
            }
            let kind = character(body[index])
            if case .lineEnd = kind, isLineStart, decoding == .stopAtBlankLine, output.count > start || count > 0 {
                break
            }
            if case .blank = kind {} else { isLineStart = false }
            index += 1
            switch kind {
            case .value(let value):
                bits = bits << 6 | value
                count += 1
                if count + padding == 4 { flush(count - 1) }
            case .padding:
                if decoding == .withoutPadding { continue }
                if decoding == .paddingInGroups {
                    padding += 1
                    if count + padding == 4 { flush(max(0, count - 1)) }
                    continue
                }
                if count > 1 { flush(count - 1) }
                bits = 0
                count = 0
                if decoding == .stopAtPadding { index = body.count }
            case .lineEnd:
                isLineStart = true
                if decoding == .lineEndsGroup, count > 1 { flush(count - 1) }
                if decoding == .lineGroups || decoding == .lineEndsGroup {
                    bits = 0
                    count = 0
                }
            case .blank:
                break
            case .junk:
                if decoding == .stopAtJunk { index = body.count }
                if decoding == .junkEndsLine { index = body.firstIndex(of: 0x0A, from: index) ?? body.count }
            }
        }
        if count > 1 { flush(count - 1) }
        let isCut = output.count - start > limit
        if isCut { output.removeLast(output.count - start - limit) }
        return DecodeResult(limitReached: isCut)
    }

    /// A foreign character before the end of the line.
    private func hasJunk(_ body: Span<UInt8>, _ start: Int) -> Bool {
        var index = start
        while index < body.count {
            switch character(body[index]) {
            case .lineEnd: return false
            case .junk: return true
            case .value, .padding, .blank: index += 1
            }
        }
        return false
    }

    private func character(_ byte: UInt8) -> Character {
        switch byte {
        case 0x41...0x5A: return .value(UInt32(byte) - 0x41)
        case 0x61...0x7A: return .value(UInt32(byte) - 0x61 + 26)
        case 0x30...0x39: return .value(UInt32(byte) - 0x30 + 52)
        case 0x2B: return .value(62)
        case 0x2F: return .value(63)
        case 0x3D: return .padding
        case 0x0A: return .lineEnd
        case 0x20, 0x09, 0x0D, 0x0B, 0x0C: return .blank
        case 0x2D where decoding == .urlAlphabet: return .value(62)
        case 0x5F where decoding == .urlAlphabet: return .value(63)
        default: return .junk
        }
    }
}
