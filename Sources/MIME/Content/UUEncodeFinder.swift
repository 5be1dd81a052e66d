internal import Bytes

/// Finds uuencoded files in text (POSIX `uuencode`), both alphabets. A `begin` line counts only when at least one line
/// behind it can be uuencoded data, since the word also begins sentences.
package enum UUEncodeFinder {
    /// The blocks in `body`, at most `limit`. Linear in the size of the body.
    package static func find(in body: Span<UInt8>, limit: Int = EncodedBlocks.defaultLimit) -> EncodedBlocks {
        var blocks: [EncodedBlock] = []
        let marker = Array("begin".utf8)
        var from = 0
        while let begin = TextLine.first(body, beginningWith: marker.span, from: from) {
            let lineEnd = TextLine.end(body, from: begin)
            from = TextLine.next(body, after: lineEnd)
            guard let line = BeginLine(body, begin..<lineEnd) else { continue }
            let found =
                line.isBase64
                ? base64Block(body, line, begin: begin, from: from) : block(body, line, begin: begin, from: from)
            guard let found else { continue }
            guard blocks.count < limit else { return EncodedBlocks(blocks: blocks, limitReached: true) }
            blocks.append(found)
            from = found.whole.upperBound
        }
        return EncodedBlocks(blocks: blocks, limitReached: false)
    }

    /// `begin MODE NAME`, `begin-base64 MODE NAME`, and `begin` with two blanks and a name, which some readers take too.
    private struct BeginLine {
        var isBase64: Bool
        var hasMode: Bool
        var name: [UInt8]

        init?(_ body: Span<UInt8>, _ line: Range<Int>) {
            isBase64 = body.hasPrefix(ignoringCase: "begin-base64 ", from: line.lowerBound)
            var index = line.lowerBound + (isBase64 ? 13 : 6)
            guard index <= line.upperBound, body[index - 1] == 0x20 || body[index - 1] == 0x09 else { return nil }
            let blanks = index
            while index < line.upperBound, body[index] == 0x20 { index += 1 }
            let digits = index
            while index < line.upperBound, body[index] >= 0x30, body[index] <= 0x37 { index += 1 }
            // Programs that decode take any number, such as a whole st_mode.
            hasMode =
                index > digits
                && (index == line.upperBound || body[index] == 0x20 || body[index] == 0x09)
            if hasMode {
                name = TextLine.trimmed(body, index..<line.upperBound)
            } else {
                guard digits > blanks, !isBase64 else { return nil }
                name = TextLine.trimmed(body, digits..<line.upperBound)
            }
        }

        func block(_ coding: EncodedBlock.Coding) -> EncodedBlock {
            var notes: EncodedBlock.Notes = []
            if !hasMode || name.isEmpty { notes.insert(.badBegin) }
            if name.contains(0) { notes.insert(.nulInName) }
            return EncodedBlock(
                coding: coding, whole: 0..<0, content: 0..<0, names: name.isEmpty ? [] : [name], notes: notes)
        }
    }

    /// Lines up to `end`, or to the next `begin` line; without an end the block stops behind its last data line.
    private static func block(_ body: Span<UInt8>, _ begin: BeginLine, begin start: Int, from: Int) -> EncodedBlock? {
        var block = begin.block(.uuencode)
        var line = from
        var lastData = from
        var hasData = false
        var linesSeen = 0
        while line < body.count {
            let end = TextLine.end(body, from: line)
            let next = TextLine.next(body, after: end)
            let text = body.extracting(line..<end)
            if isEnd(text) {
                guard hasData else { return nil }
                block.content = from..<line
                block.whole = start..<next
                return block
            }
            if text.hasPrefix(ignoringCase: "begin "), BeginLine(body, line..<end) != nil { break }
            if isData(text, isStrict: !begin.hasMode) {
                hasData = true
                lastData = next
            }
            linesSeen += text.isEmpty ? 0 : 1
            // Prose behind a line that looked like a begin line: give up early, so that it is not read as junk.
            if !hasData, linesSeen > linesBeforeData { return nil }
            line = next
        }
        guard hasData else { return nil }
        block.notes.insert(.missingEnd)
        block.content = from..<lastData
        block.whole = start..<lastData
        return block
    }

    /// Lines that may stand between the begin line and the first line of data.
    private static let linesBeforeData = 3

    private static func base64Block(
        _ body: Span<UInt8>, _ begin: BeginLine, begin start: Int, from: Int
    ) -> EncodedBlock? {
        var block = begin.block(.uuencodeBase64)
        var line = from
        while line < body.count {
            let end = TextLine.end(body, from: line)
            let next = TextLine.next(body, after: end)
            if body.hasPrefix(ignoringCase: "====", from: line), line + 4 <= end {
                block.content = from..<line
                block.whole = start..<next
                return block
            }
            if body.hasPrefix(ignoringCase: "begin", from: line), BeginLine(body, line..<end) != nil { break }
            line = next
        }
        guard line > from else { return nil }
        block.notes.insert(.missingEnd)
        block.content = from..<line
        block.whole = start..<line
        return block
    }

    private static func isEnd(_ line: Span<UInt8>) -> Bool {
        guard line.hasPrefix(ignoringCase: "end") else { return false }
        for index in 3..<line.count where line[index] != 0x20 && line[index] != 0x09 { return false }
        return true
    }

    /// All characters of the alphabet, and no more of them than the first one says, but for a checksum. Fewer where blanks
    /// at the end were lost; behind a begin line without a mode most must be there, since prose may follow.
    private static func isData(_ line: Span<UInt8>, isStrict: Bool) -> Bool {
        guard !line.isEmpty, line[0] > 0x20, line[0] < 0x60 else { return false }
        let groups = (Int(line[0] - 0x20) + 2) / 3
        let characters = line.count - 1
        guard characters <= groups * 4 + 2, !isStrict || characters * 2 >= groups * 4 else { return false }
        return isInAlphabet(line)
    }

    private static func isInAlphabet(_ line: Span<UInt8>) -> Bool {
        for index in 0..<line.count where line[index] < 0x20 || line[index] > 0x60 { return false }
        return true
    }

    static func decode(
        _ block: EncodedBlock, _ content: Span<UInt8>, into output: inout [UInt8], limit: Int
    ) -> EncodedBlock.Decoded {
        let start = output.count
        var notes = block.notes
        output.reserveCapacity(start + min(content.count / 4 * 3 + 3, limit))
        var cut = false
        var line = 0
        while line < content.count, !cut {
            let end = TextLine.end(content, from: line)
            let text = content.extracting(line..<end)
            if !text.isEmpty {
                cut = !decodeLine(text, into: &output, end: start + limit, &notes)
            }
            line = TextLine.next(content, after: end)
        }
        let end = output.count
        return EncodedBlock.Decoded(
            notes: notes, limitReached: cut, content: start..<end, resourceFork: end..<end)
    }

    /// One line: a character for its length, then groups of four. False when the octets do not fit.
    private static func decodeLine(
        _ line: Span<UInt8>, into output: inout [UInt8], end: Int, _ notes: inout EncodedBlock.Notes
    ) -> Bool {
        var wanted = Int((line[0] &- 0x20) & 0x3F)
        let expected = (wanted + 2) / 3 * 4
        // Prose and other foreign lines: no reader takes them for data.
        guard isInAlphabet(line), line.count - 1 <= expected + 2 else {
            if line[0] != 0x60, line[0] != 0x20 { notes.insert(.junk) }
            return true
        }
        if line.count - 1 < expected { notes.insert(.truncated) }
        var index = 1
        while wanted > 0 {
            // Blanks at the end get lost on the way: characters that are missing stand for zeros.
            var bits: UInt32 = 0
            for place in 0..<4 where index + place < line.count {
                bits |= UInt32((line[index + place] &- 0x20) & 0x3F) << UInt32(18 - 6 * place)
            }
            index += 4
            for place in 0..<min(3, wanted) {
                guard output.count < end else { return false }
                output.append(UInt8(truncatingIfNeeded: bits >> UInt32(16 - 8 * place)))
            }
            wanted -= 3
        }
        return true
    }
}
