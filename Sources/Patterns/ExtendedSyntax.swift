/// Patterns with the flag `x` (pcre): blanks and comments in them mean nothing (`PCRE2_EXTENDED` of pcre2pattern(3)).
enum ExtendedSyntax {
    /// The pattern without its blanks and comments; what stands in brackets or behind a backslash stays.
    static func stripped(_ pattern: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        var index = 0
        while index < pattern.count {
            let byte = pattern[index]
            switch byte {
            case 0x5C:
                out += pattern[index..<min(index + 2, pattern.count)]
                index += 2
            case 0x5B:
                let end = bracketEnd(pattern, index)
                out += pattern[index..<end]
                index = end
            case 0x28 where pattern[index...].starts(with: [0x28, 0x3F, 0x23]):
                // A comment in parentheses, which may hold a `#` of its own.
                let end = pattern[index...].firstIndex(of: 0x29) ?? pattern.count - 1
                out += pattern[index...end]
                index = end + 1
            case 0x23:
                index = (pattern[index...].firstIndex(of: 0x0A) ?? pattern.count - 1) + 1
            case 0x09...0x0D, 0x20:
                index += 1
            default:
                out.append(byte)
                index += 1
            }
        }
        return out
    }

    /// Where the class ends that begins at `start`; a `]` at its start is a member, and so is one in `[:name:]`.
    private static func bracketEnd(_ pattern: [UInt8], _ start: Int) -> Int {
        var index = start + 1
        if index < pattern.count, pattern[index] == 0x5E { index += 1 }
        if index < pattern.count, pattern[index] == 0x5D { index += 1 }
        while index < pattern.count, pattern[index] != 0x5D {
            if pattern[index] == 0x5C {
                index += 2
            } else if pattern[index...].starts(with: [0x5B, 0x3A]),
                let close = pattern[(index + 2)...].firstIndex(of: 0x5D), pattern[close - 1] == 0x3A
            {
                index = close + 1
            } else {
                index += 1
            }
        }
        return min(index + 1, pattern.count)
    }
}
