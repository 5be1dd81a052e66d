internal import Linux
internal import MIME
internal import MailModel
internal import Policy
internal import Relay
internal import Stores

/// One part of the stored message that can be changed. Where it stands is the inspector's word, and is checked: one part
/// between two delimiters with the same boundary, the whole message, or all of an attached message that is one of these; and its
/// header as the gateway reads it itself.
struct EditablePart: Sendable {
    let header: Range<Int>
    let body: Range<Int>
    /// It is the message itself, which holds nothing else.
    let isMessage: Bool
    /// It is all that an attached message holds.
    private let isAttachedMessage: Bool
    /// The message ends with it.
    let isLast: Bool
    /// Fields of its header with a digest or the size of its body (RFC 1864), which are wrong when that is changed.
    let counts: [Range<Int>]
    /// Fields of MIME in its header, and the values of those that say the type and the encoding.
    private let contentFields: [Range<Int>]
    private let types: [Range<Int>]
    private let encodings: [Range<Int>]
    private let saysVersion: Bool
    private let block: [UInt8]

    /// Octets of a part's header.
    private static let headerLimit = 65_536

    /// Blocks on a disk unless the file is in memory.
    /// - Returns: nil where there is no such part.
    init?(_ index: Int, _ report: Report, _ facts: HeaderFacts, _ file: MessageFile) throws {
        guard report.parts.indices.contains(index), report.parts[index].reading == 0 else { return nil }
        let block: [UInt8]
        isMessage = index == 0
        if isMessage {
            guard facts.endsInBlankLine, facts.leadingContinuation.isEmpty, facts.block.count <= file.count,
                !report.parts.contains(where: { $0.container == 0 && $0.reading == 0 && $0.place != nil })
            else { return nil }
            (header, body, block) = (0..<facts.block.count, facts.block.count..<file.count, facts.block)
            isAttachedMessage = false
        } else {
            guard let place = report.parts[index].place, place.header.upperBound == place.body.lowerBound,
                place.header.count <= Self.headerLimit
            else { return nil }
            isAttachedMessage = try Self.isAttachedMessage(index, report, facts, file)
            guard try isAttachedMessage || StripPlan.isOnePart(index, report, file) else { return nil }
            (header, body) = (place.header, place.body)
            block = try file.descriptor.read(at: header.lowerBound, count: header.count)
        }
        self.block = block
        isLast = body.upperBound == file.count
        let octets = block
        let span = octets.span
        contentFields = isMessage ? facts.contentFields : []
        var scanner = HeaderScanner(limit: block.count)
        var (types, encodings): ([Range<Int>], [Range<Int>]) = ([], [])
        var counts: [Range<Int>] = []
        var saysVersion = false
        while let field = scanner.next(in: span) {
            if field.isNamed("Content-Type", in: span) { types.append(field.value) }
            if field.isNamed("Content-Transfer-Encoding", in: span) { encodings.append(field.value) }
            if field.isNamed("MIME-Version", in: span) { saysVersion = true }
            if field.isNamed("Content-MD5", in: span) || field.isNamed("Content-Length", in: span) {
                counts.append(header.lowerBound + field.whole.lowerBound..<header.lowerBound + field.whole.upperBound)
            }
        }
        (self.types, self.encodings, self.counts, self.saysVersion) = (types, encodings, counts, saysVersion)
        guard scanner.end == .blankLine, scanner.position == block.count, block.suffix(2) == [0x0D, 0x0A] else {
            return nil
        }
    }

    /// The part is the whole of an attached message (RFC 2046 section 5.2.1), which is one of a multipart, the message itself, or
    /// the whole of another one.
    private static func isAttachedMessage(
        _ index: Int, _ report: Report, _ facts: HeaderFacts, _ file: MessageFile
    ) throws -> Bool {
        guard var place = report.parts[index].place, var container = report.parts[index].container else { return false }
        // Containers stand in front of what they hold.
        var end = index
        while container < end, report.parts[container].reading == 0, let outer = report.parts[container].place,
            outer.header.upperBound == outer.body.lowerBound,
            outer.body.lowerBound == place.header.lowerBound, outer.body.upperBound == place.body.upperBound
        {
            if container == 0 {
                return facts.endsInBlankLine && facts.leadingContinuation.isEmpty
                    && outer.body == facts.block.count..<file.count
            }
            if try StripPlan.isOnePart(container, report, file) { return true }
            guard let next = report.parts[container].container else { return false }
            (place, end, container) = (outer, container, next)
        }
        return false
    }

    /// How the body is encoded; nil where its header does not say so in one plain word, or in one that means nothing here.
    var transferEncoding: TransferEncoding? {
        guard let word = encodingWord else { return .sevenBit }
        guard encodings.count == 1 else { return nil }
        let encoding = TransferEncoding(rawValue: String(decoding: word, as: UTF8.self).lowercased())
        return encoding == .uuencode || encoding == .unknown ? nil : encoding
    }

    /// What its first `Content-Transfer-Encoding` says.
    private var encodingWord: ArraySlice<UInt8>? {
        guard let field = encodings.first else { return nil }
        var value = block[field]
        while let first = value.first, first <= 0x20 { value.removeFirst() }
        while let last = value.last, last <= 0x20 { value.removeLast() }
        return value
    }

    /// Another edit of these octets would make one of ours wrong: of the part or what stands beside it; of the message's own header
    /// the fields of MIME alone matter.
    func isTouched(by range: Range<Int>) -> Bool {
        let whole = isMessage ? body : header.lowerBound..<body.upperBound
        if range.lowerBound <= whole.upperBound, whole.lowerBound <= range.upperBound { return true }
        return contentFields.contains { $0.overlaps(range) }
    }

    /// The charset that its header says in one plain word, in lower case; empty where it says none.
    var charset: String? {
        guard let value = types.first else { return "" }
        guard types.count == 1, let parameter = CharsetParameter(block.span.extracting(value)) else { return nil }
        let start = value.lowerBound
        let word = block[start + parameter.range.lowerBound..<start + parameter.range.upperBound]
        return String(decoding: word, as: UTF8.self).lowercased().filter { $0 != "\"" }
    }

    /// Says that the part is UTF-8, or quoted-printable, or both, and leaves what else its header says; nil where that cannot be
    /// changed so.
    func declared(utf8: Bool, quotedPrintable: Bool) -> [BodyEdit]? {
        var edits: [BodyEdit] = []
        var added = ""
        if utf8, let value = types.first {
            guard types.count == 1, let charset = CharsetParameter(block.span.extracting(value)) else { return nil }
            let start = header.lowerBound + value.lowerBound
            edits.append(
                BodyEdit(
                    range: start + charset.range.lowerBound..<start + charset.range.upperBound,
                    text: Array((charset.isThere ? "utf-8" : "; charset=utf-8").utf8)))
        } else if utf8 {
            added += "Content-Type: text/plain; charset=utf-8\r\n"
        }
        if quotedPrintable {
            let name = TransferEncoding.quotedPrintable.rawValue
            guard transferEncoding != nil else { return nil }
            if let word = encodingWord {
                let place = header.lowerBound + word.startIndex..<header.lowerBound + word.endIndex
                edits.append(BodyEdit(range: place, text: Array(name.utf8)))
            } else {
                added += "Content-Transfer-Encoding: \(name)\r\n"
            }
        }
        if isMessage || isAttachedMessage, !saysVersion { added += "MIME-Version: 1.0\r\n" }
        let end = header.upperBound - 2
        if !added.isEmpty { edits.append(BodyEdit(range: end..<end, text: Array(added.utf8))) }
        return edits
    }

    /// Puts a part of its own beside it: both are in a multipart/mixed then.
    func wrap(_ text: [UInt8], _ form: TextEnd.Form, boundary: String) -> [BodyEdit] {
        let (field, head, tail) = AddedText.partBeside(text, form, boundary: boundary)
        let end = body.upperBound
        let behind = BodyEdit(range: end..<end, text: tail)
        guard isMessage else {
            let start = header.lowerBound
            return [BodyEdit(range: start..<start, text: field + [0x0D, 0x0A] + head), behind]
        }
        var inner: [UInt8] = []
        for range in contentFields where !isVersion(range) { inner += block[range] }
        let (last, start) = (header.upperBound - 2, header.upperBound)
        return contentFields.map { BodyEdit(range: $0) } + [
            BodyEdit(range: last..<last, text: Array("MIME-Version: 1.0\r\n".utf8) + field),
            BodyEdit(range: start..<start, text: head + inner + [0x0D, 0x0A]), behind,
        ]
    }

    private func isVersion(_ range: Range<Int>) -> Bool {
        block[range].prefix(13).elementsEqual("MIME-Version:".utf8) { ($0 | 0x20) == ($1 | 0x20) }
    }
}
