import Testing

@testable import Bayes

/// Records are found wherever they lie.
@Suite struct RecordSpreadTests {
    private static let size = 8

    private static func bucket(_ numbers: [UInt32]) -> [UInt8] {
        var bytes: [UInt8] = []
        for (place, number) in numbers.enumerated() {
            Octets.append(number, to: &bytes)
            Octets.append(UInt32(place), to: &bytes)
        }
        return bytes
    }

    /// Numbers of classes with very different shares, spread evenly within each.
    private static func numbers(_ count: Int, bits: UInt64, seed: UInt64) -> [UInt32] {
        var state = seed
        func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 33
        }
        let made = (0..<count).map { place -> UInt32 in
            let tokenClass: UInt64 = place % 50 == 0 ? 1 : place % 3 == 0 ? 4 : 9
            return UInt32(truncatingIfNeeded: tokenClass << (bits - 4) | next() & (1 << (bits - 4) - 1))
        }
        return Set(made).sorted()
    }

    @Test(arguments: [UInt64(16), 27, 31, 32], [0, 1, 2, 255, 5000])
    func everyRecordIsFound(_ bits: UInt64, _ count: Int) {
        let numbers = Self.numbers(count, bits: bits, seed: 1)
        let bytes = Self.bucket(numbers)
        var taught = RecordSpread(bits: bits)
        for seed in 2..<20 {
            taught.learn(Self.bucket(Self.numbers(300, bits: bits, seed: UInt64(seed))).span, size: Self.size)
        }
        // One that knows nothing, and one that was taught by what is quite different.
        var misled = RecordSpread(bits: bits)
        misled.learn(Self.bucket([0, 1, 2, 3]).span, size: Self.size)
        let wanted = Dictionary(uniqueKeysWithValues: zip(numbers, 0...))
        for spread in [RecordSpread(bits: bits), taught, misled] {
            for number in numbers {
                for near in [number &- 1, number, number &+ 1] where UInt64(near) < 1 << bits {
                    var place: Int?
                    for _ in 0..<3 {
                        let found = spread.find(bytes.span, size: Self.size, near, near: place)
                        #expect(found == wanted[near].map { $0 * Self.size })
                        spread.foresee(bytes.span, size: Self.size, near, &place)
                    }
                }
            }
        }
    }

    @Test func damagedRecordsAreNoTrap() {
        let disordered = Self.bucket([9, 3, .max, 0, 7, 7, 1 << 31])
        for bytes in [disordered, Array(disordered.dropLast(3)), Array(disordered.prefix(5)), []] {
            var spread = RecordSpread(bits: 32)
            spread.learn(bytes.span, size: Self.size)
            for number in [0, 1, 3, 7, 9, 1 << 31, UInt32.max] {
                var place: Int?
                for _ in 0..<3 {
                    if let found = spread.find(bytes.span, size: Self.size, number, near: place) {
                        #expect(Octets.word(bytes.span, found) == number)
                    }
                    spread.foresee(bytes.span, size: Self.size, number, &place)
                }
            }
        }
    }
}
