import Testing

@testable import Scoring

@Suite("Sorting numbers of tokens")
struct SpreadNumbersTests {
    @Test("any numbers, spread or alike, come in order")
    func order() {
        var state: UInt64 = 1
        func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return TokenHash.mixed(state)
        }
        for count in [0, 1, 2, 3, 100, 5000] {
            let spread = (0..<count).map { _ in next() }
            for shift in [UInt64(0), 4, 20, 52, 63] {
                for numbers in [spread.map { $0 >> shift }, spread.map { $0 << shift }] {
                    #expect(SpreadNumbers.sorted(numbers) == numbers.sorted())
                }
            }
        }
        let ends: [UInt64] = [.max, 0, 1, .max - 1, 1 << 63, 1 << 63 - 1]
        #expect(SpreadNumbers.sorted(ends) == ends.sorted())
    }
}
