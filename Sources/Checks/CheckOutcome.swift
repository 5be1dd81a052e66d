package import MailModel

/// What the rules that fired amount to for one message: actions add up in the order in which they fired.
package struct CheckOutcome: Hashable, Sendable {
    /// What ends the message's way, if anything does. The first that fires wins: nothing is looked up behind it.
    package enum Decision: Hashable, Sendable {
        case reject(EnhancedStatus, [UInt8])
        case discard([UInt8])
        /// Kept until somebody looks; later rules may still refuse or discard the message.
        case hold([UInt8])
    }

    /// A change of the message, within the text that fired.
    package struct Edit: Hashable, Sendable {
        /// What is replaced; empty for an insertion.
        package var range: Range<Int>
        /// Whole lines with their line ends, or a piece without one.
        package var text: [UInt8]
        /// The range whose firing made it.
        package var source: Range<Int>
        package var isHeader: Bool
    }

    /// One line for the log.
    package struct Entry: Hashable, Sendable {
        /// cleanup(8)'s word: `reject`, `warning`, ...
        package var verb: String
        package var list: CheckList
        package var table: Int
        package var line: Int
        /// Where the text stands in the message.
        package var range: Range<Int>
        /// What the groups matched, the whole match first; empty when the rule's text uses none; escape before showing.
        package var groups: [[UInt8]?]
        /// The beginning of the text that fired; escape before showing.
        package var content: [UInt8]
        /// The rule's own words; escape before showing.
        package var text: [UInt8]
    }

    /// A test that counts for the spam score.
    package struct Score: Hashable, Sendable {
        package var name: String
        /// Thousandths of a point.
        package var points: Int
        package var text: [UInt8]
        /// The beginning of the text that fired; escape before showing.
        package var seen: [UInt8]
        /// The list whose rule gave it.
        package var list: CheckList
    }

    package private(set) var decision: Decision?
    /// The last FILTER; a REDIRECT outranks it.
    package private(set) var filter: [UInt8]?
    /// The last REDIRECT.
    package private(set) var redirect: [UInt8]?
    /// Every BCC, each address once.
    package private(set) var bcc: [[UInt8]] = []
    package private(set) var edits: [Edit] = []
    package private(set) var scores: [Score] = []
    private var scoredNames: Set<String> = []
    package private(set) var entries: [Entry] = []
    package private(set) var warnings: [String] = []
    /// What smtpd(8) says of a message that cleanup(8) could not look up.
    private static let failure = Array("Error: queue file write error".utf8)

    /// Nothing further is looked up.
    package private(set) var isEnded = false

    /// More than `bccLimit` addresses were to be added.
    package private(set) var hasTooManyBCC = false

    /// Addresses that BCC adds at most.
    package static let bccLimit = 100

    package init() {}

    /// Takes a rule that fired.
    /// - Parameters:
    ///   - firing: where and on what.
    ///   - isContinued: the text is a piece of a line that goes on behind it, so no line end belongs to it.
    package mutating func take(_ action: CheckAction, _ firing: RuleFiring, isContinued: Bool) {
        guard !isEnded else { return }
        switch action {
        case .reject(let status, let text):
            decision = .reject(status, text)
        case .discard(let text):
            decision = .discard(text)
        case .hold(let text):
            // Set once and logged once.
            guard decision == nil else { return }
            decision = .hold(text)
        case .filter(let text):
            filter = text
        case .redirect(let text):
            redirect = text
        case .bcc(let text):
            if !bcc.contains(text) {
                if bcc.count < Self.bccLimit { bcc.append(text) } else { hasTooManyBCC = true }
            }
        case .ignore, .strip:
            edit(firing, firing.range, [])
        case .prepend(let text):
            edit(firing, firing.range.lowerBound..<firing.range.lowerBound, Self.lines(text, firing.list) + Self.crlf)
        case .replace(let text):
            edit(firing, firing.range, Self.lines(text, firing.list) + (isContinued ? [] : Self.crlf))
        case .score(let points, let name, let text):
            // A test counts once, and is told of once, however often its text is repeated.
            guard scoredNames.insert(name).inserted else { return }
            scores.append(Score(name: name, points: points, text: text, seen: firing.text, list: firing.list))
        case .fail:
            decision = .reject(EnhancedStatus(4, 3, 0), Self.failure)
            warnings.append("\(firing.list.rawValue) lookup of \(firing.text.text) returns an empty string result")
        case .none(let warning):
            warnings.append(warning)
        case .warn, .info, .pass, .dunno:
            break
        }
        if let logged = action.logged {
            entries.append(
                Entry(
                    verb: logged.verb, list: firing.list, table: firing.table, line: firing.line,
                    range: firing.range, groups: firing.groups, content: firing.text, text: logged.text))
        }
        isEnded = action.endsInspection
    }

    private mutating func edit(_ firing: RuleFiring, _ range: Range<Int>, _ text: [UInt8]) {
        guard firing.list.isEditable else { return }
        edits.append(Edit(range: range, text: text, source: firing.range, isHeader: firing.list.isHeader))
    }

    private static let crlf: [UInt8] = [0x0D, 0x0A]

    /// A rule's text as lines of mail. A newline can only come from a folded field that a group matched: the line behind
    /// it begins with a blank, so that no capture can begin a field of its own.
    private static func lines(_ text: [UInt8], _ list: CheckList) -> [UInt8] {
        var out: [UInt8] = []
        for (index, byte) in text.enumerated() {
            switch byte {
            case 0x0A where list.isHeader:
                out += crlf
                if index + 1 == text.count || !isBlank(text[index + 1]) { out.append(0x09) }
            case 0x00, 0x0D:
                break
            case 0x0A:
                out.append(0x20)
            default:
                out.append(byte)
            }
        }
        return out
    }
}
