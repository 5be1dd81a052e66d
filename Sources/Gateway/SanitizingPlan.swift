internal import Configuration
internal import Linux
internal import MIME
internal import MailModel
internal import Policy
internal import Relay
internal import Stores

/// Takes scripts, forms and the like out of the HTML of a message on its way. What is HTML and where it has to be changed is the
/// inspector's word. The gateway decodes the part itself, makes changes of three kinds alone (`HTMLEdit`), each checked against what
/// stands there, and encodes it again as its header says. A worker that lies can take octets out of the text of its own message
/// or put our three texts into it, and no more. All other octets stay as they are.
struct SanitizingPlan: Sendable {
    let hazards: Set<HTMLHazard>
    /// The changes; none where there is a reason, or nothing to do.
    private(set) var edits: [BodyEdit] = []
    /// Places in HTML that are changed.
    private(set) var count = 0
    /// Why what should go stays, in a few words; nil when nothing stays.
    private(set) var reason: String?

    /// What became of it, for logs: `scripts+remote (12)`, `scripts (not done: signed)`; nil where there was nothing.
    var words: String? {
        guard count > 0 || reason != nil else { return nil }
        return "\(HTMLHazard.words(hazards)) (\(reason.map { "not done: \($0)" } ?? "\(count)"))"
    }

    init(_ hazards: Set<HTMLHazard>, reason: String) {
        (self.hazards, self.reason) = (hazards, reason)
    }

    /// Plans it. Blocks on a disk unless the message is in memory.
    /// - Parameters:
    ///   - changed: octets that are changed by others: rules, and what is stripped.
    init(
        _ hazards: Set<HTMLHazard>, _ report: Report, _ facts: HeaderFacts, _ file: MessageFile, changed: [Range<Int>],
        limits: Settings.Limits
    ) throws {
        self.hazards = hazards
        guard let cleaning = report.htmlCleanings.first(where: { $0.hazards == hazards }) else {
            reason = "not inspected"
            return
        }
        if let obstacle = cleaning.obstacle {
            reason = obstacle.rawValue
            return
        }
        for text in cleaning.texts {
            if let words = try change(text, report, facts, file, changed, limits) {
                (edits, count, reason) = ([], 0, words)
                return
            }
        }
    }

    /// Plans the changes of one part.
    /// - Returns: why it cannot be changed.
    private mutating func change(
        _ text: HTMLCleaning.Text, _ report: Report, _ facts: HeaderFacts, _ file: MessageFile, _ changed: [Range<Int>],
        _ limits: Settings.Limits
    ) throws -> String? {
        // In a header that was not read to its end there may be another type.
        guard facts.endsInBlankLine, let part = try EditablePart(text.part, report, facts, file) else {
            return "no safe place"
        }
        let place = part.body
        // What is replaced as a whole is gone.
        if changed.contains(where: { $0.lowerBound <= place.lowerBound && $0.upperBound >= place.upperBound }) {
            return nil
        }
        guard !changed.contains(where: part.isTouched) else { return "changed by rules" }
        guard place.count <= limits.rewrittenBody, text.edits.count <= limits.htmlEdits - count else {
            return HTMLCleaning.Obstacle.overLimits.rawValue
        }
        guard let body = try Self.body(of: part, text.edits, file),
            !edits.contains(where: { $0.range.overlaps(place) })
        else { return "no safe place" }
        edits.append(BodyEdit(range: place, text: body))
        count += text.edits.count
        return nil
    }

    /// The body with the changes, encoded as it was.
    private static func body(of part: EditablePart, _ edits: [HTMLEdit], _ file: MessageFile) throws -> [UInt8]? {
        guard let encoding = part.transferEncoding else { return nil }
        let body = try file.descriptor.read(at: part.body.lowerBound, count: part.body.count)
        guard body.count == part.body.count else { return nil }
        var content: [UInt8] = []
        _ = TransferDecoder.decode(body.span, encoding: encoding, into: &content, limit: body.count)
        guard let changed = HTMLEdit.apply(edits, to: content) else { return nil }
        switch encoding {
        // No line can become a delimiter: none of the three texts begins with a hyphen, and none is empty.
        case .sevenBit, .eightBit, .binary: return changed
        case .quotedPrintable: return AddedText.encoded(changed, .quotedPrintable)
        // The message itself ends with a line end; behind a part stands that of the delimiter.
        case .base64: return AddedText.base64(changed, head: [], tail: []) + (part.isMessage ? [0x0D, 0x0A] : [])
        case .uuencode, .unknown: return nil
        }
    }
}
