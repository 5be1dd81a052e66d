internal import MailModel

/// All scanners of the settings: asks them side by side, tests them on a timer, and knows which are believed.
package final class ScannerSet: Sendable {
    /// How the scanners are used together.
    package struct Options: Sendable {
        /// The first virus that is found ends the search of the others.
        package var stopsAtFirstHit = false
        /// Seconds between two self-tests of a scanner that works.
        package var testInterval = 600
        /// Seconds between two of one that does not, and between two looks at the version of one that does.
        package var retryInterval = 10
        /// Scanners that seek spam wait for the inspection, which may decide without them.
        package var spamWaits = false
        /// Names of findings that are points, or that mail may have: they end nothing.
        package var isMild: @Sendable (String) -> Bool = { _ in false }

        package init() {}
    }

    /// One scanner: its settings, and the places where it can be asked, in order.
    package typealias Entry = (settings: ScannerSettings, places: [(name: String, scanner: any RemoteScanner)])

    let members: [ScannerMember]
    let options: Options
    let log: @Sendable (String) -> Void

    /// - Parameter log: called with a line whenever a scanner, or a place of it, comes or goes.
    package init(
        _ scanners: [Entry], options: Options = Options(), log: @escaping @Sendable (String) -> Void
    ) {
        members = scanners.map { ScannerMember($0.settings, $0.places) }
        self.options = options
        self.log = log
    }

    package var isEmpty: Bool { members.isEmpty }
    /// Somebody looks for viruses.
    package var seeksViruses: Bool { members.contains { $0.settings.seeks == .viruses } }
    /// Some scanner wants the decoded parts.
    package var takesParts: Bool { members.contains { $0.settings.takesParts } }
    /// Answers to a message can be kept: none has to be asked again about its parts, which are gone then.
    package func allowsKeeping(_ outcomes: [ScannerOutcome]) -> Bool {
        members.allSatisfy { member in
            let settings = member.settings
            return settings.isBackup || !settings.takesParts || settings.looksAtContentOnly
                || outcomes.contains { $0.settings.name == settings.name && $0.canBeKept }
        }
    }
    /// What those whose answers are kept say of themselves, as far as it is known: answers count while it stays the same.
    package var versions: [[ScannerVersion?]] {
        members.filter { $0.settings.looksAtContentOnly && !$0.settings.isBackup }.map(\.versions)
    }
    /// For `mailreeve status`.
    package var states: [ScannerState] { members.map(\.state) }

    /// The inspection as scanners see it.
    package struct Inspected<Value: Sendable>: Sendable {
        /// The inspection itself.
        package var value: Value
        /// Decoded parts; nil when there are none to look at.
        package var parts: ScanParts?
        /// It is that of an earlier time, whose parts are gone; one of now would have them.
        package var isKept = false
        /// Names of the viruses that the embedded engine found.
        package var viruses: [String] = []
        /// How the embedded engine came out of it.
        package var engine = EngineOutcome.silent
        /// Why what is known decides of spam, so that scanners that seek it are not asked; nil when it does not. Those that
        /// look for viruses are always asked.
        package var spamDecision: String?

        package init(_ value: Value) {
            self.value = value
        }
    }

    private enum Event<Value: Sendable>: Sendable {
        case inspected(Inspected<Value>)
        case answered(ScannerOutcome)
    }

    /// Asks all scanners that are no backups side by side: those that need nothing but the message beside the inspection,
    /// the others when it is done, without those that it makes needless. Then asks the backups for every aim with which nobody has
    /// looked at the whole message.
    /// - Parameters:
    ///   - kept: answers of an earlier time; who gave one, and is still believed, is not asked.
    ///   - seeksSpam: false where nobody wants to know whether the message is spam: who seeks it is not asked.
    ///   - deadline: of the whole message, nanoseconds of the monotonic clock.
    ///   - inspect: with true it must be one of now, since a backup needs the parts. It ends by itself and is never broken
    ///     off: the message needs it whatever is found.
    package func ask<Value>(
        _ subject: ScanSubject, kept: [ScannerOutcome] = [], seeksSpam: Bool = true, deadline: Int,
        inspect: @escaping @Sendable (_ anew: Bool) async -> Inspected<Value>
    ) async -> (inspected: Inspected<Value>, outcomes: [ScannerOutcome]) {
        let kept = kept.filter { outcome in
            members.contains { $0.settings.name == outcome.settings.name && $0.fault == nil }
        }
        let primaries = members.filter { member in
            !member.settings.isBackup && (seeksSpam || member.settings.seeks != .spam)
                && !kept.contains { $0.settings.name == member.settings.name }
        }
        let isKnown = kept.contains { endsSearch($0) }
        // One that was failing when the others were kept, or is believed no more and may be again at any moment.
        let needsParts = !isKnown && primaries.contains { $0.settings.takesParts }
        let inspection = Task { await inspect(needsParts) }
        var (outcomes, isOver) = await withTaskGroup(of: Event<Value>.self) { group in
            group.addTask { .inspected(await inspection.value) }
            for member in primaries where !waits(member) {
                group.addTask { .answered(await member.ask(subject, deadline)) }
            }
            var outcomes = kept
            var isOver = isKnown
            for await event in group {
                switch event {
                case .inspected(let inspected):
                    isOver = isOver || endsSearch(inspected.viruses)
                    if isOver { break }
                    var whole = subject
                    whole.parts = inspected.parts
                    for member in primaries where waits(member) {
                        if let reason = inspected.spamDecision, member.settings.seeks == .spam {
                            outcomes.append(.needless(member.settings, reason))
                            continue
                        }
                        group.addTask { [whole] in .answered(await member.ask(whole, deadline)) }
                    }
                case .answered(let outcome):
                    // Those that were stopped because another was faster say nothing.
                    if isOver, outcome.failure != nil { break }
                    outcomes.append(outcome)
                    isOver = isOver || endsSearch(outcome)
                }
                if isOver { group.cancelAll() }
            }
            return (outcomes, isOver)
        }
        var inspected = await inspection.value
        if isOver { return (inspected, outcomes) }
        let backups = backups(after: outcomes, inspected.engine).filter {
            $0.settings.seeks != .spam || seeksSpam && inspected.spamDecision == nil
        }
        if inspected.isKept, backups.contains(where: { $0.settings.takesParts }) { inspected = await inspect(true) }
        outcomes += await ask(backups, subject, inspected.parts, deadline)
        return (inspected, outcomes)
    }

    /// It is asked when the inspection is done.
    private func waits(_ member: ScannerMember) -> Bool {
        member.settings.takesParts || options.spamWaits && member.settings.seeks == .spam
    }

    /// The backups whose time has come: of those with the same aim, the embedded engine among them, some have failed or left out
    /// what is too large, and none has looked at the whole message.
    private func backups(after outcomes: [ScannerOutcome], _ engine: EngineOutcome) -> [ScannerMember] {
        ScannerSettings.Aim.allCases.flatMap { aim -> [ScannerMember] in
            let primaries = outcomes.filter { $0.settings.seeks == aim }
            let engine = aim == .viruses ? engine : .silent
            let isMissed = engine == .failed || primaries.contains { !$0.hasAnswered }
            let isSeen = engine == .answered || primaries.contains(where: \.hasAnswered)
            return isMissed && !isSeen ? members.filter { $0.settings.isBackup && $0.settings.seeks == aim } : []
        }
    }

    private func ask(
        _ backups: [ScannerMember], _ subject: ScanSubject, _ parts: ScanParts?, _ deadline: Int
    ) async -> [ScannerOutcome] {
        var whole = subject
        whole.parts = parts
        return await withTaskGroup(of: ScannerOutcome.self) { group in
            for member in backups { group.addTask { [whole] in await member.ask(whole, deadline) } }
            var outcomes: [ScannerOutcome] = []
            for await outcome in group { outcomes.append(outcome) }
            return outcomes
        }
    }

    private func endsSearch(_ outcome: ScannerOutcome) -> Bool {
        endsSearch((outcome.answer?.findings ?? []).filter { $0.kind == .virus }.map(\.name))
    }

    private func endsSearch(_ viruses: [String]) -> Bool {
        options.stopsAtFirstHit && viruses.contains { !options.isMild($0) }
    }
}
