internal import Bayes
internal import Configuration
internal import Linux
internal import MIME
internal import MailModel
internal import NIOPosix
internal import Policy
internal import Relay
internal import RemoteChecks
internal import Scoring
internal import Stores
internal import Synchronization

/// Learns from mail that tests are sure of, behind the mail: what waits is learnt together, in one transaction for each
/// database and class. The machines are not solved here, which takes memory and time: `mailreeve learn --sync` does so, and
/// until then what was learnt counts in the classical method.
final class Autolearner: Sendable {
    /// Messages that may wait; more are not learnt.
    private static let waitingLimit = 200
    /// Octets of the largest message: sa-learn(1) passes over larger ones, too.
    static let largestMessage = 500 * 1024

    private struct Item {
        var lesson: Bayes.Lesson
        var isSpam: Bool
        var database: String?
    }

    private struct State {
        var waiting: [Item] = []
        /// Messages that were not learnt because too many waited, since that was last reported.
        var refused = 0
        /// What has taught today, and whether it was reported that more than is remembered wanted to.
        var quota = AutolearningQuota()
        var isReported = false
        /// Batches of the day by database.
        var batches: [String: BatchRecord] = [:]

        /// What is to be reported, once.
        mutating func takeTroubles() -> [String] {
            var troubles: [String] = []
            if refused > 0 {
                troubles.append("\(Autolearner.waitingLimit) messages were waiting: \(refused) more were not learnt")
            }
            refused = 0
            if quota.isFull, !isReported {
                isReported = true
                troubles.append(
                    "\(AutolearningQuota.remembered) senders, networks or databases have taught today: mail of others is "
                        + "not learnt until tomorrow")
            }
            return troubles
        }
    }

    private let state = Mutex(State())
    private let wakeUps: AsyncStream<Void>
    private let wakeUp: AsyncStream<Void>.Continuation

    init() {
        (wakeUps, wakeUp) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Decides on a judged message, before its fields are written. Infected, banned and unchecked mail teaches nothing, nor does
    /// mail of which scanners were not asked since its score was decided (they might have contradicted), or of which no recipient
    /// wants to know whether it is spam. What is to be learnt takes a share of the day: `offer` or `withdraw` has to follow.
    func decide(_ work: MessageWork) -> AutolearningStatus {
        let settings = work.setup.settings.bayes.autolearn
        guard settings.enabled, work.setup.scorer != nil else { return .disabled }
        guard work.bayesFailure == nil else { return .unavailable }
        guard let report = work.report, !report.tokens.isEmpty, work.message.file.count <= Self.largestMessage,
            work.verdict.categories.allSatisfy(Self.mayTeach), !work.scannerOutcomes.contains(where: \.isNeedless),
            work.seeksSpam
        else { return .no }
        let conditions = Autolearning(spam: settings.spam, ham: settings.ham, onError: settings.onError)
        let learnt = work.bayes.map { $0.tests.reduce(0) { $0 + $1.score } }
        guard
            let isSpam = conditions.lesson(
                tests: work.verdict.tests, learnt: learnt, probability: work.bayes?.probability, call: Self.call(work))
        else { return .no }
        guard hasRoom() else { return .failed }
        let limits = AutolearningQuota.Limits(
            perSender: settings.perSender, perNetwork: settings.perNetwork, perDay: settings.perDay)
        let teacher = Self.teacher(work)
        let isTaken = state.withLock { state in
            if state.quota.begin(day: work.time / Self.day) {
                state.batches = [:]
                state.isReported = false
            }
            return state.quota.take(teacher, limits)
        }
        guard isTaken else {
            wakeUp.yield()
            return .no
        }
        return isSpam ? .spam : .ham
    }

    /// Seconds.
    private static let day = 86_400

    /// What the message is called: by the score that it has for each group of recipients, lists of senders counted, and by
    /// scanners. What a rule refuses or holds is no ham either.
    private static func call(_ work: MessageWork) -> Autolearning.Call {
        let isSpam = work.groups.map { group in
            group.standing.isDenied || group.policy.levels.category(of: group.verdict.score) != nil
                || work.verdict.categories.contains(.spam)
        }
        if isSpam.allSatisfy({ $0 }), !isSpam.isEmpty { return .spam }
        return isSpam.contains(true) || work.verdict.categories.contains(.rule) ? .neither : .ham
    }

    private static func teacher(_ work: MessageWork) -> AutolearningQuota.Teacher {
        AutolearningQuota.Teacher(
            sender: work.message.envelope.reversePath.bytes, network: network(of: work.message.envelope.client),
            database: work.learningDatabase ?? "")
    }

    /// The network of the client that handed the message in: that which XFORWARD names, else the connection's; nil for
    /// clients on this machine, which bring everybody's mail.
    static func network(of client: ClientFacts) -> [UInt8]? {
        guard let address = IPAddress(client.originalAddress), !address.isLoopback else { return nil }
        return Array(address.octets.prefix(address.isIPv4 ? 3 : 8))
    }

    /// False, and that is counted, when too many messages wait.
    private func hasRoom() -> Bool {
        state.withLock { state in
            guard state.waiting.count >= Self.waitingLimit else { return true }
            state.refused += 1
            return false
        }
    }

    /// Takes a message that was decided to be learnt and is done with.
    func offer(_ work: MessageWork) async {
        guard work.autolearning.teaches, let report = work.report else { return }
        let file = work.message.file
        let id = try? await work.setup.blocking(unless: file.inMemory) {
            let bytes = try file.descriptor.read(at: 0, count: Self.largestMessage)
            return MessageIdentity.of(bytes.span)
        }
        guard let id else { return }
        let item = Item(
            lesson: Bayes.Lesson(
                id: id, features: Features(tokens: report.tokens), date: UInt32(clamping: work.time), isAutomatic: true),
            isSpam: work.autolearning == .spam,
            database: work.learningDatabase)
        state.withLock { state in
            if state.waiting.count < Self.waitingLimit {
                state.waiting.append(item)
            } else {
                state.refused += 1
            }
        }
        wakeUp.yield()
    }

    /// Gives the share back that a message took whose client sends it again: it teaches then.
    func withdraw(_ work: MessageWork) {
        guard work.autolearning.teaches else { return }
        let teacher = Self.teacher(work)
        state.withLock { $0.quota.giveBack(teacher, day: work.time / Self.day) }
    }

    private static func mayTeach(_ category: Category) -> Bool {
        switch category {
        case .clean, .spam, .spammy, .rule, .badHeader: true
        case .infected, .banned, .unchecked, .oversized: false
        }
    }

    /// Learns until the task is cancelled.
    /// - Parameters:
    ///   - scorer: the one in force.
    ///   - report: gets what went wrong; mail is not touched by it.
    func run(scorer: @escaping @Sendable () -> SpamScorer?, report: @escaping @Sendable (String) -> Void) async {
        for await _ in wakeUps {
            let (items, troubles) = state.withLock { state in
                defer { state.waiting = [] }
                return (state.waiting, state.takeTroubles())
            }
            for trouble in troubles { report("autolearning: \(trouble)") }
            guard let scorer = scorer(), !items.isEmpty else { continue }
            var groups: [String: [Item]] = [:]
            for item in items { groups["\(item.isSpam ? "s" : "h")\(item.database ?? "")", default: []].append(item) }
            for group in groups.values {
                do {
                    try await scorer.blocking { try self.learn(group, scorer) }
                } catch {
                    report("autolearning: \(error): \(group.count) message(s) were not learnt")
                }
            }
        }
    }

    private func learn(_ items: [Item], _ scorer: SpamScorer) throws {
        guard let first = items.first else { return }
        let now = unixTime()
        let name = first.database ?? ""
        let known = state.withLock { $0.batches[name] }
        let batch = try scorer.databases.with(first.database, making: first.database == nil) { store in
            let store = BayesStore(store, limits: scorer.limits)
            var batch = try known ?? store.beginBatch(at: UInt64(now), by: .autolearning)
            _ = try store.learn(items.map(\.lesson), asSpam: first.isSpam, batch: &batch, time: now)
            return batch
        }
        guard let batch else { throw GatewayError("the database \(name) is not there any more") }
        state.withLock { $0.batches[name] = batch }
    }
}

extension AutolearningStatus {
    /// The message is to be learnt.
    fileprivate var teaches: Bool { self == .spam || self == .ham }
}
