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
/// or put our three texts into it, and no more. All other octets stay as they are, but for fields with a digest or a size of
/// what is changed, and for the encoding where lines would become too long.
struct SanitizingPlan: Sendable {
    let hazards: Set<HTMLHazard>
    /// The changes by part, in the order of the message; none where there is a reason, or nothing to do.
    private var parts: [(index: Int, edits: [BodyEdit])] = []
    /// Places in HTML that are changed.
    private(set) var count = 0
    /// Why what should go stays, in a few words; nil when nothing stays.
    private(set) var reason: String?

    /// What became of it, for logs: `scripts+remote (12)`, `scripts (not done: signed)`; nil where there was nothing.
    var words: String? {
        guard count > 0 || reason != nil else { return nil }
        return "\(HTMLHazard.words(hazards)) (\(reason.map { "not done: \($0)" } ?? "\(count)"))"
    }

    /// The changes.
    /// - Parameter part: one that is left out.
    func edits(without part: Int? = nil) -> [BodyEdit] { parts.flatMap { $0.index == part ? [] : $0.edits } }

    /// The part is changed.
    func changes(_ part: Int) -> Bool { parts.contains { $0.index == part } }

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
        // What is left of changes in the header of the message touches no other part.
        let within = changed.filter { $0.upperBound >= facts.block.count }
        var end = 0
        for text in cleaning.texts {
            // In a header that was not read to its end there may be another type.
            guard facts.endsInBlankLine, let part = try EditablePart(text.part, report, facts, file),
                part.header.lowerBound >= end
            else {
                fail("no safe place")
                return
            }
            end = part.body.upperBound
            if let words = try change(part, text, part.isMessage ? changed : within, file, limits) {
                fail(words)
                return
            }
        }
    }

    private mutating func fail(_ words: String) { (parts, count, reason) = ([], 0, words) }

    /// Plans the changes of one part.
    /// - Returns: why it cannot be changed.
    private mutating func change(
        _ part: EditablePart, _ text: HTMLCleaning.Text, _ changed: [Range<Int>], _ file: MessageFile,
        _ limits: Settings.Limits
    ) throws -> String? {
        let place = part.body
        // What is replaced as a whole is gone.
        if changed.contains(where: { $0.lowerBound <= place.lowerBound && $0.upperBound >= place.upperBound }) {
            return nil
        }
        guard !changed.contains(where: part.isTouched) else { return "changed by rules" }
        guard place.count <= limits.rewrittenBody, text.edits.count <= limits.htmlEdits - count else {
            return HTMLCleaning.Obstacle.overLimits.rawValue
        }
        guard let edits = try RewrittenHTML.edits(of: part, text.edits, file) else { return "no safe place" }
        parts.append((text.part, edits))
        count += text.edits.count
        return nil
    }

    /// The changes of a part that is changed.
    /// - Parameter addition: a text that is put in as well.
    /// - Returns: nil where that does not fit in.
    func edits(
        of part: EditablePart, _ index: Int, _ report: Report, _ file: MessageFile,
        adding addition: RewrittenHTML.Addition?
    ) throws -> [BodyEdit]? {
        guard let cleaning = report.htmlCleanings.first(where: { $0.hazards == hazards }),
            let text = cleaning.texts.first(where: { $0.part == index })
        else { return nil }
        return try RewrittenHTML.edits(of: part, text.edits, file, adding: addition)
    }
}
