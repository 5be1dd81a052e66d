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
    ///   - boundary: octets that do not occur in the message.
    ///   - bodyLimit: octets of a body that is encoded anew.
    init(
        _ disclaimer: Disclaimer, _ numbers: Range<Int>, _ report: Report, _ facts: HeaderFacts, _ file: MessageFile,
        changed: [Range<Int>], boundary: String, bodyLimit: Int
    ) throws {
        name = disclaimer.name
        guard report.textObstacle == nil, !report.textEnds.isEmpty else {
            reason = (report.textObstacle ?? .noText).rawValue
            return
        }
        for end in report.textEnds where !end.known.contains(where: numbers.contains) {
            // In a header that was not read to its end there may be a signature.
            guard facts.endsInBlankLine, let part = try EditablePart(end.part, report, facts, file),
                let added = try Self.add(
                    disclaimer, to: part, end, file, boundary: "\(boundary)-\(end.form.rawValue)", bodyLimit: bodyLimit)
            else {
                (edits, reason) = ([], "no safe place")
                return
            }
            guard !changed.contains(where: part.isTouched) else {
                (edits, reason) = ([], "changed by rules")
                return
            }
            edits += added
        }
        if edits.isEmpty { reason = "already there" }
    }

    // MARK: One part

    private static func add(
        _ disclaimer: Disclaimer, to part: EditablePart, _ end: TextEnd, _ file: MessageFile, boundary: String,
        bodyLimit: Int
    ) throws -> [BodyEdit]? {
        let plain = disclaimer.plain(isFlowed: end.isFlowed)
        func beside() -> [BodyEdit] { part.wrap(whole(disclaimer, end.form), end.form, boundary: boundary) }
        guard let place = end.place, end.letters != .foreign, !part.isCounted else { return beside() }
        if end.form == .html || plain.utf8.allSatisfy({ $0 < 0x80 }) {
            let text = end.form == .html ? disclaimer.html : Array(plain.utf8)
            return try insert(text, at: place, part, end, file).map { [$0] }
        }
        let text = octets(plain, end)
        // Octets beyond ASCII stand as they are only beside others: where there are none the next hop may not take them (RFC 6152
        // section 3), nor the multipart around the part (RFC 2045 section 6.4).
        if end.letters == .ascii, end.coding == .sevenBit || end.coding == .eightBit {
            guard part.body.count <= bodyLimit,
                let declaration = part.declared(utf8: text == nil, quotedPrintable: true)
            else { return beside() }
            return try encode(text ?? Array(plain.utf8), at: place, part, end, file).map { [$0] + declaration }
        }
        if let text { return try insert(text, at: place, part, end, file).map { [$0] } }
        // ASCII is UTF-8.
        guard end.letters == .ascii, let declaration = part.declared(utf8: true, quotedPrintable: false) else {
            return beside()
        }
        return try insert(Array(plain.utf8), at: place, part, end, file).map { [$0] + declaration }
    }

    /// The text for a part of its own, UTF-8.
    private static func whole(_ disclaimer: Disclaimer, _ form: TextEnd.Form) -> [UInt8] {
        form == .html ? disclaimer.html : Array(disclaimer.plain(isFlowed: false).utf8)
    }

    /// The text in the charset that the part declares; nil where it does not fit.
    private static func octets(_ text: String, _ end: TextEnd) -> [UInt8]? {
        if end.letters == .utf8 { return Array(text.utf8) }
        let isASCII = ["", "us-ascii", "ascii", "ansi_x3.4-1968"].contains(end.charset)
        guard !isASCII, let coding = CharsetCoding(label: end.charset.utf8), let octets = coding.encoded(text)
        else { return nil }
        // What readers take for Windows-1252 has controls there by its name.
        let hasControls = end.charset.hasPrefix("iso") || end.charset.hasPrefix("latin")
        return hasControls && octets.contains { (0x80...0x9F).contains($0) } && coding != .utf8 ? nil : octets
    }

    // MARK: One place

    /// A body in ASCII as quoted-printable, with the text.
    /// - Parameter text: as in `insert`.
    private static func encode(
        _ text: [UInt8], at place: Range<Int>, _ part: EditablePart, _ end: TextEnd, _ file: MessageFile
    ) throws -> BodyEdit? {
        guard place.isEmpty, part.body.lowerBound <= place.lowerBound, place.upperBound <= part.body.upperBound else {
            return nil
        }
        let body = try file.descriptor.read(at: part.body.lowerBound, count: part.body.count)
        guard body.count == part.body.count, body.allSatisfy({ $0 < 0x80 }) else { return nil }
        let middle = place.lowerBound - part.body.lowerBound
        let whole = body[..<middle] + lines(text, part, end) + body[middle...]
        return BodyEdit(range: part.body, text: AddedText.encoded(Array(whole), .quotedPrintable))
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
