internal import Bytes
internal import Documents
internal import MIME
internal import Members

/// Finds files that are encoded into text: uuencoded, yEnc, BinHex, Intel HEX, base64 between labels as `certutil -encode` writes it, and
/// text that is base64 from its first line to its last.
enum TextReader {
    /// - Parameter signs: those of the content.
    static func read(_ content: Span<UInt8>, _ signs: TextSigns, into sink: any MemberSink) {
        if IntelHex.begins(content) { IntelHex.read(content, into: sink) }
        // Blocks of yEnc and uuencode, marked or not, have `begin`.
        let mayHaveLines = content.firstIndex(of: "begin") != nil
        let mayHaveBinHex = signs.contains(.parenthesis) && content.firstIndex(of: markOfBinHex) != nil
        let count = mayHaveLines || mayHaveBinHex ? addBlocks(content, into: sink) : 0
        if mayHaveLines, let plain = withoutMarks(content) { addBlocks(plain.span, into: sink) }
        guard sink.mayGoOn(), addLabelled(content, signs, into: sink), count == 0, isBase64(content) else {
            return
        }
        let words = endOfWords(content)
        // Words in lines of their own in front of it would shift all that is decoded. They may be a file as well, in lines with
        // blanks: what stands behind them does not hide it.
        if let words, case let rest = content.extracting(words..<content.count), isBase64(rest) {
            var decoded: [UInt8] = []
            _ = TransferDecoder.decode(rest, encoding: .base64, into: &decoded, limit: sink.room)
            if isKnown(decoded.span), !sink.add(Member(flags: .quoted, role: "base64"), content: decoded) { return }
        }
        var decoded: [UInt8] = []
        _ = TransferDecoder.decode(content, encoding: .base64, into: &decoded, limit: sink.room)
        // Keys and tokens are written like that: two octets of them are no program.
        if StructureChecks.isMZ(decoded.span), !ProgramHeader.isHere(decoded.span) { return }
        // So are lists of words.
        if words != nil, !isKnown(decoded.span) { return }
        _ = sink.add(Member(flags: .quoted, role: "base64"), content: decoded)
    }

    /// Only what no reader of messages knows.
    /// - Parameter signs: those of the content.
    static func readLabelled(_ content: Span<UInt8>, _ signs: TextSigns, into sink: any MemberSink) {
        if IntelHex.begins(content) { IntelHex.read(content, into: sink) }
        _ = addLabelled(content, signs, into: sink)
    }

    /// What the comment of a BinHex file begins with.
    static let markOfBinHex = Array("(This file must be converted with BinHex".utf8)
    /// Octets in which its comment ends, and its head is, which has the lengths of its forks.
    private static let headOfBinHex = 2048

    /// A BinHex file begins here: programs that write such have the comment among their constants, but no head behind it whose
    /// checksum is right.
    static func beginsBinHex(_ content: Span<UInt8>, at start: Int) -> Bool {
        let head = content.extracting(content.clamped(start, headOfBinHex))
        guard let block = BinHexFinder.find(in: head, limit: 1).blocks.first, block.whole.lowerBound == 0,
            block.statedSize != nil
        else { return false }
        var none: [UInt8] = []
        return !block.decode(head, into: &none, limit: 0).notes.contains(.checksumMismatch)
    }

    /// Where the BinHex file ends that the content begins with.
    static func endOfBinHex(_ content: Span<UInt8>) -> Int? {
        BinHexFinder.find(in: content, limit: 1).blocks.first?.whole.upperBound
    }

    /// Returns how many there were.
    @discardableResult
    private static func addBlocks(_ content: Span<UInt8>, into sink: any MemberSink) -> Int {
        let found = EncodedBlocks.find(in: content, limit: sink.limits.encodedFiles)
        if found.limitReached { sink.report(.encodedFiles) }
        for block in found.blocks {
            var decoded: [UInt8] = []
            let result = block.decode(content, into: &decoded, limit: sink.room)
            let member = Member(names: block.names, role: block.coding.rawValue)
            if let damage = block.damage(result) { sink.report(block.isLeading ? .corrupt : .note, damage) }
            guard sink.add(member, content: Array(decoded[result.content])) else { break }
        }
        return found.blocks.count
    }

    private static let markedBegin: StaticString = "\nXbegin "

    /// A shell archive (`shar(1)`) has an `X` at the start of each line of a file, which its script takes away. The text without
    /// them; nil when nothing is encoded so.
    private static func withoutMarks(_ content: Span<UInt8>) -> [UInt8]? {
        guard content.firstIndex(of: markedBegin) != nil else { return nil }
        var plain: [UInt8] = []
        plain.reserveCapacity(content.count)
        var line = 0
        while line < content.count {
            let end = content.firstIndex(of: 0x0A, from: line).map { $0 + 1 } ?? content.count
            let start = content[line] == UInt8(ascii: "X") ? line + 1 : line
            content.extracting(start..<end).withUnsafeBufferPointer { plain.append(contentsOf: $0) }
            line = end
        }
        return plain
    }

    private static let label: [UInt8] = Array("-----BEGIN ".utf8)
    private static let endLabel: [UInt8] = Array("-----END ".utf8)
    /// The start of labels that the reader of OpenPGP knows.
    private static let otherLabel: StaticString = "PGP "

    /// Base64 between labels (RFC 7468), but for the message that the reader of S/MIME takes. Returns false when the sink
    /// wants no more.
    private static func addLabelled(_ content: Span<UInt8>, _ signs: TextSigns, into sink: any MemberSink) -> Bool {
        guard signs.contains(.label) else { return true }
        let message = CryptographicMessage.message(in: content, signs)
        var (from, count, line) = (0, 0, 0)
        while let start = content.firstIndex(of: label, from: from), sink.mayGoOn() {
            from = start + label.count
            // Each octet is looked at once, however many labels there are, in lines of their own or in one.
            if line < from { line = content.firstIndex(of: 0x0A, from: from) ?? content.count }
            guard line < content.count else { return true }
            guard !content.hasBytes(otherLabel, at: from),
                message.map({ !(from...line).contains($0.lowerBound) }) ?? true
            else { continue }
            let (end, characters) = endOfBase64(content, from: line)
            from = end
            guard characters >= fewest, end == content.count || content.hasBytes(endLabel, at: end) else { continue }
            let text = content.extracting(line..<end)
            var decoded: [UInt8] = []
            _ = TransferDecoder.decode(text, encoding: .base64, into: &decoded, limit: sink.room)
            // Certificates and keys (DER) hold nothing.
            if isPlainDER(decoded.span), !HiddenArchives.isIn(decoded.span, orStream: true, sink) { continue }
            count += 1
            guard count <= sink.limits.encodedFiles else {
                sink.report(.encodedFiles)
                return true
            }
            guard sink.add(Member(flags: .quoted, role: "base64 between labels"), content: decoded) else {
                return false
            }
        }
        return true
    }

    private static func isPlainDER(_ content: Span<UInt8>) -> Bool {
        content.count > 1 && content[0] == 0x30 && content[1] >= 0x80 && !isKnown(content)
    }

    private static func isKnown(_ content: Span<UInt8>) -> Bool {
        !Recognition.types(of: content).isEmpty || DocumentFormat.all.contains { !$0.isText && $0.matches(content) }
    }

    /// Where the last line ends that has a blank between two characters; nil when there is none.
    private static func endOfWords(_ content: Span<UInt8>) -> Int? {
        var isInLine = false
        var blank = false
        var hasWords = false
        var end: Int?
        for index in content.indices {
            switch content[index] {
            case 0x0D, 0x0A:
                if hasWords { end = index + 1 }
                (isInLine, blank, hasWords) = (false, false, false)
            case 0x20, 0x09: blank = isInLine
            default:
                if blank { hasWords = true }
                isInLine = true
            }
        }
        return hasWords ? content.count : end
    }

    /// Fewest characters that count: less is too often just a word.
    private static let fewest = 64

    /// Nothing but characters of base64 and line ends, of which there are enough for a file.
    private static func isBase64(_ content: Span<UInt8>) -> Bool {
        let (end, characters) = endOfBase64(content, from: 0)
        return end == content.count && characters >= fewest
    }

    /// Where characters of base64 and line ends end, and how many characters there were.
    private static func endOfBase64(_ content: Span<UInt8>, from start: Int) -> (end: Int, characters: Int) {
        var characters = 0
        for index in start..<content.count {
            switch content[index] {
            case 0x41...0x5A, 0x61...0x7A, 0x30...0x39, 0x2B, 0x2F, 0x3D: characters += 1
            case 0x0D, 0x0A, 0x20, 0x09: break
            default: return (index, characters)
            }
        }
        return (content.count, characters)
    }
}
