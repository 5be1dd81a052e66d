internal import Bytes

/// Literals that a program joins line by line, and paths in front of one.
extension TextLiterals {
    /// Octets that a program may have around a piece on its line, and of the longest such piece.
    private static let affix = 64
    private static let linePiece = 1_024

    /// Passes over what follows a piece on its line and what the next line begins with, where that is what stood in front of
    /// the first piece: `echo PIECE>>file`, `s = s & "PIECE"`. Only of what begins like a file: lists of sums have such lines, too.
    static func passAffixes(
        _ bytes: Span<UInt8>, _ start: Int, _ at: inout Int, _ literal: inout Literal, _ classes: Span<UInt8>
    ) -> Bool {
        guard literal.firstPiece <= linePiece else { return false }
        if let piece = nextStatement(bytes, start, literal, classes) {
            literal.gaps.append(literal.end..<piece)
            at = piece
            return true
        }
        guard
            let lineEnd = bytes.extracting(literal.end..<min(bytes.count, literal.end + affix)).firstIndex(of: 0x0A)
        else { return false }
        var line = start
        while line > 0, start - line <= affix, bytes[line - 1] != 0x0A { line -= 1 }
        let prefix = bytes.extracting(line..<start)
        let next = literal.end + lineEnd + 1
        let piece = next + prefix.count
        guard prefix.count <= affix, piece < bytes.count, bytes.hasBytes(prefix, at: next),
            classes[Int(bytes[piece])] & CharacterClasses.base64.rawValue != 0,
            !prefix.indices.allSatisfy({ classes[Int(prefix[$0])] & CharacterClasses.joint.rawValue != 0 }),
            !literal.gaps.isEmpty || mayBeginFile(bytes.extracting(start..<literal.end), literal)
        else { return false }
        literal.gaps.append(literal.end..<piece)
        at = piece
        return true
    }

    /// The piece in the next statement, which may stand on the same line, where that has in front of its quotes what the one of
    /// the first piece has: `a.push("PIECE");a.push("PIECE")`, `s+='PIECE';s+='PIECE'`.
    private static func nextStatement(
        _ bytes: Span<UInt8>, _ start: Int, _ literal: Literal, _ classes: Span<UInt8>
    ) -> Int? {
        guard let first = start > 0 ? bytes[start - 1] : nil, isQuote(first) else { return nil }
        let most = min(bytes.count, literal.end + affix)
        var at = literal.end
        while at < most, bytes[at] != UInt8(ascii: ";"), bytes[at] != 0x0A { at += 1 }
        while at < most, bytes[at] == UInt8(ascii: ";") || bytes[at] <= 0x20 { at += 1 }
        let statement = at
        while at < min(bytes.count, statement + affix), bytes[at] != first { at += 1 }
        let piece = at + 1
        let prefix = bytes.extracting(bytes.range(statement, piece - statement))
        guard prefix.count > 1, piece < bytes.count, bytes.hasBytes(prefix, at: start - prefix.count),
            classes[Int(bytes[piece])] & CharacterClasses.base64.rawValue != 0,
            !literal.gaps.isEmpty || mayBeginFile(bytes.extracting(start..<literal.end), literal)
        else { return nil }
        return piece
    }

    private static func isQuote(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") || byte == UInt8(ascii: "`")
    }

    /// The header of a program is longer than a line: its first two octets are enough.
    private static func mayBeginFile(_ line: Span<UInt8>, _ literal: Literal) -> Bool {
        line.hasBytes("TV", at: 0) || line.hasPrefix(ignoringCase: "4D5A") || beginsFile(line, literal)
    }

    /// Slashes of an address or path, behind which base64 may begin, that are tried.
    private static let slashes = 8

    /// Letters of a path are letters of base64: it may begin behind each slash.
    static func decodeBehindPath(
        _ text: Span<UInt8>, _ literal: Literal, _ role: DocumentRole, _ extraction: Extraction
    ) -> Bool {
        let head = text.extracting(0..<min(text.count, slashedPrefix))
        var from = 0
        for _ in 0..<slashes {
            guard let slash = head.firstIndex(of: UInt8(ascii: "/"), from: from) else { return false }
            from = slash + 1
            guard text.count - from >= shortestText else { return false }
            if decode(text.extracting(from..<text.count), literal, role, extraction) { return true }
        }
        return false
    }

    /// Visual Basic goes on in the next line behind `& _`: the place of the next piece.
    static func endOfContinuation(_ bytes: Span<UInt8>, _ at: Int) -> Int? {
        guard bytes[at] == UInt8(ascii: "&") || bytes[at] == UInt8(ascii: "_") else { return nil }
        var end = at
        var lines = 0
        while end < bytes.count, end - at < affix {
            switch bytes[end] {
            case UInt8(ascii: "&"), UInt8(ascii: "_"), 0x20, 0x09, 0x0D: break
            case 0x0A: lines += 1
            case 0x22: return lines == 1 || bytes[at] == UInt8(ascii: "&") ? end + 1 : nil
            default: return nil
            }
            end += 1
        }
        return nil
    }

    /// Octets of markup between two pieces of a text.
    private static let markup = 1_024

    /// Passes over sections' marks, comments and instructions, which may cut the text of an element in XML (XML 1.0 sections 2.5
    /// to 2.7); false where there are none, or nothing else near behind them.
    static func passMarkup(_ bytes: Span<UInt8>, _ at: inout Int, _ literal: inout Literal) -> Bool {
        guard at < bytes.count, bytes[at] == UInt8(ascii: "]") || bytes[at] == UInt8(ascii: "<") else { return false }
        let most = min(bytes.count, at + markup)
        let near = bytes.extracting(0..<most)
        var end = at
        while end < most {
            if bytes[end] <= 0x20 {
                end += 1
            } else if let mark = sections.first(where: { bytes.hasBytes($0, at: end) }) {
                end += mark.utf8CodeUnitCount
            } else if let mark = asides.first(where: { bytes.hasBytes($0.start, at: end) }) {
                guard let close = near.firstIndex(of: mark.end, from: end + mark.start.utf8CodeUnitCount) else {
                    return false
                }
                end = close + mark.end.utf8CodeUnitCount
            } else {
                guard end > at else { return false }
                literal.gaps.append(literal.end..<end)
                at = end
                return true
            }
        }
        return false
    }

    private static let sections: [StaticString] = ["]]>", "<![CDATA["]
    private static let asides: [(start: StaticString, end: StaticString)] = [("<!--", "-->"), ("<?", "?>")]
}
