internal import Bytes

/// Quoted-printable as decoders read it that differ on what is no escape. Only for bodies in which something was odd.
struct LooseQuotedPrintable {
    let decoding: Decoding
    let limit: Int

    func decode(_ body: Span<UInt8>, into output: inout [UInt8]) -> DecodeResult {
        guard decoding == .withoutHalfEscapes else { return decodeBytes(body, into: &output) }
        return decodeBytes(Self.withoutHalfEscapes(body).span, into: &output)
    }

    /// Without each `=` that has a small letter behind it, or one character and then another `=`; with that character.
    private static func withoutHalfEscapes(_ body: Span<UInt8>) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(body.count)
        var index = 0
        while index < body.count {
            if body[index] == 0x3D, index + 1 < body.count, hexadecimalValue(body[index + 1]) != nil {
                let isSmall = body[index + 1] >= 0x61
                let isHalf = index + 2 < body.count && body[index + 2] == 0x3D
                if isSmall || isHalf {
                    index += 2
                    continue
                }
            }
            out.append(body[index])
            index += 1
        }
        return out
    }

    private func decodeBytes(_ body: Span<UInt8>, into output: inout [UInt8]) -> DecodeResult {
        let start = output.count
        var index = 0
        while index < body.count, output.count - start <= limit {
            let byte = body[index]
            guard byte == 0x3D else {
                index += 1
                if decoding == .onlyAllowed {
                    let isText = byte >= 0x20 && byte < 0x7F || byte == 0x09 || byte == 0x0D || byte == 0x0A
                    if !isText || isBlankBeforeLineEnd(body, index - 1) { continue }
                }
                if decoding != .escapesOnly { output.append(byte) }
                continue
            }
            index = escape(body, index, into: &output)
        }
        let isCut = output.count - start > limit
        if isCut { output.removeLast(output.count - start - limit) }
        return DecodeResult(limitReached: isCut)
    }

    /// Reads what `=` at `start` begins. Returns where to go on.
    private func escape(_ body: Span<UInt8>, _ start: Int, into output: inout [UInt8]) -> Int {
        if start + 2 < body.count, let high = hexadecimalValue(body[start + 1]),
            let low = hexadecimalValue(body[start + 2])
        {
            output.append(high << 4 | low)
            return start + 3
        }
        if decoding == .withoutHexPrefixes, let digits = QuotedPrintable.hexPrefix(body, at: start + 1),
            let high = hexadecimalValue(body[digits]), let low = hexadecimalValue(body[digits + 1])
        {
            output.append(high << 4 | low)
            return digits + 2
        }
        if decoding == .splitEscapes, let (octet, next) = split(body, start) {
            output.append(octet)
            return next
        }
        var index = start + 1
        while index < body.count, body[index] == 0x20 || body[index] == 0x09 || body[index] == 0x0D { index += 1 }
        guard index < body.count else { return body.count }
        if body[index] == 0x0A { return index + 1 }
        switch decoding {
        case .withoutStrayEscapes:
            return min(start + 3, body.count)
        case .strayEqualsEndsLine:
            return (body.firstIndex(of: 0x0A, from: start) ?? body.count - 1) + 1
        default:
            return start + 1
        }
    }

    /// Two digits with at most four octets of line ends, blanks and `=` around the first.
    private func split(_ body: Span<UInt8>, _ start: Int) -> (octet: UInt8, next: Int)? {
        var digits: [UInt8] = []
        var index = start + 1
        var passed = 0
        while index < body.count, passed <= 4 {
            if let digit = hexadecimalValue(body[index]) {
                digits.append(digit)
                index += 1
                if digits.count == 2 { return (digits[0] << 4 | digits[1], index) }
                continue
            }
            // A soft line break before the first digit is just that, unless it has an `=` of its own.
            let isBreak = body[index] == 0x0D || body[index] == 0x0A
            guard !digits.isEmpty || !isBreak || passed > 0 else { return nil }
            switch body[index] {
            case 0x0D, 0x0A, 0x20, 0x09, 0x3D: index += 1
            default: return nil
            }
            passed += 1
        }
        return nil
    }

    /// A blank with nothing but blanks between it and the end of its line. At most 80 are looked at.
    private func isBlankBeforeLineEnd(_ body: Span<UInt8>, _ start: Int) -> Bool {
        guard body[start] == 0x20 || body[start] == 0x09 else { return false }
        var index = start
        while index < body.count, index - start < 80 {
            switch body[index] {
            case 0x20, 0x09, 0x0D: index += 1
            case 0x0A: return true
            default: return false
            }
        }
        return index == body.count
    }
}
