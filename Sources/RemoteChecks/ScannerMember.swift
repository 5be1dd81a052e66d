internal import Linux
internal import MailModel
internal import Synchronization

/// One scanner of the settings, with every place where it can be asked: the addresses of a server, in order, or one program.
/// Each place is believed by its own self-test.
final class ScannerMember: Sendable {
    struct Place: Sendable {
        /// The address; empty for a program.
        let name: String
        let scanner: any RemoteScanner
        let health = ScannerHealth()
    }

    private struct Counts {
        var asked = 0
        var answered = 0
        var failed = 0
        var busy = 0
    }

    let settings: ScannerSettings
    let places: [Place]
    /// Nanoseconds before the deadline at which a scanner gives up by itself, or a tenth of its time: else what it had found would
    /// not be heard.
    private static let margin = 100_000_000
    private let counts = Mutex(Counts())

    init(_ settings: ScannerSettings, _ places: [(name: String, scanner: any RemoteScanner)]) {
        self.settings = settings
        self.places = places.map { Place(name: $0.name, scanner: $0.scanner) }
    }

    /// Why it is taken as failed: no place of it is believed. nil when one is.
    var fault: String? {
        let faults = places.map { ($0.name, $0.health.fault) }
        guard faults.allSatisfy({ $0.1 != nil }) else { return nil }
        return faults.map { name, fault in (faults.count > 1 ? "\(name): " : "") + (fault ?? "") }
            .joined(separator: "; ")
    }

    var state: ScannerState {
        let counts = counts.withLock { $0 }
        let fault = fault
        let lame = places.compactMap { place in place.health.fault.map { "\(place.name): \($0)" } }
        // Of the place that is asked first.
        let version = (places.first { $0.health.fault == nil } ?? places.first)?.health.version
        return ScannerState(
            name: settings.name, isBackup: settings.isBackup, fault: fault, lamePlaces: fault == nil ? lame : [],
            version: version?.text ?? "", signatureTime: version?.signatureTime ?? 0, answered: counts.answered,
            failed: counts.failed, busy: counts.busy)
    }

    /// What its places say of themselves: kept answers count while it stays the same.
    var versions: [ScannerVersion?] { places.map { $0.health.version } }

    /// Asks the first place that is believed, or the next one in turn, and the following ones when it fails; each has its
    /// share of the time that is left.
    /// - Parameter deadline: of the message, nanoseconds of the monotonic clock.
    func ask(_ subject: ScanSubject, _ deadline: Int) async -> ScannerOutcome {
        let started = monotonicNow()
        let result = await result(subject, min(deadline, started + settings.timeout))
        return ScannerOutcome(
            settings: settings, result: result, microseconds: (monotonicNow() - started) / 1000)
    }

    private func result(_ subject: ScanSubject, _ deadline: Int) async -> Result<ScanAnswer, ScannerFailure> {
        if settings.maxSize > 0, subject.size > settings.maxSize {
            var answer = ScanAnswer()
            answer.addOversize("larger than its max_size, \(settings.maxSize) octets")
            return .success(answer)
        }
        if let fault { return .failure(ScannerFailure(fault)) }
        if settings.takesParts, subject.parts == nil {
            return .failure(ScannerFailure("there are no parts to look at"))
        }
        var believed = places.filter { $0.health.fault == nil }
        if settings.isSpread, !believed.isEmpty {
            let first = counts.withLock { counts in
                counts.asked &+= 1
                return Int(UInt(bitPattern: counts.asked) % UInt(believed.count))
            }
            believed = Array(believed[first...] + believed[..<first])
        }
        var failures: [ScannerFailure] = []
        for (index, place) in believed.enumerated() {
            let now = monotonicNow()
            guard now < deadline else { break }
            let share = now + (deadline - now) / (believed.count - index)
            let result = await Self.within(share) { () async throws(ScannerFailure) in
                try await place.scanner.scan(subject, deadline: share - min(Self.margin, (share - now) / 10))
            }
            switch result {
            case .success(let answer):
                if answer.isWhole { counts.withLock { $0.answered += 1 } }
                return result
            case .failure(let failure):
                // One that was stopped because another was faster has not failed.
                if Task.isCancelled { return result }
                if !failure.isBusy { place.health.expectTest() }
                failures.append(failure)
            }
        }
        if failures.isEmpty { failures = [.late] }
        let isBusy = failures.allSatisfy(\.isBusy)
        counts.withLock { counts in
            if isBusy { counts.busy += 1 } else { counts.failed += 1 }
        }
        return .failure(ScannerFailure(failures.map(\.description).joined(separator: "; "), isBusy: isBusy))
    }

    /// Runs `work` and gives up on it at the deadline, whatever it does.
    static func within<Value: Sendable>(
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
            // What was never begun says so when it is given up.
            if case .failure(.late) = first, case .failure(let failure) = await group.next(), failure.isBusy {
                return .failure(failure)
            }
            return first
        }
    }
}
