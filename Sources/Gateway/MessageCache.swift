internal import InspectionLink
internal import Linux
internal import MailModel
internal import RemoteChecks
internal import Synchronization

/// What was said of whole messages, for those that come again: a mailing that is sent recipient by recipient is inspected once.
/// The digest is the gateway's own. Lives as long as the settings; of one generation of the inspector nothing counts for the
/// next. Only answers that are whole are kept: no failure, nothing unchecked, no limit.
final class MessageCache: Sendable {
    struct Key: Hashable, Sendable {
        /// SHA-256 of the whole message.
        var digest: [UInt8]
        var context: InspectionContext
        var generation: Int
        /// What the scanners whose answers are kept said of themselves last.
        var scanners: [[ScannerVersion?]] = []
    }

    struct Entry: Sendable {
        var report: Report
        var ready: Ready
        /// Answers of scanners that look at the content alone.
        var outcomes: [ScannerOutcome]
    }

    /// How long answers count, seconds; 0 keeps none of the class.
    struct Lifetimes: Sendable {
        var clean: Int
        var infected: Int
    }

    /// For `mailreeve status`, since the settings were read.
    struct Figures: Sendable, Codable {
        /// Messages whose answers are kept.
        var entries = 0
        var hits = 0
        var misses = 0
    }

    private struct State {
        var figures = Figures()
        var entries: [Key: (entry: Entry, end: Int)] = [:]
        /// Keys in the order in which they came; the oldest goes first.
        var order: [Key] = []
        var first = 0
    }

    private let state = Mutex(State())
    /// Entries at one time; 0 switches the cache off.
    private let limit: Int
    private let lifetimes: Lifetimes

    /// Octets, by estimate, of one entry: larger reports are not kept.
    static let entrySize = 65_536

    init(limit: Int, lifetimes: Lifetimes) {
        self.limit = limit
        self.lifetimes = lifetimes
    }

    var isOn: Bool { limit > 0 }

    var figures: Figures {
        state.withLock { state in
            var figures = state.figures
            figures.entries = state.entries.count
            return figures
        }
    }

    func find(_ key: Key, now: Int = monotonicNow()) -> Entry? {
        state.withLock { state in
            if let found = state.entries[key] {
                if found.end > now {
                    state.figures.hits += 1
                    return found.entry
                }
                state.entries[key] = nil
            }
            state.figures.misses += 1
            return nil
        }
    }

    /// Keeps an entry when it may be kept.
    func keep(_ entry: Entry, for key: Key, now: Int = monotonicNow()) {
        let report = entry.report
        guard isOn, report.unchecked.isEmpty, report.limitsHit.isEmpty, Self.size(report) <= Self.entrySize,
            report.parts.allSatisfy({ !$0.encrypted }),
            entry.outcomes.allSatisfy({ $0.answer?.unchecked.isEmpty == true })
        else { return }
        let isInfected =
            report.findings.contains { $0.kind == .virus } || entry.outcomes.contains { $0.answer?.isInfected == true }
        let seconds = isInfected ? lifetimes.infected : lifetimes.clean
        guard seconds > 0 else { return }
        state.withLock { state in
            if state.entries.updateValue((entry, now + seconds * 1_000_000_000), forKey: key) == nil {
                state.order.append(key)
            }
            while state.order.count - state.first > limit {
                state.entries[state.order[state.first]] = nil
                state.first += 1
            }
            if state.first > limit {
                state.order.removeFirst(state.first)
                state.first = 0
            }
        }
    }

    private static func size(_ report: Report) -> Int {
        let texts = report.parts.reduce(0) { sum, part in
            sum + 300 + part.names.reduce(0) { $0 + $1.utf8.count } + part.notes.reduce(0) { $0 + $1.utf8.count }
        }
        return texts + report.tokens.count * 8 + report.findings.count * 300 + report.anomalies.count * 40
            + report.firings.reduce(0) { $0 + 300 + $1.text.count + $1.groups.reduce(0) { $0 + ($1?.count ?? 0) } }
            + report.tokenTexts.count * 60
    }
}
