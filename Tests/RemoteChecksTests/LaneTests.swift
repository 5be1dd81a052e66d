import Foundation
import Linux
import MailModel
import Synchronization
import TestSupport
import Testing

@testable import RemoteChecks

/// More messages than a scanner takes: who gets a place, and what is said to the others.
@Suite struct LaneTests {
    /// A lane of so many places on a clock of its own.
    private struct Model {
        var queue = LaneQueue<Int>()
        /// When the running calls end.
        var running: [Int] = []
        var done: [Int] = []
        /// Begun, and not done by their deadline.
        var late: [Int] = []
        let time: Int
        let service: Int
        let places: Int

        mutating func begin(_ message: Int, arrived: Int, now: Int) {
            running.append(now + service)
            if now + service <= arrived + time { done.append(message) } else { late.append(message) }
        }

        /// Runs calls to their ends until then.
        mutating func advance(to now: Int, _ interval: Int) {
            while let end = running.min(), end <= now {
                running.remove(at: running.firstIndex(of: end) ?? 0)
                queue.took(service)
                if let next = queue.next(now: end).job { begin(next, arrived: next * interval, now: end) }
            }
        }

        /// Messages at equal distances.
        mutating func take(_ messages: Int, every interval: Int) {
            for message in 0..<messages {
                let now = message * interval
                advance(to: now, interval)
                if running.count < places {
                    begin(message, arrived: now, now: now)
                } else {
                    queue.add(message, now: now, deadline: now + time)
                }
            }
            advance(to: Int.max, interval)
        }
    }

    /// With twice as many messages as it can look at, it looks at every other one and not at none.
    @Test(arguments: [(2000, 6000, 1), (5000, 6000, 1), (900, 1000, 1), (4000, 6000, 2)])
    func overloadCostsTheRest(service: Int, time: Int, places: Int) {
        var model = Model(time: time, service: service, places: places)
        model.take(200, every: service / places / 2)
        #expect(model.done.count >= 95, "\(model.done.count) of 200")
        // While it is not known how long a call takes, some are begun in vain.
        #expect(model.late.count <= 5, "\(model.late)")
    }

    /// As long as there is time for all, they come in their order.
    @Test func inTurnWithoutOverload() {
        var model = Model(time: 6000, service: 1000, places: 1)
        model.take(100, every: 1000)
        #expect(model.done == Array(0..<100) && model.late == [])
        var queue = LaneQueue<Int>()
        for message in 0..<4 { queue.add(message, now: message, deadline: 100 + message) }
        #expect((0..<5).map { _ in queue.next(now: 50).job } == [0, 1, 2, 3, nil])
    }

    @Test func beyondHalfTheTimeTheNewestComesFirst() {
        var queue = LaneQueue<Int>()
        for message in 0..<4 { queue.add(message, now: message, deadline: 100 + message) }
        #expect(queue.next(now: 51).job == 3)
        // Who can still be in time waits on.
        queue.took(160)
        #expect(queue.usual == 40)
        let (job, hopeless) = queue.next(now: 61)
        #expect(job == 2 && hopeless == [0])
        #expect(queue.next(now: 62).hopeless == [1])
        #expect(queue.next(now: 62).job == nil)
    }

    /// Blocks its threads until it is let go.
    private final class Gate: RemoteScanner {
        let lane: ScannerLane
        let gate = DispatchSemaphore(value: 0)
        let begun = DispatchSemaphore(value: 0)
        let samples = Mutex(0)

        init(threads: Int = 1) { lane = ScannerLane(threads: threads) }

        func scan(_ subject: ScanSubject, deadline: Int) async throws(ScannerFailure) -> ScanAnswer {
            try await lane.run(subject, deadline) { [self] () throws(ScannerFailure) in
                guard !subject.isSample else {
                    samples.withLock { $0 += 1 }
                    return ScanAnswer()
                }
                begun.signal()
                gate.wait()
                return ScanAnswer()
            }
        }

        func version(deadline: Int) async throws(ScannerFailure) -> ScannerVersion? {
            try await lane.runBeside { () throws(ScannerFailure) in ScannerVersion(text: "gate") }
        }
    }

    private static func wait(_ semaphore: DispatchSemaphore) async {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                semaphore.wait()
                continuation.resume()
            }
        }
    }

    private static func set(_ scanner: any RemoteScanner, timeout: Double) -> ScannerSet {
        let settings = ScannerSettings(
            name: "gate", seeks: .viruses, timeout: Int(timeout * 1_000_000_000), sample: .none)
        var options = ScannerSet.Options()
        options.retryInterval = 0
        return ScannerSet([(settings, [("", scanner)])], options: options) { _ in }
    }

    /// Who finds no place says so, is no reason for a self-test, and nothing against the scanner; a self-test needs no place.
    @Test func whoFindsNoPlaceIsBusy() async throws {
        let scanner = Gate()
        let set = Self.set(scanner, timeout: 2)
        await set.test()
        let mail = try subject("text")
        // Longer than the timeout of the set: it is asked by itself.
        async let first = scanner.scan(mail, deadline: deadline(60))
        await Self.wait(scanner.begun)
        let outcome = try #require(await set.ask(mail, deadline: deadline(60)) { _ in .init(()) }.outcomes.first)
        #expect(outcome.failure == "busy, no place was free in time (concurrency 1)")
        let state = set.states[0]
        #expect(state.fault == nil && state.busy == 1 && state.failed == 0 && state.answered == 0)
        let conclusion = ScannerConclusion([outcome], parts: 0)
        #expect(conclusion.unchecked.map(\.destiny) == [.tempfail])
        #expect(conclusion.notes == ["scanner gate: busy, no place was free in time (concurrency 1)"])
        await set.test()
        #expect(scanner.samples.withLock { $0 } == 1, "its version is looked at, its test is not due")
        scanner.gate.signal()
        #expect(try await first == ScanAnswer())
    }

    /// One that has begun and does not answer has failed, and its test is due at once, for which a place is there.
    @Test func whoHangsIsNotBusy() async throws {
        let scanner = Gate()
        let set = Self.set(scanner, timeout: 2)
        await set.test()
        let mail = try subject("text")
        let outcome = try #require(await set.ask(mail, deadline: deadline(60)) { _ in .init(()) }.outcomes.first)
        #expect(outcome.failure == "no answer in time" && set.states[0].failed == 1 && set.states[0].busy == 0)
        await set.test()
        #expect(scanner.samples.withLock { $0 } == 2 && set.states[0].fault == nil)
        scanner.gate.signal()
    }

    /// Whoever waits gets the place when it is free.
    @Test func placesAreHandedOn() async throws {
        let scanner = Gate(threads: 2)
        let mail = try subject("text")
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<20 {
                group.addTask { (try? await scanner.scan(mail, deadline: deadline(60))) == ScanAnswer() }
            }
            for _ in 0..<20 { scanner.gate.signal() }
            for await isAnswered in group { #expect(isAnswered) }
        }
    }
}
