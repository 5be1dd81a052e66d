internal import Bytes

/// Quoted-printable as decoders read it that differ on what is no escape. Only for bodies in which something was odd.
struct LooseQuotedPrintable {
    let decoding: Decoding
    let limit: Int

    func decode(_ body: Span<UInt8>, into output: inout [UInt8]) -> DecodeResult {
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
                output.append(byte)
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
        if start + 2 < body.count, let high = Hex.value(body[start + 1]), let low = Hex.value(body[start + 2]) {
            output.append(high << 4 | low)
            return start + 3
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
