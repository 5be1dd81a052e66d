internal import Linux
internal import MIME
internal import MailModel
internal import Policy
internal import Relay
internal import Stores

/// Puts a text under a message on its way, where people who open it read: into its plain text and its HTML, each in the coding
/// and charset of its part. All other octets stay as they are.
///
/// Where that is, is the inspector's word. The gateway adds its own text only, at one place within the body of one part
/// (`EditablePart`), so that a worker that lies can put the text where it does not belong in its own message, and no more.
/// What cannot be done as it should leaves the message as it came, with the reason.
struct DisclaimerPlan: Sendable {
    let name: String
    /// The changes; none where there is a reason.
    private(set) var edits: [BodyEdit] = []
    /// The part whose HTML these changes make harmless, too; nil where they do so in none.
    private(set) var cleanedPart: Int?
    /// Why the text is not added, in a few words; nil when it is.
    private(set) var reason: String?

    /// What became of it, for logs: `company`, `company (not added: signed)`.
    var words: String { reason.map { "\(name) (not added: \($0))" } ?? name }

    /// Octets of the message that stand for one group of base64, with line ends among them.
    private static let longestGroup = 16

    init(_ name: String, reason: String) {
        (self.name, self.reason) = (name, reason)
    }

    /// Plans it. Blocks on a disk unless the message is in memory.
    /// - Parameters:
    ///   - numbers: those of the text among what the inspector was asked for.
    ///   - changed: octets that rules change.
    ///   - sanitizing: what is taken out of HTML.
    ///   - boundary: octets that do not occur in the message.
    ///   - bodyLimit: octets of a body that is encoded anew.
    init(
        _ disclaimer: Disclaimer, _ numbers: Range<Int>, _ report: Report, _ facts: HeaderFacts, _ file: MessageFile,
        changed: [Range<Int>], sanitizing: SanitizingPlan? = nil, boundary: String, bodyLimit: Int
    ) throws {
        name = disclaimer.name
        guard report.textObstacle == nil, !report.textEnds.isEmpty else {
            reason = (report.textObstacle ?? .noText).rawValue
            return
        }
        for end in report.textEnds where !end.known.contains(where: numbers.contains) {
            // In a header that was not read to its end there may be a signature.
            let boundary = "\(boundary)-\(end.form.rawValue)"
            guard facts.endsInBlankLine, let part = try EditablePart(end.part, report, facts, file) else {
                (edits, cleanedPart, reason) = ([], nil, "no safe place")
                return
            }
            if let sanitizing, sanitizing.changes(end.part) {
                guard let both = try Self.add(disclaimer, to: part, end, sanitizing, report, file, boundary: boundary)
                else {
                    (edits, cleanedPart, reason) = ([], nil, "sanitized")
                    return
                }
                (edits, cleanedPart) = (edits + both, end.part)
                continue
            }
            guard
                let added = try Self.add(
                    disclaimer, to: part, end, file, boundary: boundary, bodyLimit: bodyLimit)
            else {
                (edits, cleanedPart, reason) = ([], nil, "no safe place")
                return
            }
            guard !changed.contains(where: part.isTouched) else {
                (edits, cleanedPart, reason) = ([], nil, "changed by rules")
                return
            }
            edits += added
        }
        if edits.isEmpty { reason = "already there" }
    }

    // MARK: One part

    /// Into HTML that is made harmless as well, or beside it.
    private static func add(
        _ disclaimer: Disclaimer, to part: EditablePart, _ end: TextEnd, _ sanitizing: SanitizingPlan, _ report: Report,
        _ file: MessageFile, boundary: String
    ) throws -> [BodyEdit]? {
        if let place = end.place, end.letters != .foreign {
            let addition = RewrittenHTML.Addition(
                text: lines(disclaimer.html, part, end), place: place.lowerBound, skip: end.skip)
            if let edits = try sanitizing.edits(of: part, end.part, report, file, adding: addition) { return edits }
        }
        // The fields of the message itself would be changed by both.
        guard !part.isMessage, let cleaned = try sanitizing.edits(of: part, end.part, report, file, adding: nil) else {
            return nil
        }
        return cleaned + part.wrap(whole(disclaimer, end.form), end.form, boundary: boundary)
    }

    private static func add(
        _ disclaimer: Disclaimer, to part: EditablePart, _ end: TextEnd, _ file: MessageFile, boundary: String,
        bodyLimit: Int
    ) throws -> [BodyEdit]? {
        let plain = disclaimer.plain(isFlowed: end.isFlowed)
        func beside() -> [BodyEdit] { part.wrap(whole(disclaimer, end.form), end.form, boundary: boundary) }
        guard let place = end.place, end.letters != .foreign, part.counts.isEmpty else { return beside() }
        if end.form == .html || plain.utf8.allSatisfy({ $0 < 0x80 }) {
            let text = end.form == .html ? disclaimer.html : Array(plain.utf8)
            return try insert(text, at: place, part, end, file).map { [$0] }
        }
        let text = octets(plain, end)
        // Octets beyond ASCII stand as they are only beside others: where there are none the next hop may not take them (RFC 6152
        // section 3), nor the multipart around the part (RFC 2045 section 6.4).
        let isFirst = end.letters == .ascii && (end.coding == .sevenBit || end.coding == .eightBit)
        if let text, !isFirst { return try insert(text, at: place, part, end, file).map { [$0] } }
        if end.letters == .ascii, !isFirst {
            // ASCII is UTF-8.
            guard let declaration = part.declared(utf8: true, quotedPrintable: false) else { return beside() }
            return try insert(Array(plain.utf8), at: place, part, end, file).map { [$0] + declaration }
        }
        guard part.body.count <= bodyLimit, let body = try DecodedBody(part, file) else { return beside() }
        guard place.isEmpty || end.coding == .base64, let middle = body.offset(of: place.lowerBound, skip: end.skip),
            end.letters != .ascii || body.content.allSatisfy({ $0 < 0x80 })
        else { return nil }
        let words = lines(text ?? Array(plain.utf8), part, end)
        return rewrite(body, adding: words, at: middle, isUTF8: text == nil, part, end) ?? beside()
    }

    /// The text for a part of its own, UTF-8.
    private static func whole(_ disclaimer: Disclaimer, _ form: TextEnd.Form) -> [UInt8] {
        form == .html ? disclaimer.html : Array(disclaimer.plain(isFlowed: false).utf8)
    }

    /// The text in the charset that the part declares; nil where it does not fit.
    private static func octets(_ text: String, _ end: TextEnd) -> [UInt8]? {
        if end.letters == .utf8 { return Array(text.utf8) }
        guard let coding = charset(end), let octets = coding.encoded(text) else { return nil }
        return coding.hasControls(label: end.charset) && octets.contains { (0x80...0x9F).contains($0) } ? nil : octets
    }

    /// What the part says that its letters are; nil where that is ASCII or nothing.
    private static func charset(_ end: TextEnd) -> CharsetCoding? {
        ["", "us-ascii", "ascii", "ansi_x3.4-1968"].contains(end.charset) ? nil : CharsetCoding(label: end.charset.utf8)
    }

    // MARK: One place

    /// The whole body with the text, quoted-printable unless it is base64.
    /// - Parameter isUTF8: the text is; what stands in the body becomes that, too.
    /// - Returns: nil where it cannot be.
    private static func rewrite(
        _ body: DecodedBody, adding text: [UInt8], at middle: Int, isUTF8: Bool, _ part: EditablePart, _ end: TextEnd
    ) -> [BodyEdit]? {
        var content = body.content
        var place = middle
        if isUTF8, end.letters != .ascii {
            guard part.charset == end.charset, let coding = charset(end),
                let head = coding.letters(of: Array(content[..<middle]).span, label: end.charset),
                let tail = coding.letters(of: Array(content[middle...]).span, label: end.charset)
            else { return nil }
            (content, place) = (head + tail, head.count)
        }
        content.insert(contentsOf: text, at: place)
        return body.replaced(by: content, isUTF8: isUTF8, isEncoded: true)
    }

    /// The text with the line ends around it.
    private static func lines(_ text: [UInt8], _ part: EditablePart, _ end: TextEnd) -> [UInt8] {
        let lineEnd: [UInt8] = [0x0D, 0x0A]
        if end.form == .html { return lineEnd + text + lineEnd }
        // The message itself ends with a line end; behind a part stands that of the delimiter.
        let isLast = part.isMessage && end.coding != .base64
        return (end.endsLine ? [] : lineEnd) + lineEnd + text + (isLast ? lineEnd : [])
    }

    /// - Parameter text: in the charset of the part, lines with CRLF between them.
    private static func insert(
        _ text: [UInt8], at place: Range<Int>, _ part: EditablePart, _ end: TextEnd, _ file: MessageFile
    ) throws -> BodyEdit? {
        guard part.body.lowerBound <= place.lowerBound, place.upperBound <= part.body.upperBound else { return nil }
        let lineEnd: [UInt8] = [0x0D, 0x0A]
        let lines = lines(text, part, end)
        guard end.coding == .base64 else {
            guard place.isEmpty else { return nil }
            return BodyEdit(range: place, text: AddedText.encoded(lines, end.coding))
        }
        guard place.count <= longestGroup else { return nil }
        let before = max(part.body.lowerBound, place.lowerBound - 1)
        let bytes = try file.descriptor.read(
            at: before, count: min(part.body.upperBound, place.upperBound + 1) - before)
        let group = bytes.dropFirst(place.lowerBound - before).prefix(place.count)
        var octets: [UInt8] = []
        let result = TransferDecoder.decode(Array(group).span, encoding: .base64, into: &octets, limit: longestGroup)
        guard octets.count <= 3, end.skip <= octets.count || group.isEmpty, !result.limitReached else { return nil }
        let skip = min(end.skip, octets.count)
        var encoded = AddedText.base64(lines, head: Array(octets.prefix(skip)), tail: Array(octets.dropFirst(skip)))
        if before < place.lowerBound, bytes.first != 0x0A { encoded = lineEnd + encoded }
        if let next = bytes.dropFirst(place.upperBound - before).first, next > 0x20 { encoded += lineEnd }
        return BodyEdit(range: place, text: encoded)
    }
}
