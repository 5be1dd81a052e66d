import Testing

@testable import Gateway

/// When the engine is loaded again, on a clock of the test's own.
@Suite struct GenerationRetryTests {
    private static let second = 1_000_000_000

    /// Lets a generation fail at each try, and returns the seconds between the tries.
    private static func pauses(
        _ retry: inout GenerationRetry, _ serving: GenerationRetry.Serving, _ tries: Int, isAsked: Bool = false
    ) -> [Int] {
        var (now, pauses) = (5 * second, [Int]())
        for _ in 0..<tries {
            retry.gaveUp(now: now, serving: serving, isAsked: isAsked)
            guard let at = retry.at else { break }
            pauses.append((at - now) / second)
            let isEarly = retry.isDue(now: at - 1)
            let (isDue, isDueAgain) = (retry.isDue(now: at), retry.isDue(now: at))
            #expect(!isEarly && isDue && !isDueAgain)
            now = at
        }
        return pauses
    }

    /// From a second to a minute while mail is inspected without the engine, from a minute to an hour while the one before serves,
    /// each second while mail waits.
    @Test func pausesGrow() {
        var retry = GenerationRetry()
        #expect(Self.pauses(&retry, .withoutEngine, 9) == [1, 2, 4, 8, 16, 32, 60, 60, 60])
        retry = GenerationRetry()
        #expect(Self.pauses(&retry, .before, 9) == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600])
        #expect(retry.triesRefused)
        retry = GenerationRetry()
        #expect(Self.pauses(&retry, .nothing, 3) == [1, 1, 1] && !retry.triesRefused)
    }

    /// Who asked for a reload hears that it failed, and may ask again.
    @Test func whatWasAskedForIsNotTriedAgain() {
        var retry = GenerationRetry()
        #expect(Self.pauses(&retry, .before, 1, isAsked: true) == [] && !retry.triesRefused)
        #expect(Self.pauses(&retry, .withoutEngine, 2, isAsked: true) == [1, 2])
    }

    /// What changed while the others were loaded is loaded at once, and costs no longer pause.
    @Test(arguments: [true, false])
    func aChangeMeanwhile(isAsked: Bool) {
        var retry = GenerationRetry()
        retry.changed(whileLoading: true)
        #expect(!retry.triesRefused)
        #expect(Self.pauses(&retry, .before, 1, isAsked: isAsked) == [0] && retry.triesRefused)
        // Once.
        #expect(Self.pauses(&retry, .before, 2) == [60, 120])
    }

    @Test func pausesBeginAnew() {
        var retry = GenerationRetry()
        _ = Self.pauses(&retry, .before, 5)
        // Other signatures than those that were refused.
        retry.changed(whileLoading: false)
        #expect(!retry.triesRefused)
        #expect(Self.pauses(&retry, .before, 1) == [60])
        _ = Self.pauses(&retry, .withoutEngine, 5)
        retry.served()
        #expect(retry.at == nil && !retry.triesRefused)
        #expect(Self.pauses(&retry, .withoutEngine, 1) == [1])
    }

    @Test func theDead() {
        var retry = GenerationRetry()
        retry.died(now: 7, isFirst: true)
        #expect(retry.at == 7)
        retry.died(now: 7, isFirst: false)
        #expect(retry.at == 7 + Self.second)
        retry.notStarted(now: 9)
        #expect(retry.at == 9 + Self.second)
    }
}
