/// A pattern of Perl as a file of rules has it: on one line, between slashes, in UTF-8.
enum PerlPattern {
    /// The pattern with its slashes, and its flags.
    /// - Throws: what PCRE2 has no words for.
    static func written(_ pattern: PatternText) throws(Refusal) -> (pattern: [UInt8], flags: [UInt8]) {
        let layout = PerlLayout.removed(from: utf8(pattern.bytes), isExtended: pattern.flags.contains(.extended))
        let flags = pattern.flags.subtracting(.extended)
        let bytes: [UInt8]
        switch PerlClasses.written(
            layout, isUnicode: flags.contains(.unicodeClasses), isCaseless: flags.contains(.caseless))
        {
        case .pattern(let pattern): bytes = pattern
        case .refused(let words): throw Refusal(text: words)
        }
        var out: [UInt8] = [0x2F]
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            switch byte {
            case 0x5C where index + 1 < bytes.count && bytes[index + 1] != 0x0A:
                out += bytes[index...(index + 1)]
                index += 1
            case 0x2F: out += [0x5C, 0x2F]
            case 0x0A: out += [0x5C, 0x6E]
            case 0x0D: out += [0x5C, 0x72]
            case 0x09: out += [0x5C, 0x74]
            default: out.append(byte)
            }
            index += 1
        }
        let letters: [(PatternFlags, UInt8)] = [(.caseless, 0x69), (.multiline, 0x6D), (.dotAll, 0x73)]
        return (out + [0x2F], letters.filter { flags.contains($0.0) }.map(\.1))
    }

    /// Why a pattern cannot be taken.
    struct Refusal: Error {
        var text: String
    }

    /// Letters in it that Perl reads as octets, unless the file says `use utf8`.
    static func hasOctets(_ pattern: [UInt8]) -> Bool {
        pattern.contains { $0 >= 0x80 } && String(validating: pattern, as: UTF8.self) != nil
    }

    /// The words of the first comment in it, `(?#...)`; nil without one.
    static func comment(_ pattern: [UInt8]) -> [UInt8]? {
        guard pattern.count > 3 else { return nil }
        for start in 0..<(pattern.count - 3) where pattern[start...].starts(with: [0x28, 0x3F, 0x23]) {
            guard let end = pattern[start...].firstIndex(of: 0x29) else { return nil }
            return Array(pattern[(start + 3)..<end].drop { isSpace($0) }).trimmedAtEnd
        }
        return nil
    }

    /// What is no UTF-8 is Latin-1, as Perl takes it.
    private static func utf8(_ bytes: [UInt8]) -> [UInt8] {
        if String(validating: bytes, as: UTF8.self) != nil { return bytes }
        return bytes.flatMap { byte in byte < 0x80 ? [byte] : [0xC0 | byte >> 6, 0x80 | byte & 0x3F] }
    }

    /// `\Q` or `\E` stands in it.
    static func hasQuoting(_ pattern: [UInt8]) -> Bool {
        var index = 0
        while index + 1 < pattern.count {
            if pattern[index] == 0x5C {
                if pattern[index + 1] == 0x51 || pattern[index + 1] == 0x45 { return true }
                index += 1
            }
            index += 1
        }
        return false
    }
}
