internal import Bytes

/// Literals of which no file is known that they are, for script that makes files of them.
extension TextLiterals {
    /// Starts behind pieces of other lengths that are handed on as well.
    private static let unknownStarts = 4

    /// Hands on what the literals of a page are whose script makes files of them, whatever that is.
    static func handUnknown(_ bytes: Span<UInt8>, _ result: Result, _ extraction: Extraction) {
        handUnknown(bytes, result.unknown, extraction)
        handUnknown(result.words.span, result.unknownInWords, extraction)
    }

    private static func handUnknown(
        _ bytes: Span<UInt8>, _ literals: [(range: Range<Int>, literal: Literal)], _ extraction: Extraction
    ) {
        let table = CharacterClasses.table
        for (range, literal) in literals {
            handUnknown(bytes, range, literal, extraction)
            for start in startsOutOfStep(bytes, range, literal, table.span) {
                let rest = Self.literal(bytes, start, table.span)
                handUnknown(bytes, start..<rest.end, rest, extraction)
            }
        }
    }

    private static func handUnknown(
        _ bytes: Span<UInt8>, _ range: Range<Int>, _ literal: Literal, _ extraction: Extraction
    ) {
        guard extraction.countItem() else { return }
        let plain = plainText(bytes, range, literal)
        // Tokens and sums are as short: a piece of a file in one of them is no damage.
        let role: DocumentRole = literal.characters < longText ? .quotedLiteral : .literal
        if literal.isHexadecimal {
            var collector = HexadecimalCollector()
            for octet in plain { collector.add(octet) }
            _ = hand(collector.finish(), role, extraction, isFile: true)
        } else {
            _ = hand(EncodedText.decodeBase64(plain.span, limit: extraction.room), role, extraction, isFile: true)
        }
    }

    /// Where a literal that is no file goes on behind pieces of other lengths that leave what follows out of step.
    private static func startsOutOfStep(
        _ bytes: Span<UInt8>, _ range: Range<Int>, _ literal: Literal, _ classes: Span<UInt8>
    ) -> [Int] {
        guard literal.hasPieces else { return [] }
        var starts: [Int] = []
        var (last, characters) = (0, 0)
        var pieces = LiteralPieces(range, literal)
        while starts.count < unknownStarts, let piece = pieces.next(bytes, classes) {
            if characters % 4 != 0, piece.count > last, range.upperBound - piece.lowerBound >= shortestText {
                starts.append(piece.lowerBound)
                characters = 0
            }
            last = piece.count
            characters += piece.count
        }
        return starts
    }
}
