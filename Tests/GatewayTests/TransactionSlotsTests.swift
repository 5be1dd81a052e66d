@testable import Gateway
import TestSupport
import Testing

/// Places for transactions with next hops.
@Suite struct TransactionSlotsTests {
    private static var later: ContinuousClock.Instant { .now + .seconds(600) }

    @Test func asManyAsThereAreAndNoMore() async {
        let slots = TransactionSlots(limit: 3)
        #expect(await slots.take(2, until: Self.later))
        #expect(await slots.take(1, until: Self.later))
        #expect(await !slots.take(1, until: .now))
        slots.give(1)
        #expect(await slots.take(1, until: Self.later))
        slots.give(3)
        #expect(await slots.take(3, until: Self.later))
    }

    /// A large one in front is passed by small ones, but so often only: they must not keep it out for ever.
    @Test func aLargeOneIsPassedSoOften() async {
        let slots = TransactionSlots(limit: 3)
        #expect(slots.share == 2 && slots.limit == 3)
        #expect(await slots.take(2, until: Self.later))
        let large = Task { await slots.take(2, until: Self.later) }
        while slots.waiting == 0 { await Task.yield() }
        for _ in 0..<TransactionSlots.passes {
            #expect(await slots.take(1, until: Self.later))
            slots.give(1)
        }
        #expect(slots.waiting == 1)
        let small = Task { await slots.take(1, until: Self.later) }
        while slots.waiting == 1 { await Task.yield() }
        #expect(await !slots.take(1, until: .now))
        slots.give(1)
        #expect(await large.value)
        #expect(slots.waiting == 1)
        slots.give(1)
        #expect(await small.value)
    }

    /// Those who need as many come in their order.
    @Test func firstComeFirstServed() async {
        let slots = TransactionSlots(limit: 1)
        #expect(slots.share == 1)
        #expect(await slots.take(1, until: Self.later))
        let first = Task { await slots.take(1, until: Self.later) }
        while slots.waiting == 0 { await Task.yield() }
        let second = Task { await slots.take(1, until: Self.later) }
        while slots.waiting == 1 { await Task.yield() }
        slots.give(1)
        #expect(await first.value)
        #expect(slots.waiting == 1)
        slots.give(1)
        #expect(await second.value)
    }

    /// Who gives up leaves the row, and those behind get in.
    @Test func whoGivesUpHoldsUpNobody() async {
        let slots = TransactionSlots(limit: 2)
        #expect(await slots.take(1, until: Self.later))
        let large = Task { await slots.take(2, until: Self.later) }
        while slots.waiting == 0 { await Task.yield() }
        let second = Task { await slots.take(2, until: Self.later) }
        while slots.waiting == 1 { await Task.yield() }
        large.cancel()
        #expect(await !large.value)
        slots.give(1)
        #expect(await second.value)
        slots.give(2)
        let cancelled = Task {
            while !Task.isCancelled { await Task.yield() }
            return await slots.take(3, until: Self.later)
        }
        #expect(await slots.take(2, until: Self.later))
        cancelled.cancel()
        #expect(await !cancelled.value)
    }

    /// A lower limit takes nothing away; who wants more than it gets its places when nobody else has any.
    @Test func anotherLimit() async {
        let slots = TransactionSlots(limit: 4)
        #expect(await slots.take(4, until: Self.later))
        slots.setLimit(2)
        #expect(await !slots.take(1, until: .now))
        slots.give(2)
        #expect(await !slots.take(1, until: .now))
        slots.give(2)
        #expect(await slots.take(3, until: Self.later))
        let waiting = Task { await slots.take(1, until: Self.later) }
        while slots.waiting == 0 { await Task.yield() }
        slots.setLimit(4)
        #expect(await waiting.value)
    }

    /// Many at once: never more than there are places, and everybody gets in.
    @Test func manyAtOnce() async {
        let slots = TransactionSlots(limit: 5)
        let count = OpenCount()
        await withTaskGroup(of: Bool.self) { group in
            for number in 0..<400 {
                group.addTask {
                    let places = number % 5 + 1
                    guard await slots.take(places, until: Self.later) else { return false }
                    count.add(places)
                    await Task.yield()
                    count.add(-places)
                    slots.give(places)
                    return true
                }
            }
            for await isIn in group { #expect(isIn) }
        }
        #expect(count.most <= 5 && count.now == 0)
    }
}
