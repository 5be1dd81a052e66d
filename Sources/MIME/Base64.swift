/// Base64 (RFC 2045 section 6.8).
enum Base64 {
    /// Four tables of 256: the value of a character at the place it has in its group; `invalid` for all others, so that
    /// one comparison judges a whole group.
    private static let tables: [UInt32] = {
        var tables = [UInt32](repeating: invalid, count: 1024)
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        for (value, character) in alphabet.enumerated() {
            for place in 0..<4 {
                tables[place * 256 + Int(character)] = UInt32(value) << UInt32(18 - 6 * place)
            }
        }
        return tables
    }()

    private static let invalid: UInt32 = 0x0100_0000

    /// The group that is being collected.
    private struct Group {
        var bits: UInt32 = 0
        var characters = 0
        /// Padding was seen and no data since.
        var isPadded = false
        /// Padding characters that the last group still may have.
        var paddingLeft = 0
        /// Line ends since the last character; a blank line with data behind it ends the body for some readers.
        var lineEnds = 0
        var notes: DecodeResult.Notes = []
    }

    static func decode(_ body: Span<UInt8>, into output: inout [UInt8], limit: Int) -> DecodeResult {
        let start = output.count
        // Three octets for each four characters, and a group in progress; a limit above that can never cut.
        let most = body.count / 4 * 3 + 3
        let room = min(most, limit)
        output.append(contentsOf: repeatElement(0, count: room))
        let (written, result) = fill(&output, from: start, room: room, body)
        output.removeLast(room - written)
        return result
    }

    /// Writes into the `room` octets of `output` behind `start`; returns how many it used.
    private static func fill(
        _ output: inout [UInt8], from start: Int, room: Int, _ body: Span<UInt8>
    ) -> (written: Int, result: DecodeResult) {
        let tables = tables.span
        var out = output.mutableSpan
        var group = Group()
        var at = start
        let end = start + room
        var index = 0
        let count = body.count
        while index < count {
            if group.characters == 0 {
                // Whole groups at full speed; anything else falls through to one character at a time.
                let first = index
                while index + 4 <= count, at + 3 <= end {
                    let word =
                        tables[Int(body[index])] | tables[256 + Int(body[index + 1])]
                        | tables[512 + Int(body[index + 2])] | tables[768 + Int(body[index + 3])]
                    if word >= invalid { break }
                    out[at] = UInt8(truncatingIfNeeded: word >> 16)
                    out[at + 1] = UInt8(truncatingIfNeeded: word >> 8)
                    out[at + 2] = UInt8(truncatingIfNeeded: word)
                    at += 3
                    index += 4
                }
                if index > first { resumed(&group) }
                guard index < count else { break }
            }
            let byte = body[index]
            index += 1
            let value = tables[768 + Int(byte)]
            if value == invalid {
                guard byte == 0x3D else {
                    if byte == 0x0A {
                        group.lineEnds += 1
                        if group.characters > 0 { group.notes.insert(.splitGroup) }
                    } else if !isBlank(byte) {
                        group.notes.insert(.junk)
                        if byte == 0x2D || byte == 0x5F { group.notes.insert(.urlCharacters) }
                    }
                    continue
                }
                guard pad(&group, &out, &at, end) else {
                    return (at - start, DecodeResult(notes: group.notes, limitReached: true))
                }
                continue
            }
            resumed(&group)
            group.bits = group.bits << 6 | value
            group.characters += 1
            if group.characters == 4 {
                guard flush(&group, octets: 3, &out, &at, end) else {
                    return (at - start, DecodeResult(notes: group.notes, limitReached: true))
                }
            }
        }
        var cut = false
        if group.characters > 1 {
            group.notes.insert(.missingPadding)
            cut = !flushPartial(&group, &out, &at, end)
        } else if group.characters == 1 {
            group.notes.insert(.truncated)
        }
        return (at - start, DecodeResult(notes: group.notes, limitReached: cut))
    }

    /// A data character after padding: some readers stop at the padding, others go on.
    private static func resumed(_ group: inout Group) {
        if group.lineEnds > 1 { group.notes.insert(.dataAfterBlankLine) }
        group.lineEnds = 0
        guard group.isPadded else { return }
        group.isPadded = false
        group.paddingLeft = 0
        group.notes.insert(.dataAfterPadding)
    }

    private static func pad(
        _ group: inout Group, _ out: inout MutableSpan<UInt8>, _ at: inout Int, _ end: Int
    ) -> Bool {
        group.isPadded = true
        switch group.characters {
        case 0:
            if group.paddingLeft == 0 { group.notes.insert(.extraPadding) } else { group.paddingLeft -= 1 }
            return true
        case 1:
            group.notes.insert(.truncated)
            group.characters = 0
            group.bits = 0
            return true
        default:
            group.paddingLeft = 3 - group.characters
            return flushPartial(&group, &out, &at, end)
        }
    }

    /// Two characters hold one octet, three hold two.
    private static func flushPartial(
        _ group: inout Group, _ out: inout MutableSpan<UInt8>, _ at: inout Int, _ end: Int
    ) -> Bool {
        let octets = group.characters - 1
        group.bits <<= UInt32(6 * (4 - group.characters))
        return flush(&group, octets: octets, &out, &at, end)
    }

    /// False when the octets do not fit.
    private static func flush(
        _ group: inout Group, octets: Int, _ out: inout MutableSpan<UInt8>, _ at: inout Int, _ end: Int
    ) -> Bool {
        for place in 0..<octets {
            guard at < end else { return false }
            out[at] = UInt8(truncatingIfNeeded: group.bits >> UInt32(16 - 8 * place))
            at += 1
        }
        group.bits = 0
        group.characters = 0
        return true
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || (byte >= 0x09 && byte <= 0x0D)
    }
}
