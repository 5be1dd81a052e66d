internal import Bytes

/// What a field value can be taken for by readers that differ in quoting, comments, folding, encoded words and RFC 2231.
/// Each function gives every candidate once.
enum LooseValue {
    /// Most candidates for one parameter.
    private static let mostCandidates = 32
    /// Longest value that is looked at, octets.
    static let longest = 8192

    /// True when the value names an encoding that needs decoding, in whatever disguise.
    static func named(_ value: [UInt8]) -> Bool {
        // An honest mistake of real software.
        if equalIgnoringCase(value, "quoted printable") { return false }
        let word = String(decoding: value.prefix(longest).map(asciiLower).filter(isWordByte), as: UTF8.self)
        return ["base64", "quotedprintable", "quoted", "uue"].contains { word.contains($0) }
            || word.hasSuffix("uu") || EncodedWords.areIn(value)
    }

    /// Encodings that a `Content-Transfer-Encoding` value may mean; both real ones when it is beyond all of them.
    static func encodings(_ value: [UInt8]) -> [TransferEncoding] {
        var found: [TransferEncoding] = []
        func add(_ encoding: TransferEncoding) {
            if !found.contains(encoding) { found.append(encoding) }
        }
        for text in texts(value) {
            let word = String(decoding: text.map(asciiLower).filter(isWordByte), as: UTF8.self)
            if word.contains("64") { add(.base64) }
            if word.contains("qu") || word.contains("print") || word.contains("qp") { add(.quotedPrintable) }
            if word.contains("uu") { add(.uuencode) }
        }
        if found.isEmpty {
            let word = String(decoding: value.map(asciiLower).filter(isWordByte), as: UTF8.self)
            if !["7bit", "8bit", "binary", ""].contains(word) { found = [.base64, .quotedPrintable] }
        }
        return found
    }

    /// Candidates for parameters whose name ends with `name`, wherever that stands in the value.
    static func parameters(_ name: [UInt8], in value: [UInt8]) -> [[UInt8]] {
        var found: [[UInt8]] = []
        var seen: Set<[UInt8]> = []
        func add(_ candidate: [UInt8]) {
            let text = FieldBody.trimmed(candidate[...])
            guard !text.isEmpty, found.count < mostCandidates, seen.insert(text).inserted else { return }
            found.append(text)
        }
        for text in texts(value) {
            for rest in rests(name, in: text) {
                for cut in cuts(rest) {
                    add(cut)
                    add(unescaped(cut))
                    add(Hex.decoded(cut[...]))
                    if EncodedWords.areIn(cut) { add(Array(EncodedWords.decoded(cut).utf8)) }
                    // `charset'language'` before an RFC 2231 value.
                    let pieces = cut.split(separator: 0x27, maxSplits: 2, omittingEmptySubsequences: false)
                    if pieces.count == 3 { add(Hex.decoded(pieces[2])) }
                }
            }
        }
        return found
    }

    /// The value as it stands, without comments, and with encoded words decoded; without NUL and line ends.
    private static func texts(_ value: [UInt8]) -> [[UInt8]] {
        let plain = value.prefix(longest).filter { $0 != 0 && $0 != 0x0D && $0 != 0x0A }
        var texts = [plain]
        if plain.contains(0x28) { texts.append(withoutComments(plain)) }
        if EncodedWords.areIn(plain) { texts.append(Array(EncodedWords.decoded(plain).utf8)) }
        return texts
    }

    private static func withoutComments(_ text: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        var depth = 0
        for byte in text {
            if byte == 0x28 {
                depth += 1
            } else if byte == 0x29, depth > 0 {
                depth -= 1
            } else if depth == 0 {
                out.append(byte)
            }
        }
        return out
    }

    /// What stands behind each `name` and its equals sign. At most eight.
    private static func rests(_ name: [UInt8], in text: [UInt8]) -> [[UInt8]] {
        let low = text.map(asciiLower)
        var rests: [[UInt8]] = []
        var from = 0
        while rests.count < 8, let hit = low.span.firstIndex(of: name.span, from: from) {
            from = hit + name.count
            var index = from
            while index < text.count, isMark(text[index]) { index += 1 }
            guard index < text.count, text[index] == 0x3D else { continue }
            index += 1
            while index < text.count, FieldBody.isBlank(text[index]) || text[index] == 0x3D { index += 1 }
            rests.append(Array(text[index...]))
        }
        return rests
    }

    /// The places where readers end a value.
    private static func cuts(_ rest: [UInt8]) -> [[UInt8]] {
        var cuts: [[UInt8]] = []
        func cut(_ text: ArraySlice<UInt8>, _ isEnd: (UInt8) -> Bool) {
            cuts.append(Array(text[..<(text.firstIndex(where: isEnd) ?? text.endIndex)]))
        }
        let pairs: [UInt8: UInt8] = [0x22: 0x22, 0x27: 0x27, 0x3C: 0x3E, 0x60: 0x60]
        if let first = rest.first, let quote = pairs[first] {
            let inner = rest.dropFirst()
            cut(inner) { $0 == quote }
            if let end = closing(inner, quote) { cuts.append(Array(inner[..<end])) }
            cut(inner) { $0 == 0x3B }
        }
        cut(rest[...]) { $0 == 0x3B }
        cut(rest[...]) { $0 == 0x3B || $0 == 0x2C || FieldBody.isBlank($0) }
        cut(rest[...]) { $0 == 0x22 }
        cut(rest[...]) { $0 == 0x22 || $0 == 0x27 || $0 == 0x29 || $0 == 0x3B || $0 == 0x2C }
        cuts.append(rest)
        cuts.append(rest.filter { $0 != 0x22 && $0 != 0x5C })
        return cuts
    }

    /// The closing quote, backslashes respected.
    private static func closing(_ text: ArraySlice<UInt8>, _ quote: UInt8) -> Int? {
        var index = text.startIndex
        while index < text.endIndex {
            if text[index] == 0x5C {
                index += 1
            } else if text[index] == quote {
                return index
            }
            index += 1
        }
        return nil
    }

    private static func unescaped(_ text: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        var isEscaped = false
        for byte in text {
            if byte == 0x5C, !isEscaped {
                isEscaped = true
            } else {
                out.append(byte)
                isEscaped = false
            }
        }
        return out
    }

    /// Characters that may stand between a parameter's name and `=`: marks of RFC 2231 and blanks, quotes, escapes.
    private static func isMark(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x2A, 0x30...0x39, 0x20, 0x09, 0x0B, 0x0C, 0x22, 0x5C: true
        default: false
        }
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        byte >= 0x61 && byte <= 0x7A || byte >= 0x30 && byte <= 0x39
    }
}
