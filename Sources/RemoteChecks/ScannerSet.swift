internal import Glibc
internal import Linux
internal import MailModel

/// All scanners of the settings: asks them side by side, tests them on a timer, and knows which are believed.
package final class ScannerSet: Sendable {
    /// How the scanners are used together.
    package struct Options: Sendable {
        /// The first virus that is found ends the search of the others.
        package var stopsAtFirstHit = false
        /// Seconds between two self-tests of a scanner that works.
        package var testInterval = 600
        /// Seconds between two of one that does not.
        package var retryInterval = 10

        package init() {}
    }

    struct Member: Sendable {
        let settings: ScannerSettings
        let scanner: any RemoteScanner
        let health: ScannerHealth
    }

    private let members: [Member]
    private let options: Options
    private let log: @Sendable (String) -> Void

    /// - Parameter log: called with a line whenever a scanner comes or goes.
    package init(
        _ scanners: [(settings: ScannerSettings, scanner: any RemoteScanner)], options: Options = Options(),
        log: @escaping @Sendable (String) -> Void
    ) {
        members = scanners.map {
            Member(settings: $0.settings, scanner: $0.scanner, health: ScannerHealth($0.settings))
        }
        self.options = options
        self.log = log
    }

    package var isEmpty: Bool { members.isEmpty }
    /// Some scanner wants the decoded parts.
    package var takesParts: Bool { members.contains { $0.settings.takesParts } }
    /// Answers to a message can be kept: those that have to be asked again need no parts of it.
    package var allowsKeptAnswers: Bool {
        members.allSatisfy { $0.settings.looksAtContentOnly || !$0.settings.takesParts }
    }
    /// For `mailreeve status`.
    package var states: [ScannerState] { members.map { $0.health.state } }

    // MARK: - Messages

    /// Which scanners are asked.
    package enum Turn: Sendable {
        /// Those that need nothing but the message; they run beside the inspection.
        case message
        /// Those that need its parts.
        case parts
    }

    /// Asks the scanners of a turn side by side. Backups wait for `askBackups`.
    /// - Parameters:
    ///   - kept: answers of an earlier time; who gave one is not asked.
    ///   - deadline: of the whole message, nanoseconds of the monotonic clock.
    package func ask(
        _ turn: Turn, _ subject: ScanSubject, kept: [ScannerOutcome] = [], deadline: Int
    ) async -> [ScannerOutcome] {
        let chosen = members.filter { member in
            !member.settings.isBackup && member.settings.takesParts == (turn == .parts)
                && !kept.contains { $0.settings.name == member.settings.name }
        }
        return await ask(chosen, subject, deadline)
    }

    /// Asks the backups for every aim whose scanners have all failed.
    package func askBackups(
        after outcomes: [ScannerOutcome], _ subject: ScanSubject, deadline: Int
    ) async -> [ScannerOutcome] {
        if options.stopsAtFirstHit, outcomes.contains(where: { $0.answer?.isInfected == true }) { return [] }
        var chosen: [Member] = []
        for aim in ScannerSettings.Aim.allCases {
            let primaries = outcomes.filter { $0.settings.seeks == aim }
            guard primaries.allSatisfy({ $0.failure != nil }) else { continue }
            chosen += members.filter { $0.settings.isBackup && $0.settings.seeks == aim }
        }
        return await ask(chosen, subject, deadline)
    }

    private func ask(_ chosen: [Member], _ subject: ScanSubject, _ deadline: Int) async -> [ScannerOutcome] {
        await withTaskGroup(of: ScannerOutcome.self) { group in
            for member in chosen { group.addTask { await Self.ask(member, subject, deadline) } }
            var outcomes: [ScannerOutcome] = []
            for await outcome in group {
                outcomes.append(outcome)
                if options.stopsAtFirstHit, outcome.answer?.isInfected == true {
                    group.cancelAll()
                    break
                }
            }
            return outcomes
        }
    }

    private static func ask(_ member: Member, _ subject: ScanSubject, _ deadline: Int) async -> ScannerOutcome {
        let started = monotonicNow()
        let limit = min(deadline, started + member.settings.timeout)
        let result: Result<ScanAnswer, ScannerFailure>
        if let fault = member.health.state.fault {
            result = .failure(ScannerFailure(fault))
        } else if member.settings.takesParts, subject.parts == nil {
            result = .failure(ScannerFailure("there are no parts to look at"))
        } else {
            result = await within(limit) { () async throws(ScannerFailure) in
                try await member.scanner.scan(subject, deadline: limit)
            }
            // One that was stopped because another was faster has not failed.
            if !Task.isCancelled { member.health.count(answered: (try? result.get()) != nil) }
        }
        return ScannerOutcome(
            settings: member.settings, result: result, microseconds: (monotonicNow() - started) / 1000)
    }

    /// Runs `work` and gives up on it at the deadline, whatever it does.
    private static func within<Value: Sendable>(
        _ deadline: Int, _ work: @escaping @Sendable () async throws(ScannerFailure) -> Value
    ) async -> Result<Value, ScannerFailure> {
        await withTaskGroup(of: Result<Value, ScannerFailure>.self) { group in
            group.addTask {
                do throws(ScannerFailure) {
                    return .success(try await work())
                } catch {
                    return .failure(error)
                }
            }
            group.addTask {
                try? await Task.sleep(for: .nanoseconds(max(0, deadline - monotonicNow())))
                return .failure(.late)
            }
            let first = await group.next() ?? .failure(.late)
            group.cancelAll()
            return first
        }
    }

    // MARK: - Self-tests

    /// Tests every scanner whose test is due, side by side, and waits for the end.
    package func test() async {
        await withDiscardingTaskGroup { group in
            for test in dueTests() { group.addTask(operation: test) }
        }
    }

    /// The tests that are due, each to be run; until it has ended it is not due again.
    package func dueTests() -> [@Sendable () async -> Void] {
        members.filter { $0.health.beginTest() }.map { member in
            { await self.test(member) }
        }
    }

    private func test(_ member: Member) async {
        let settings = member.settings
        let deadline = monotonicNow() + settings.timeout
        let result = await Self.within(deadline) { () async throws(ScannerFailure) in
            let version = try await member.scanner.version(deadline: deadline)
            guard settings.sample != .none else { return version }
            let answer = try await member.scanner.scan(try settings.sample.subject(), deadline: deadline)
            guard settings.sample.isFound(in: answer) else {
                throw ScannerFailure("it does not find its test sample, \(settings.sample.rawValue)")
            }
            return version
        }
        // A test that was broken off says nothing.
        if Task.isCancelled { return }
        var fault: String?
        var version: ScannerVersion?
        do throws(ScannerFailure) {
            version = try result.get()
            fault = Self.staleness(version, settings)
        } catch {
            fault = "failed its self-test: \(error)"
        }
        let seconds = fault == nil ? options.testInterval : options.retryInterval
        if member.health.tested(fault: fault, version: version, next: seconds * 1_000_000_000) {
            log("scanner \(settings.name): " + (fault ?? "works" + (version.map { ", \($0.text)" } ?? "")))
        }
    }

    /// Why signatures are too old to be believed; nil when they are not.
    private static func staleness(_ version: ScannerVersion?, _ settings: ScannerSettings) -> String? {
        guard settings.staleAfter > 0 else { return nil }
        guard let made = version?.signatureTime else { return "does not say how old its signatures are" }
        let age = time(nil) - made
        return age <= settings.staleAfter ? nil : "its signatures are \(age / 86_400) days old"
    }
}
