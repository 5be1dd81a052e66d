internal import Bytes
internal import Members

/// Files that begin with a later piece of a literal: a word, a name or a sum in front of base64 or digits has letters of base64
/// as well, and all behind it would be decoded out of step (attack G1).
extension TextLiterals {
    /// Pieces that are asked for marks further in than the first two octets.
    private static let pieceHeads = 64
    /// Starts of files that are decoded in one literal. Each is decoded to the end.
    private static let starts = 16
    /// Octets of a literal, from which on a file in it is taken for one that is only shown.
    private static let front = 1_024

    /// Hands on the files that begin with a later piece. Where a file begins in front of it, only pieces out of step with that or
    /// of another length than the line before are tried: all others are its lines.
    /// - Parameter isFile: one begins with the first piece.
    /// - Returns: whether there is any.
    static func pieces(
        _ bytes: Span<UInt8>, _ range: Range<Int>, _ literal: Literal, isFile: Bool, _ role: DocumentRole,
        _ classes: Span<UInt8>, _ extraction: Extraction
    ) -> Bool {
        var isFile = isFile
        var (heads, found, characters, last) = (0, 0, 0, 0)
        var pieces = LiteralPieces(range, literal)
        while let piece = pieces.next(bytes, classes), range.upperBound - piece.lowerBound >= shortestText {
            let isLine = characters % 4 == 0 && piece.count == last
            let isFirst = characters == 0
            last = piece.count
            characters += piece.count
            guard !isFirst, !isLine || !isFile else { continue }
            heads += 1
            guard heads <= pieceHeads || mayBegin(bytes, piece),
                beginsFile(bytes, piece.lowerBound..<range.upperBound, literal)
            else { continue }
            guard found < starts, extraction.countItem() else {
                extraction.problem(.encodedFiles)
                return isFile
            }
            found += 1
            let isShown = isFile || piece.lowerBound - range.lowerBound > front
            let start = piece.lowerBound
            let file = Self.literal(bytes, start, classes)
            if decode(bytes, start, file, isShown ? .quotedLiteral : role, extraction) {
                isFile = true
                characters = piece.count
            }
        }
        return isFile
    }

    private static func beginsFile(_ bytes: Span<UInt8>, _ range: Range<Int>, _ literal: Literal) -> Bool {
        let head = bytes.extracting(range.lowerBound..<min(range.upperBound, range.lowerBound + front))
        guard literal.needsCleaning else { return beginsFile(head, Literal(end: head.count)) }
        let plain = cleaned(head)
        return beginsFile(plain.span, Literal(end: plain.count))
    }

    /// The first two octets are those of a file, in base64 or digits.
    static func mayBegin(_ bytes: Span<UInt8>, _ piece: Range<Int>) -> Bool {
        guard piece.count >= 4 else { return true }
        let at = piece.lowerBound
        let head = EncodedText.decodeBase64(bytes.extracting(at..<at + 4), limit: 2)
        if head.count < 2 || FileSignature.mayBegin(head[0], head[1]) { return true }
        guard let first = octet(bytes, at), let second = octet(bytes, at + 2) else { return false }
        return FileSignature.mayBegin(first, second)
    }

    private static func octet(_ bytes: Span<UInt8>, _ at: Int) -> UInt8? {
        guard let high = hexadecimalValue(bytes[at]), let low = hexadecimalValue(bytes[at + 1]) else { return nil }
        return high << 4 | low
    }
}

/// The pieces of a literal, in order.
struct LiteralPieces {
    private var at: Int
    private let end: Int
    private let gaps: [Range<Int>]
    private var gap = 0

    init(_ range: Range<Int>, _ literal: TextLiterals.Literal) {
        (at, end, gaps) = (range.lowerBound, range.upperBound, literal.gaps)
    }

    mutating func next(_ bytes: Span<UInt8>, _ classes: Span<UInt8>) -> Range<Int>? {
        let base64 = CharacterClasses.base64.rawValue
        while at < end {
            while gap < gaps.count, gaps[gap].lowerBound < at { gap += 1 }
            if gap < gaps.count, gaps[gap].lowerBound == at {
                at = max(at, gaps[gap].upperBound)
                gap += 1
                continue
            }
            if bytes[at] == UInt8(ascii: "\\"), TextLiterals.isLineEnd(bytes, at) {
                at += 2
                continue
            }
            guard classes[Int(bytes[at])] & base64 != 0 else {
                at += 1
                continue
            }
            let start = at
            let most = gap < gaps.count ? min(end, gaps[gap].lowerBound) : end
            while at < most, classes[Int(bytes[at])] & base64 != 0 || bytes.hasBytes("\\/", at: at) { at += 1 }
            // A sign of addition between two pieces.
            if at - start == 1, bytes[start] == UInt8(ascii: "+") { continue }
            return start..<at
        }
        return nil
    }
}
