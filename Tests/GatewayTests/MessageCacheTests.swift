import InspectionLink
import MailModel
import RemoteChecks
import Testing

@testable import Gateway

/// Answers that are kept for messages that come again.
@Suite struct MessageCacheTests {
    private static let ready = Ready(
        signatures: 1, engineVersion: "", databaseVersion: 0, databaseTime: 0, landlockABI: 0)

    private static func key(
        _ number: UInt8, generation: Int = 1, _ context: InspectionContext = InspectionContext()
    ) -> MessageCache.Key {
        MessageCache.Key(digest: [number], context: context, generation: generation)
    }

    private static func entry(
        _ change: (inout Report) -> Void = { _ in }, outcomes: [ScannerOutcome] = []
    ) -> MessageCache.Entry {
        var report = Report(messageSize: 10)
        change(&report)
        return MessageCache.Entry(report: report, ready: ready, outcomes: outcomes)
    }

    private static func cache(_ limit: Int = 3, clean: Int = 60, infected: Int = 600) -> MessageCache {
        MessageCache(limit: limit, lifetimes: .init(clean: clean, infected: infected))
    }

    private static let virus = Finding(scanner: "clamav", kind: .virus, name: "x", part: nil)

    @Test func whatIsTheSameIsFound() {
        let cache = Self.cache()
        cache.keep(Self.entry(), for: Self.key(1), now: 0)
        #expect(cache.find(Self.key(1), now: 1) != nil)
        #expect(cache.find(Self.key(2), now: 1) == nil)
        #expect(cache.find(Self.key(1, generation: 2), now: 1) == nil)
        #expect(cache.find(Self.key(1, InspectionContext(smtputf8: true)), now: 1) == nil)
    }

    @Test func eachClassHasItsTime() {
        let cache = Self.cache()
        let second = 1_000_000_000
        cache.keep(Self.entry(), for: Self.key(1), now: 0)
        cache.keep(Self.entry { $0.findings = [Self.virus] }, for: Self.key(2), now: 0)
        #expect(
            cache.find(Self.key(1), now: 60 * second - 1) != nil && cache.find(Self.key(1), now: 60 * second) == nil)
        #expect(
            cache.find(Self.key(2), now: 600 * second - 1) != nil && cache.find(Self.key(2), now: 600 * second) == nil)
        let off = Self.cache(clean: 0)
        off.keep(Self.entry(), for: Self.key(1), now: 0)
        #expect(off.find(Self.key(1), now: 0) == nil)
    }

    @Test func doubtIsNeverKept() {
        let cache = Self.cache()
        let failed = ScannerOutcome(
            settings: ScannerSettings(name: "a", seeks: .viruses, timeout: 1, sample: .none),
            result: .failure(ScannerFailure("x")))
        for entry in [
            Self.entry { $0.unchecked = [Unchecked(.corrupt)] }, Self.entry { $0.limitsHit = ["x"] },
            Self.entry { $0.parts = [PartDescription(path: "1", encrypted: true)] },
            Self.entry { $0.tokens = Array(0..<10_000) }, Self.entry(outcomes: [failed]),
        ] {
            cache.keep(entry, for: Self.key(1), now: 0)
            #expect(cache.find(Self.key(1), now: 0) == nil)
        }
    }

    @Test func theOldestGoes() {
        let cache = Self.cache(3)
        for number in UInt8(0)..<100 {
            cache.keep(Self.entry(), for: Self.key(number), now: 0)
            let held = (UInt8(0)...number).filter { cache.find(Self.key($0), now: 0) != nil }
            #expect(held == Array((UInt8(0)...number).suffix(3)))
        }
        let off = Self.cache(0)
        off.keep(Self.entry(), for: Self.key(1), now: 0)
        #expect(!off.isOn && off.find(Self.key(1), now: 0) == nil)
    }
}
