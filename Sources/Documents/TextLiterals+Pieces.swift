internal import Bytes
internal import Members

/// Files that begin with a later piece of a literal: a word, a name or a sum in front of base64 or digits has letters of base64
/// as well, and all behind it would be decoded out of step (attack G1).
extension TextLiterals {
    /// Pieces that are asked for marks further in than the first two octets.
    private static let pieceHeads = 8
    /// Starts of files that are decoded in one literal, each to the end, and starts of which more has to be decoded to tell.
    private static let starts = 32
    private static let deepStarts = 16
    /// Octets in which the marks of images of CDs stand.
    private static let imageHead = 32_774
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
        var (heads, deep, found, characters, last) = (0, 0, 0, 0, 0)
        var pieces = LiteralPieces(range, literal)
        while let piece = pieces.next(bytes, classes), range.upperBound - piece.lowerBound >= shortestText {
            let isLine = characters % 4 == 0 && piece.count == last
            let isFirst = characters == 0
            last = piece.count
            characters += piece.count
            guard !isFirst, !isLine || !isFile else { continue }
            heads += 1
            let start = piece.lowerBound
            guard heads <= pieceHeads || mayBegin(bytes, piece), extraction.countItem() else { continue }
            switch beginning(bytes, start..<range.upperBound, literal) {
            case .file: break
            case .nothing: continue
            case .toldBy(let octets, let isProgram):
                deep += 1
                if deep > deepStarts, isProgram { extraction.problem(.encodedFiles) }
                guard deep <= deepStarts, tell(bytes, start..<range.upperBound, literal, octets) else { continue }
            }
            guard found < starts else {
                extraction.problem(.encodedFiles)
                return isFile
            }
            found += 1
            let isShown = isFile || start - range.lowerBound > front
            let file = Self.literal(bytes, start, classes)
            if decode(bytes, start, file, isShown ? .quotedLiteral : role, extraction) {
                isFile = true
                characters = piece.count
            }
        }
        return isFile
    }

    /// What the first octets of a piece say.
    private enum Beginning {
        case file, nothing
        /// More octets are needed.
        case toldBy(Int, isProgram: Bool)
    }

    private static func beginning(_ bytes: Span<UInt8>, _ range: Range<Int>, _ literal: Literal) -> Beginning {
        var beginning = Beginning.nothing
        for octets in heads(bytes, range, literal, FileSignature.length) {
            if FileSignature.isFile(octets.span) || FileSignature.isMarkup(octets.span) { return .file }
            if let wanted = ProgramHeader.wanted(octets.span) {
                beginning = .toldBy(wanted, isProgram: true)
            } else if FileSignature.mayBeImage(octets.span) {
                beginning = .toldBy(imageHead, isProgram: false)
            }
        }
        return beginning
    }

    private static func tell(
        _ bytes: Span<UInt8>, _ range: Range<Int>, _ literal: Literal, _ octets: Int
    ) -> Bool {
        heads(bytes, range, literal, octets).contains { FileSignature.isFile($0.span) }
    }

    /// The first octets of a piece in base64, and in digits where it begins with them.
    private static func heads(
        _ bytes: Span<UInt8>, _ range: Range<Int>, _ literal: Literal, _ octets: Int
    ) -> [[UInt8]] {
        let head = bytes.extracting(bytes.range(range.lowerBound, min(range.count, octets * 2)))
        guard literal.needsCleaning else { return heads(head, octets) }
        let plain = cleaned(head)
        return heads(plain.span, octets)
    }

    private static func heads(_ text: Span<UInt8>, _ octets: Int) -> [[UInt8]] {
        var heads = [EncodedText.decodeBase64(text, limit: octets)]
        if text.count > 1, octet(text, 0) != nil {
            var collector = HexadecimalCollector()
            for index in 0..<text.count { collector.add(text[index]) }
            heads.append(collector.finish())
        }
        return heads
    }

    /// The first two octets are those of a file, in base64 or digits.
    static func mayBegin(_ bytes: Span<UInt8>, _ piece: Range<Int>) -> Bool {
        guard piece.count >= 4 else { return true }
        let at = piece.lowerBound
        let values = (value(bytes[at]), value(bytes[at + 1]), value(bytes[at + 2]))
        guard values.0 < 64, values.1 < 64, values.2 < 64 else { return true }
        if FileSignature.mayBegin(values.0 << 2 | values.1 >> 4, values.1 << 4 | values.2 >> 2) { return true }
        guard let first = octet(bytes, at), let second = octet(bytes, at + 2) else { return false }
        return FileSignature.mayBegin(first, second)
    }

    /// The number of a character of base64 in either alphabet; 64 of any other.
    private static func value(_ byte: UInt8) -> UInt8 {
        switch byte {
        case 0x41...0x5A: byte - 0x41
        case 0x61...0x7A: byte - 0x61 + 26
        case 0x30...0x39: byte - 0x30 + 52
        case UInt8(ascii: "+"), UInt8(ascii: "-"): 62
        case UInt8(ascii: "/"), UInt8(ascii: "_"): 63
        default: 64
        }
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
