/// The text of a rule with its `$1`, `${1}`, `$(1)` and `$$` (`pcre_table(5)`, "TEXT SUBSTITUTION").
package struct ResultTemplate: Hashable, Sendable {
    /// One piece.
    enum Piece: Hashable, Sendable {
        case literal([UInt8])
        case capture(Int)
    }

    let pieces: [Piece]
    /// The largest number that is used; 0 for none.
    package let highestCapture: Int

    /// Why a text cannot be used, in Postfix's words; without the file's name where Postfix has none.
    struct Problem: Error {
        var text: String
        /// Postfix says file and line in front.
        var isPlaced: Bool
    }

    /// Reads a text.
    init(_ text: [UInt8], type: TableType) throws(Problem) {
        var pieces: [Piece] = []
        var literal: [UInt8] = []
        var highest = 0
        var index = 0
        while index < text.count {
            guard text[index] == 0x24 else {
                literal.append(text[index])
                index += 1
                continue
            }
            if index + 1 < text.count, text[index + 1] == 0x24 {
                literal.append(0x24)
                index += 2
                continue
            }
            if !literal.isEmpty { pieces.append(.literal(literal)) }
            literal = []
            let number = try Self.number(Self.reference(text, &index), type)
            highest = max(highest, number)
            pieces.append(.capture(number))
        }
        if !literal.isEmpty { pieces.append(.literal(literal)) }
        self.pieces = pieces
        highestCapture = highest
    }

    /// The name behind a `$`; `index` moves behind it.
    private static func reference(_ text: [UInt8], _ index: inout Int) throws(Problem) -> [UInt8] {
        index += 1
        var name: [UInt8] = []
        let open = index < text.count ? text[index] : 0
        if open == 0x28 || open == 0x7B {
            let close: UInt8 = open == 0x28 ? 0x29 : 0x7D
            var level = 1
            index += 1
            while index < text.count {
                let byte = text[index]
                index += 1
                if byte == open { level += 1 }
                if byte == close { level -= 1 }
                if level == 0 { break }
                name.append(byte)
            }
            if level > 0 { throw Problem(text: "truncated macro reference: \"\(text.text)\"", isPlaced: false) }
        } else {
            while index < text.count, isAlphanumeric(text[index]) || text[index] == 0x5F {
                name.append(text[index])
                index += 1
            }
        }
        if name.isEmpty { throw Problem(text: "empty macro name: \"\(text.text)\"", isPlaced: false) }
        return name
    }

    private static func number(_ name: [UInt8], _ type: TableType) throws(Problem) -> Int {
        guard name.allSatisfy(isDigit) else {
            throw Problem(text: "non-numeric replacement index \"\(name.text)\"", isPlaced: true)
        }
        // More digits than any pattern has groups: the comparison with the pattern refuses it.
        let number = Int(name.text) ?? Int(Int32.max)
        guard number >= 1 else {
            let words = type == .pcre ? "out of range" : "out-of-range"
            throw Problem(text: "\(words) replacement index \"\(name.text)\"", isPlaced: true)
        }
        return min(number, Int(Int32.max))
    }

    /// The text with a mark in the place of what each group will have matched.
    package func marked(_ mark: UInt8) -> [UInt8] {
        pieces.flatMap { piece in
            switch piece {
            case .literal(let bytes): bytes
            case .capture: [mark]
            }
        }
    }

    /// The text with what the groups matched; a group that took no part stands for nothing.
    /// - Parameters:
    ///   - subject: the text that matched.
    ///   - groups: where each group stands in it; the first is the whole match.
    package func expanded(_ subject: [UInt8], _ groups: [Range<Int>?]) -> [UInt8] {
        expanded(
            groups.map { group in
                guard let range = group, range.lowerBound >= 0, range.upperBound <= subject.count else { return nil }
                return Array(subject[range])
            })
    }

    /// The text with what the groups matched; nil, and a group that is not there, stand for nothing.
    package func expanded(_ groups: [[UInt8]?]) -> [UInt8] {
        var out: [UInt8] = []
        for piece in pieces {
            switch piece {
            case .literal(let bytes): out += bytes
            case .capture(let number): if number < groups.count, let group = groups[number] { out += group }
            }
        }
        return out
    }
}
