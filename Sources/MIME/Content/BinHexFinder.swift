internal import Bytes

/// Finds BinHex 4.0 files in text (RFC 1741 appendix A): the comment line, a colon, 6-bit text over a run-length
/// encoding, a colon. Holds a name, a data fork and a resource fork.
package enum BinHexFinder {
    /// The blocks in `body`, at most `limit`. Linear in the size of the body.
    package static func find(in body: Span<UInt8>, limit: Int = EncodedBlocks.defaultLimit) -> EncodedBlocks {
        var blocks: [EncodedBlock] = []
        let marker = Array("(This file must be converted with BinHex".utf8)
        var from = 0
        // One line may hold the comment many times.
        var lineEnd = 0
        while let begin = body.firstIndex(of: marker.span, from: from) {
            from = begin + marker.count
            if lineEnd < from { lineEnd = TextLine.end(body, from: from) }
            guard let start = colon(body, from: lineEnd) else { continue }
            guard blocks.count < limit else { return EncodedBlocks(blocks: blocks, limitReached: true) }
            let found = block(body, begin: begin, start: start, next: body.firstIndex(of: marker.span, from: start))
            blocks.append(found)
            from = max(from, found.whole.upperBound)
        }
        return EncodedBlocks(blocks: blocks, limitReached: false)
    }

    /// Offset behind the colon that begins the text: the first thing that is no blank within a few lines.
    private static func colon(_ body: Span<UInt8>, from start: Int) -> Int? {
        let bound = min(body.count, start + blanksBeforeColon)
        var index = start
        while index < bound, isBlank(body[index]) { index += 1 }
        guard index < bound, body[index] == 0x3A else { return nil }
        return index + 1
    }

    /// Octets of line ends and blanks that may stand between the comment and the colon.
    private static let blanksBeforeColon = 1024

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (byte >= 0x09 && byte <= 0x0D) }

    private static func block(_ body: Span<UInt8>, begin: Int, start: Int, next: Int?) -> EncodedBlock {
        let bound = next ?? body.count
        var block = EncodedBlock(
            coding: .binHex, whole: begin..<bound, content: start..<bound, names: [], notes: [])
        if let end = body.extracting(0..<bound).firstIndex(of: 0x3A, from: start) {
            block.content = start..<end
            block.whole = begin..<end + 1
        } else {
            block.notes.insert(.missingEnd)
        }
        var head: [UInt8] = []
        var expander = Expander()
        _ = expander.run(body.extracting(block.content), into: &head, end: Layout.longestHead)
        if let layout = Layout(head.span) {
            if layout.name.isEmpty { block.notes.insert(.badBegin) } else { block.names = [layout.name] }
            block.statedSize = layout.dataLength + layout.resourceLength
            if layout.name.contains(0) { block.notes.insert(.nulInName) }
        } else {
            block.notes.insert(.badBegin)
        }
        return block
    }

    /// The head of the expanded stream: name, version, type, creator, flags, both lengths, checksum.
    private struct Layout {
        static let longestHead = 1 + 63 + 21
        var name: [UInt8]
        var dataLength: Int
        var resourceLength: Int
        var size: Int
        var isIntact: Bool

        init?(_ head: Span<UInt8>) {
            guard head.count > 0, head[0] <= 63, head.count >= Int(head[0]) + 22 else { return nil }
            let after = 1 + Int(head[0])
            name = head.extracting(1..<after).array
            var lengths = [0, 0]
            for place in 0..<8 {
                lengths[place / 4] = lengths[place / 4] << 8 | Int(head[after + 11 + place])
            }
            dataLength = lengths[0]
            resourceLength = lengths[1]
            size = after + 21
            isIntact =
                CyclicChecksum.crc16(head.extracting(0..<size - 2))
                == UInt16(head[size - 2]) << 8 | UInt16(head[size - 1])
        }
    }

    /// Undoes the 6-bit text and the run-length encoding.
    private struct Expander {
        private static let values: [UInt8] = {
            var values = [UInt8](repeating: 0xFF, count: 256)
            let alphabet = Array("!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr".utf8)
            for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
            return values
        }()

        var notes: EncodedBlock.Notes = []
        private var bits: UInt32 = 0
        private var bitCount: UInt32 = 0
        private var last: UInt8 = 0
        private var isRun = false

        /// Appends until `output` has `end` octets; false when there would be more.
        mutating func run(_ text: Span<UInt8>, into output: inout [UInt8], end: Int) -> Bool {
            let values = Self.values.span
            for index in 0..<text.count {
                let value = values[Int(text[index])]
                if value == 0xFF {
                    if !BinHexFinder.isBlank(text[index]) { notes.insert(.junk) }
                    continue
                }
                bits = bits << 6 | UInt32(value)
                bitCount += 6
                guard bitCount >= 8 else { continue }
                bitCount -= 8
                let byte = UInt8(truncatingIfNeeded: bits >> bitCount)
                guard take(byte, into: &output, end: end) else { return false }
            }
            if isRun { notes.insert(.truncated) }
            return true
        }

        private mutating func take(_ byte: UInt8, into output: inout [UInt8], end: Int) -> Bool {
            if isRun {
                isRun = false
                if byte > 1 {
                    let count = Int(byte) - 1
                    let room = min(count, end - output.count)
                    output.append(contentsOf: repeatElement(last, count: max(0, room)))
                    return room == count
                }
                if byte == 1 { return true }
                last = 0x90
            } else if byte == 0x90 {
                isRun = true
                return true
            } else {
                last = byte
            }
            guard output.count < end else { return false }
            output.append(last)
            return true
        }
    }

    /// The data fork, then the resource fork. A stream whose head makes no sense is given as it is, for scanners.
    static func decode(
        _ block: EncodedBlock, _ content: Span<UInt8>, into output: inout [UInt8], limit: Int
    ) -> EncodedBlock.Decoded {
        let start = output.count
        var expanded: [UInt8] = []
        var expander = Expander()
        // The forks have their checksums between them.
        let overhead = Layout.longestHead + 4
        let isWhole = expander.run(
            content, into: &expanded, end: limit > Int.max - overhead ? Int.max : limit + overhead)
        var result = EncodedBlock.Decoded(
            notes: block.notes.union(expander.notes), limitReached: !isWhole, content: start..<start,
            resourceFork: start..<start)
        guard let layout = Layout(expanded.span) else {
            result.limitReached = !isWhole || expanded.count > limit
            output.append(contentsOf: expanded.prefix(limit))
            result.content = start..<output.count
            result.resourceFork = output.count..<output.count
            return result
        }
        result.limitReached = false
        if !layout.isIntact { result.notes.insert(.checksumMismatch) }
        var at = layout.size
        var left = limit
        for (place, length) in [layout.dataLength, layout.resourceLength].enumerated() {
            let low = output.count
            let stop = min(at + length, expanded.count)
            let taken = min(stop - at, left)
            output.append(contentsOf: expanded[at..<at + taken])
            left -= taken
            if taken < stop - at { result.limitReached = true }
            if place == 0 { result.content = low..<output.count } else { result.resourceFork = low..<output.count }
            if at + length + 2 <= expanded.count {
                let stated = UInt16(expanded[stop]) << 8 | UInt16(expanded[stop + 1])
                if CyclicChecksum.crc16(expanded.span.extracting(at..<stop)) != stated {
                    result.notes.insert(.checksumMismatch)
                }
            } else if isWhole {
                result.notes.insert(.sizeMismatch)
            } else if at + length > expanded.count {
                result.limitReached = true
            }
            at = min(stop + 2, expanded.count)
        }
        // Up to three octets fill the last group of four characters.
        if isWhole, expanded.count > at + 3 { result.notes.insert(.junk) }
        return result
    }
}
