internal import Bytes

/// Finds yEnc blocks in a body (yEnc draft 1.3): `=ybegin`, perhaps `=ypart`, binary lines, `=yend`.
package enum YEncFinder {
    /// The blocks in `body`, at most `limit`. Linear in the size of the body.
    package static func find(in body: Span<UInt8>, limit: Int = EncodedBlocks.defaultLimit) -> EncodedBlocks {
        var blocks: [EncodedBlock] = []
        let marker = Array("=ybegin ".utf8)
        var from = 0
        while let begin = TextLine.first(body, beginningWith: marker.span, from: from) {
            guard blocks.count < limit else { return EncodedBlocks(blocks: blocks, limitReached: true) }
            let found = block(body, begin: begin)
            blocks.append(found)
            from = found.whole.upperBound
        }
        return EncodedBlocks(blocks: blocks, limitReached: false)
    }

    /// `key=value` pairs of a keyword line. The name is the last one and reaches to the end of the line.
    private struct Keywords {
        var size: Int?
        var part: Int?
        var total: Int?
        var begin: Int?
        var end: Int?
        var hasLine = false
        var name: [UInt8]?
        var crc32: UInt32?
        var partCRC32: UInt32?
        /// Something stood there that cannot be read.
        var isBad = false
        /// A checksum that cannot be read.
        var isBadChecksum = false

        init(_ body: Span<UInt8>, _ line: Range<Int>) {
            var index = line.lowerBound
            while index < line.upperBound {
                while index < line.upperBound, body[index] == 0x20 || body[index] == 0x09 { index += 1 }
                let key = index
                while index < line.upperBound, body[index] != 0x3D, body[index] != 0x20 { index += 1 }
                let keyEnd = index
                guard index < line.upperBound, body[index] == 0x3D else {
                    if keyEnd > key { isBad = true }
                    continue
                }
                let value = index + 1
                if body.extracting(key..<keyEnd).hasPrefix(ignoringCase: "name"), keyEnd - key == 4 {
                    name = TextLine.trimmed(body, value..<line.upperBound)
                    return
                }
                index = value
                while index < line.upperBound, body[index] != 0x20, body[index] != 0x09 { index += 1 }
                take(body.extracting(key..<keyEnd).array, body.extracting(value..<index))
            }
        }

        private mutating func take(_ key: [UInt8], _ value: Span<UInt8>) {
            if equalIgnoringCase(key, "size") {
                size = number(value)
            } else if equalIgnoringCase(key, "part") {
                part = number(value)
            } else if equalIgnoringCase(key, "total") {
                total = number(value)
            } else if equalIgnoringCase(key, "begin") {
                begin = number(value)
            } else if equalIgnoringCase(key, "end") {
                end = number(value)
            } else if equalIgnoringCase(key, "line") {
                hasLine = number(value) != nil
            } else if equalIgnoringCase(key, "crc32") {
                crc32 = checksum(value)
            } else if equalIgnoringCase(key, "pcrc32") {
                partCRC32 = checksum(value)
            }
        }

        /// Decimal without a sign, up to 18 digits.
        private mutating func number(_ value: Span<UInt8>) -> Int? {
            var result = 0
            for index in 0..<value.count {
                guard value[index] >= 0x30, value[index] <= 0x39, index < 18 else {
                    isBad = true
                    return nil
                }
                result = result * 10 + Int(value[index] - 0x30)
            }
            if value.isEmpty { isBad = true }
            return value.isEmpty ? nil : result
        }

        /// Hexadecimal. Some encoders write it as a number of 64 bits, extended by zeros or by its sign.
        private mutating func checksum(_ value: Span<UInt8>) -> UInt32? {
            var result: UInt64 = 0
            for index in 0..<value.count {
                guard let digit = hexadecimalValue(value[index]), index < 16 else {
                    isBadChecksum = true
                    return nil
                }
                result = result << 4 | UInt64(digit)
            }
            if value.isEmpty { isBadChecksum = true }
            return value.isEmpty ? nil : UInt32(truncatingIfNeeded: result)
        }
    }

    private static func block(_ body: Span<UInt8>, begin: Int) -> EncodedBlock {
        let lineEnd = TextLine.end(body, from: begin)
        let header = Keywords(body, begin + 8..<lineEnd)
        var content = TextLine.next(body, after: lineEnd)
        var notes: EncodedBlock.Notes = []
        if header.isBad || !header.hasLine || header.size == nil || header.name == nil { notes.insert(.badBegin) }
        if header.name?.contains(0) == true { notes.insert(.nulInName) }
        if header.part != nil, header.total != 1 { notes.insert(.isPiece) }
        var size = header.size
        if body.hasPrefix(ignoringCase: "=ypart ", from: content) {
            let partEnd = TextLine.end(body, from: content)
            let part = Keywords(body, content + 7..<partEnd)
            content = TextLine.next(body, after: partEnd)
            size = nil
            if let first = part.begin, let last = part.end, first >= 1, last >= first, last <= header.size ?? last {
                size = last - first + 1
            } else {
                notes.insert(.badBegin)
            }
        } else if header.part != nil {
            // A piece without its place in the file.
            notes.insert(.badBegin)
            size = nil
        }
        var block = EncodedBlock(
            coding: .yEnc, whole: begin..<body.count, content: content..<body.count,
            names: header.name.map { $0.isEmpty ? [] : [$0] } ?? [], notes: notes, statedSize: size)
        end(of: &block, body, isPiece: header.part != nil)
        return block
    }

    /// `=y` at the start of a line is never data: the encoder escapes only critical octets, and none gives `y`.
    private static func end(of block: inout EncodedBlock, _ body: Span<UInt8>, isPiece: Bool) {
        let marker = Array("=y".utf8)
        var from = block.content.lowerBound
        while let keyword = TextLine.first(body, beginningWith: marker.span, from: from) {
            if body.hasPrefix(ignoringCase: "=yend", from: keyword) {
                let lineEnd = TextLine.end(body, from: keyword)
                let trailer = Keywords(body, min(keyword + 5, lineEnd)..<lineEnd)
                block.content = block.content.lowerBound..<keyword
                block.whole = block.whole.lowerBound..<TextLine.next(body, after: lineEnd)
                block.statedChecksum = isPiece ? trailer.partCRC32 : trailer.crc32 ?? trailer.partCRC32
                if trailer.isBadChecksum { block.notes.insert(.checksumMismatch) }
                if let size = trailer.size, let stated = block.statedSize, size != stated {
                    block.notes.insert(.sizeMismatch)
                }
                if trailer.isBad { block.notes.insert(.sizeMismatch) }
                return
            }
            if body.hasPrefix(ignoringCase: "=ybegin ", from: keyword) {
                block.content = block.content.lowerBound..<keyword
                block.whole = block.whole.lowerBound..<keyword
                break
            }
            from = keyword + 1
        }
        block.notes.insert(.missingEnd)
    }

    static func decode(
        _ block: EncodedBlock, _ content: Span<UInt8>, into output: inout [UInt8], limit: Int
    ) -> EncodedBlock.Decoded {
        let start = output.count
        let first = decodeLines(block, content, into: &output, limit: limit)
        guard first.notes.contains(.checksumMismatch), let plain = withoutDots(content) else { return first }
        var other: [UInt8] = []
        let second = decodeLines(block, plain.span, into: &other, limit: limit)
        guard !second.notes.contains(.checksumMismatch), !second.limitReached else { return first }
        output.removeLast(output.count - start)
        output += other
        return EncodedBlock.Decoded(
            notes: second.notes, content: start..<output.count, resourceFork: output.count..<output.count)
    }

    /// Lines as news sends them have a full stop more where they begin with one (RFC 3977 section 3.1.1). The data without
    /// it; nil where no line is so.
    private static func withoutDots(_ content: Span<UInt8>) -> [UInt8]? {
        let marker: StaticString = "\n.."
        guard content.hasBytes("..", at: 0) || content.firstIndex(of: marker) != nil else { return nil }
        var plain: [UInt8] = []
        plain.reserveCapacity(content.count)
        var isStart = true
        for index in content.indices {
            let isStuffed = isStart && content[index] == 0x2E && index + 1 < content.count && content[index + 1] == 0x2E
            if !isStuffed { plain.append(content[index]) }
            isStart = content[index] == 0x0A
        }
        return plain
    }

    private static func decodeLines(
        _ block: EncodedBlock, _ content: Span<UInt8>, into output: inout [UInt8], limit: Int
    ) -> EncodedBlock.Decoded {
        let start = output.count
        let room = min(content.count, limit)
        output.append(contentsOf: repeatElement(0, count: room))
        let (written, isCut, endsInEscape) = fill(&output, from: start, room: room, content)
        output.removeLast(room - written)
        var notes = block.notes
        if endsInEscape { notes.insert(.truncated) }
        if !isCut {
            if let size = block.statedSize, size != written { notes.insert(.sizeMismatch) }
            if let checksum = block.statedChecksum,
                checksum != CyclicChecksum.crc32(output.span.extracting(start..<start + written))
            {
                notes.insert(.checksumMismatch)
            }
        }
        let end = start + written
        return EncodedBlock.Decoded(
            notes: notes, limitReached: isCut, content: start..<end, resourceFork: end..<end)
    }

    private static func fill(
        _ output: inout [UInt8], from start: Int, room: Int, _ content: Span<UInt8>
    ) -> (written: Int, isCut: Bool, endsInEscape: Bool) {
        var out = output.mutableSpan
        var at = start
        let end = start + room
        var shift: UInt8 = 42
        var isEscaped = false
        for index in 0..<content.count {
            let byte = content[index]
            if byte == 0x0A || byte == 0x0D { continue }
            if byte == 0x3D, !isEscaped {
                isEscaped = true
                shift = 106
                continue
            }
            guard at < end else { return (at - start, true, false) }
            out[at] = byte &- shift
            at += 1
            isEscaped = false
            shift = 42
        }
        return (at - start, false, isEscaped)
    }
}
