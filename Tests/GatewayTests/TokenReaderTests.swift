import Gateway
import Synchronization
import Testing

/// Messages that are read together.
@Suite struct TokenReaderTests {
    private struct Ended: Error {}

    /// What ends its worker ends it for all that are read with it: the others are read without it then.
    @Test func oneThatEndsItsWorkerCostsTheOthersNothing() async {
        let asked = Mutex<[[[UInt8]]]>([])
        let found = await TokenReader.each(of: [[1], [2], [3]]) { messages in
            asked.withLock { $0.append(messages) }
            if messages.contains([2]) { throw Ended() }
            return messages.map { $0[0] }
        }
        #expect(found.map { try? $0.get() } == [1, nil, 3])
        #expect(asked.withLock { $0 } == [[[1], [2], [3]], [[1]], [[2]], [[3]]])
    }

    @Test func theyAreReadTogetherWhereTheyCanBe() async {
        let asked = Mutex(0)
        let found = await TokenReader.each(of: [[1], [2]]) { messages in
            asked.withLock { $0 += 1 }
            return messages.map { $0[0] }
        }
        #expect(found.map { try? $0.get() } == [1, 2])
        #expect(asked.withLock { $0 } == 1)
    }

    /// One alone is not read a second time, and none is none.
    @Test func oneAloneFails() async {
        let asked = Mutex(0)
        let found = await TokenReader.each(of: [[1]]) { _ -> [UInt8] in
            asked.withLock { $0 += 1 }
            throw Ended()
        }
        #expect(found.count == 1 && (try? found[0].get()) == nil)
        #expect(asked.withLock { $0 } == 1)
        #expect(await TokenReader.each(of: []) { $0.map(\.count) }.isEmpty)
    }
}
