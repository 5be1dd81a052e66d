internal import Linux
internal import MIME
internal import MailModel
internal import Policy
internal import Relay
internal import Stores

/// Takes banned parts out of a message on its way: each is replaced by a small text part, the rest stays as it is.
///
/// Where a part stands is the inspector's word. The gateway reads no MIME structure, but it checks that what is replaced
/// begins behind a delimiter line, ends before one with the same boundary (or at the end of the message, with nothing like a
/// delimiter within), and has none within: one part of one multipart, header and body. A worker that lies can make another part
/// of its own message vanish, or all of its body, which is in the quarantine then; it cannot change a single octet otherwise.
/// Anything else keeps the whole message back.
struct StripPlan: Sendable {
    /// The changes.
    private(set) var edits: [BodyEdit] = []

    /// Parts that are replaced in one message at most.
    static let mostParts = 100
    /// Octets of a delimiter line that are looked at (RFC 2046 section 5.1.1: 70 and two hyphens; broken mailers have more).
    private static let longestDelimiter = 1024
    /// Octets of a container's header that are looked at.
    private static let headerLimit = 32_768

    /// Plans to take out what is banned. Blocks on a disk unless the message is in memory.
    /// - Returns: nil when that cannot be done safely.
    init?(
        _ contents: [BannedContent], _ report: Report, _ facts: HeaderFacts, _ file: MessageFile,
        _ words: RemovalText.Words
    )
        throws
    {
        guard !contents.isEmpty, contents.count < BannedJudgement.shown else { return nil }
        var removed: [Int: [BannedContent]] = [:]
        let ordinary = Self.ordinaryParts(report)
        for content in contents {
            guard let target = Self.target(content.part, report, ordinary) else { return nil }
            removed[target, default: []].append(content)
        }
        guard removed.count <= Self.mostParts else { return nil }
        // What lies within another part that is replaced goes with it.
        var end = -1
        for part in removed.keys.sorted(by: { Self.isBefore($0, $1, report) }) {
            guard let place = report.parts[part].place else { return nil }
            if place.header.lowerBound < end { continue }
            let text = RemovalText.lines(part, removed[part] ?? [], of: contents, report, words)
            if part == 0 {
                guard let whole = Self.wholeMessage(facts, file, text) else { return nil }
                edits = whole
                return
            }
            guard place.header.upperBound == place.body.lowerBound,
                try Self.isOnePart(part, report, file)
            else { return nil }
            edits.append(
                BodyEdit(
                    range: place.header.lowerBound..<place.body.upperBound,
                    text: Array((Self.partHeader + "\r\n" + text).utf8)))
            end = place.body.upperBound
        }
    }

    /// The outermost first where several begin at one place.
    private static func isBefore(_ left: Int, _ right: Int, _ report: Report) -> Bool {
        let (a, b) = (report.parts[left].place, report.parts[right].place)
        guard let a, let b, a.header.lowerBound != b.header.lowerBound else { return left < right }
        return a.header.lowerBound < b.header.lowerBound
    }

    // MARK: Which part

    private static func ordinaryParts(_ report: Report) -> [PartDescription.Place: Int] {
        var out: [PartDescription.Place: Int] = [:]
        for (index, part) in report.parts.enumerated() where part.reading == 0 {
            if let place = part.place, out[place] == nil { out[place] = index }
        }
        return out
    }

    /// The part of the raw message that carries a file: one of a multipart, or the message itself; nil when there is none that
    /// all readers see in the same place.
    private static func target(_ file: Int, _ report: Report, _ ordinary: [PartDescription.Place: Int]) -> Int? {
        var next: Int? = file
        while let index = next {
            let part = report.parts[index]
            if let place = part.place {
                // Decoded in another way it is the same part; another structure is another matter.
                guard let found = part.reading == 0 ? index : ordinary[place] else { return nil }
                guard let container = report.parts[found].container else {
                    // A message with parts is not replaced as a whole.
                    return hasParts(report) || part.declaredType.hasPrefix("multipart/") ? nil : found
                }
                if report.parts[container].declaredType.hasPrefix("multipart/") { return found }
                next = container
            } else {
                next = part.container
            }
        }
        return nil
    }

    private static func hasParts(_ report: Report) -> Bool {
        report.parts.contains { $0.container == 0 && $0.reading == 0 && $0.place != nil }
    }

    // MARK: Checks

    /// A delimiter line stands before the part, one with the same beginning or the end of the message behind it, and none
    /// in it.
    static func isOnePart(_ part: Int, _ report: Report, _ file: MessageFile) throws -> Bool {
        guard let place = report.parts[part].place, place.header.lowerBound <= place.body.upperBound else {
            return false
        }
        let range = place.header.lowerBound..<place.body.upperBound
        guard range.upperBound <= file.count, !range.isEmpty else { return false }
        let before = max(0, range.lowerBound - longestDelimiter - 4)
        let head = try file.descriptor.read(at: before, count: range.lowerBound - before)
        guard head.suffix(2) == [0x0D, 0x0A] else { return false }
        let line = head.dropLast(2)
        let start = line.lastIndex(of: 0x0A).map { $0 + 1 } ?? line.startIndex
        guard start > line.startIndex || before == 0 else { return false }
        var delimiter = Array(line[start...])
        while let last = delimiter.last, last == 0x20 || last == 0x09 { delimiter.removeLast() }
        guard delimiter.count > 2, delimiter.starts(with: [0x2D, 0x2D]) else { return false }
        // Behind a close delimiter stands an epilogue, which nobody shows: a text there tells nobody anything. A boundary may
        // end so, too.
        if delimiter.suffix(2) == [0x2D, 0x2D], try !isBoundary(delimiter.dropFirst(2), of: part, report, file) {
            return false
        }
        let marker = [0x0D, 0x0A] + delimiter
        // Where no delimiter ends it, any line that could be one may be the start of something else.
        guard range.upperBound < file.count else { return try !contains([0x0D, 0x0A, 0x2D, 0x2D], range, file) }
        guard try file.descriptor.read(at: range.upperBound, count: marker.count) == marker else { return false }
        return try !contains(marker, range, file)
    }

    /// The one that the part's container names in its header.
    private static func isBoundary(
        _ boundary: ArraySlice<UInt8>, of part: Int, _ report: Report, _ file: MessageFile
    ) throws -> Bool {
        guard let container = report.parts[part].container, report.parts.indices.contains(container),
            let header = report.parts[container].place?.header, header.count <= headerLimit,
            header.upperBound <= file.count
        else { return false }
        let block = try file.descriptor.read(at: header.lowerBound, count: header.count)
        return ContentTypeParameter.values(of: "boundary", inHeader: block.span).contains { $0[...] == boundary }
    }

    private static func contains(_ marker: [UInt8], _ range: Range<Int>, _ file: MessageFile) throws -> Bool {
        var position = range.lowerBound
        var kept: [UInt8] = [0x0D, 0x0A]
        while position < range.upperBound {
            let piece = try file.descriptor.read(at: position, count: min(262_144, range.upperBound - position))
            guard !piece.isEmpty else { throw SystemError("read of a stored message", code: 5) }
            kept += piece
            var index = kept.startIndex
            while let found = kept[index...].firstIndex(of: 0x0D) {
                if kept[found...].starts(with: marker) { return true }
                index = found + 1
            }
            kept = Array(kept.suffix(marker.count - 1))
            position += piece.count
        }
        return false
    }

    // MARK: What stands there instead

    private static let partHeader =
        "Content-Type: text/plain; charset=us-ascii\r\nContent-Disposition: inline\r\nContent-Transfer-Encoding: 7bit\r\n"

    /// The message is the banned part: its own fields of MIME are replaced, and its body.
    private static func wholeMessage(_ facts: HeaderFacts, _ file: MessageFile, _ text: String) -> [BodyEdit]? {
        guard facts.endsInBlankLine, facts.leadingContinuation.isEmpty, facts.block.count <= file.count,
            facts.block.count >= 2
        else { return nil }
        var edits = facts.contentFields.map { BodyEdit(range: $0) }
        let blank = facts.block.count - 2
        edits.append(
            BodyEdit(range: blank..<blank, text: Array(("MIME-Version: 1.0\r\n" + partHeader).utf8)))
        edits.append(BodyEdit(range: facts.block.count..<file.count, text: Array((text + "\r\n").utf8)))
        return edits
    }
}
