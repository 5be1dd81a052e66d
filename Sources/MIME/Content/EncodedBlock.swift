internal import Bytes

/// A file encoded into the text of a body by a scheme older than MIME: found by its own markers, whatever the part says
/// about itself. Mail readers decode such blocks in any text part (attack C14).
package struct EncodedBlock: Hashable, Sendable {
    /// The scheme.
    package enum Coding: String, Hashable, Sendable, CaseIterable {
        /// POSIX `uuencode`, historical alphabet.
        case uuencode
        /// POSIX `uuencode -m`: `begin-base64`.
        case uuencodeBase64 = "begin-base64"
        /// yEnc 1.3.
        case yEnc = "yenc"
        /// BinHex 4.0 (RFC 1741 appendix A).
        case binHex = "binhex"
    }

    /// What was odd about a block. Markers are judged when it is found, the content when it is decoded.
    package struct Notes: OptionSet, Hashable, Sendable {
        package let rawValue: UInt16
        package init(rawValue: UInt16) { self.rawValue = rawValue }
        /// The line that ends a block is missing; the block ends with its last plausible line or with the body.
        package static let missingEnd = Notes(rawValue: 1)
        /// The begin line lacks what the scheme demands (mode, name, size, line) or has it in a form it forbids.
        package static let badBegin = Notes(rawValue: 2)
        /// A size that the block states is not the size of what was decoded.
        package static let sizeMismatch = Notes(rawValue: 4)
        /// A checksum that the block states is not that of what was decoded, or cannot be read.
        package static let checksumMismatch = Notes(rawValue: 8)
        /// Characters outside the alphabet, or lines that are none of the scheme; passed over.
        package static let junk = Notes(rawValue: 16)
        /// Data that ends within a group, a line or an escape.
        package static let truncated = Notes(rawValue: 32)
        /// One piece of a file in several pieces: the file is complete only with the others.
        package static let isPiece = Notes(rawValue: 64)
        /// NUL in a name: readers may cut the name there.
        package static let nulInName = Notes(rawValue: 128)
    }

    /// The scheme.
    package var coding: Coding
    /// From the first octet of the begin line to behind the end line.
    package var whole: Range<Int>
    /// The encoded content between the begin and the end lines.
    package var content: Range<Int>
    /// The raw octets of each name that stands in the block, without those that are empty.
    package var names: [[UInt8]]
    /// What its markers show.
    package var notes: Notes
    /// Octets the block says to hold; nil when it does not say, or not readably.
    package var statedSize: Int?
    /// CRC-32 the block states for its own content (yEnc); nil when it does not say, or not readably.
    package var statedChecksum: UInt32?

    /// What decoding a block gave.
    package struct Decoded: Hashable, Sendable {
        /// What was odd, the notes of the markers included.
        package var notes: Notes
        /// The limit cut the output: there is more.
        package var limitReached = false
        /// Range in the output of the content: the data fork for BinHex.
        package var content: Range<Int>
        /// Range in the output of the resource fork (BinHex); empty when there is none.
        package var resourceFork: Range<Int>
    }

    /// Appends the decoded content to `output`, at most `limit` octets. `body` must be the bytes the block was found in.
    /// Lenient: junk is passed over and noted. Linear in the size of the block.
    package func decode(_ body: Span<UInt8>, into output: inout [UInt8], limit: Int) -> Decoded {
        let limit = max(0, limit)
        let start = output.count
        guard content.lowerBound >= 0, content.upperBound <= body.count else {
            return Decoded(notes: notes, content: start..<start, resourceFork: start..<start)
        }
        let encoded = body.extracting(content)
        switch coding {
        case .uuencode:
            return UUEncodeFinder.decode(self, encoded, into: &output, limit: limit)
        case .uuencodeBase64:
            let result = TransferDecoder.decode(encoded, encoding: .base64, into: &output, limit: limit)
            var notes = notes
            if result.notes.contains(.junk) { notes.insert(.junk) }
            if result.notes.contains(.truncated) { notes.insert(.truncated) }
            let end = output.count
            return Decoded(
                notes: notes, limitReached: result.limitReached, content: start..<end, resourceFork: end..<end)
        case .yEnc:
            return YEncFinder.decode(self, encoded, into: &output, limit: limit)
        case .binHex:
            return BinHexFinder.decode(self, encoded, into: &output, limit: limit)
        }
    }
}

/// All encoded blocks of a body.
package struct EncodedBlocks: Hashable, Sendable {
    /// Default for the limit of `find`: blocks looked for in one body by each finder.
    package static let defaultLimit = 256

    /// In the order of their places; they may overlap where one scheme's text stands within another's.
    package var blocks: [EncodedBlock]
    /// There may be more blocks than the limit.
    package var limitReached: Bool

    /// Finds the blocks of every scheme in `body`, at most `limit` of each. Linear in the size of the body.
    package static func find(in body: Span<UInt8>, limit: Int = defaultLimit) -> EncodedBlocks {
        let found = [
            UUEncodeFinder.find(in: body, limit: limit), YEncFinder.find(in: body, limit: limit),
            BinHexFinder.find(in: body, limit: limit),
        ]
        var all = found.flatMap(\.blocks)
        all.sort { $0.whole.lowerBound < $1.whole.lowerBound }
        return EncodedBlocks(blocks: all, limitReached: found.contains(where: \.limitReached))
    }
}

/// Lines of a body: each ends with CRLF, LF or CR alone, since old encoders wrote all three.
enum TextLine {
    /// True when a line begins at `index`.
    static func isStart(_ bytes: Span<UInt8>, _ index: Int) -> Bool {
        index == 0 || bytes[index - 1] == 0x0A || bytes[index - 1] == 0x0D
    }

    /// Offset of the first CR or LF at or after `start`, or of the end.
    static func end(_ bytes: Span<UInt8>, from start: Int) -> Int {
        var index = start
        while index < bytes.count, bytes[index] != 0x0A, bytes[index] != 0x0D { index += 1 }
        return index
    }

    /// Offset behind the line end at `end`.
    static func next(_ bytes: Span<UInt8>, after end: Int) -> Int {
        guard end < bytes.count else { return bytes.count }
        if bytes[end] == 0x0D, end + 1 < bytes.count, bytes[end + 1] == 0x0A { return end + 2 }
        return end + 1
    }

    /// The first place at or after `start` where a line begins with `marker`.
    static func first(_ bytes: Span<UInt8>, beginningWith marker: Span<UInt8>, from start: Int) -> Int? {
        var from = start
        while let hit = bytes.firstIndex(of: marker, from: from) {
            if isStart(bytes, hit) { return hit }
            from = hit + 1
        }
        return nil
    }

    /// The octets of `line` up to its end.
    static func text(_ bytes: Span<UInt8>, _ line: Range<Int>) -> [UInt8] {
        bytes.extracting(line.lowerBound..<min(end(bytes, from: line.lowerBound), line.upperBound)).array
    }

    /// The octets of `range` without blanks around them.
    static func trimmed(_ bytes: Span<UInt8>, _ range: Range<Int>) -> [UInt8] {
        var low = range.lowerBound
        var high = range.upperBound
        while low < high, bytes[low] == 0x20 || bytes[low] == 0x09 { low += 1 }
        while low < high, bytes[high - 1] == 0x20 || bytes[high - 1] == 0x09 { high -= 1 }
        return bytes.extracting(low..<high).array
    }
}
