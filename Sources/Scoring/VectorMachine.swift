/// Many messages as sparse vectors of one view: for each message the numbers of its features and what each weighs.
struct SparseRows: Sendable {
    /// Where a message's features begin; one more than there are messages.
    var starts: [Int] = [0]
    var features: [UInt32] = []
    var values: [Float] = []

    /// Makes room for so many features.
    mutating func reserve(_ count: Int) {
        features.reserveCapacity(count)
        values.reserveCapacity(count)
    }

    mutating func endRow() {
        starts.append(features.count)
    }

    func isEmpty(_ row: Int) -> Bool { starts[row] == starts[row + 1] }

    func features(of row: Int) -> ArraySlice<UInt32> { features[starts[row]..<starts[row + 1]] }

    /// - Parameter weights: one for each feature that `KeyTable` has numbered, so that no number lies beyond them.
    func margin(_ row: Int, _ weights: Span<Float>) -> Float {
        let features = features.span
        let values = values.span
        // Four sums, since each addition would wait for the one before.
        var sums = SIMD4<Float>()
        var index = starts[row]
        let end = starts[row + 1]
        while end - index >= 4 {
            let found = SIMD4(
                weights[unchecked: Int(features[unchecked: index])],
                weights[unchecked: Int(features[unchecked: index + 1])],
                weights[unchecked: Int(features[unchecked: index + 2])],
                weights[unchecked: Int(features[unchecked: index + 3])])
            sums +=
                found
                * SIMD4(
                    values[unchecked: index], values[unchecked: index + 1], values[unchecked: index + 2],
                    values[unchecked: index + 3])
            index += 4
        }
        while index < end {
            sums.x += weights[Int(features[index])] * values[index]
            index += 1
        }
        return sums.sum()
    }
}

/// A linear support vector machine, solved in its dual by coordinate descent (Hsieh and others, ICML 2008). The solution
/// does not depend on the order of the messages, so a mailbox of spam and then one of ham teach the same as mail as it came.
struct VectorMachine: Sendable {
    /// The most that one message may pull: outliers and wrong labels stay bounded.
    static let cost: Float = 10
    /// Passes over all messages. More change no figure of the evaluation.
    static let passes = 10
    /// Passes where only the size of the sums is wanted, for the calibration.
    static let roughPasses = 5

    private(set) var weights: [Float]
    private(set) var bias: Float = 0

    /// - Parameters:
    ///   - isSpam: the class of each row.
    ///   - isUsed: rows to learn from; the others are left out.
    init(
        _ rows: SparseRows, features: Int, isSpam: [Bool], passes: Int = VectorMachine.passes, isUsed: (Int) -> Bool
    ) {
        weights = [Float](repeating: 0, count: features)
        var pulls = [Float](repeating: 0, count: isSpam.count)
        var order = isSpam.indices.filter { isUsed($0) && !rows.isEmpty($0) }
        var generator = Shuffle()
        for _ in 0..<passes {
            generator.shuffle(&order)
            var worst: Float = 0
            for row in order {
                let sign: Float = isSpam[row] ? 1 : -1
                let step = Self.step(margin: sign * (rows.margin(row, weights.span) + bias), pull: pulls[row])
                guard step != 0 else { continue }
                worst = max(worst, abs(step))
                pulls[row] += step
                move(rows, row, by: step * sign)
            }
            if worst < 0.001 { break }
        }
    }

    /// How much a message's pull changes: rows have length 1 and the bias is one more feature of weight 1.
    static func step(margin: Float, pull: Float) -> Float {
        min(max(pull - (margin - 1) / 2, 0), cost) - pull
    }

    private mutating func move(_ rows: SparseRows, _ row: Int, by step: Float) {
        let features = rows.features.span
        let values = rows.values.span
        var weights = weights.mutableSpan
        for index in rows.starts[row]..<rows.starts[row + 1] {
            weights[Int(features[index])] += step * values[index]
        }
        bias += step
    }
}

/// Xorshift with a fixed seed: the same mail gives the same weights.
private struct Shuffle {
    private var state: UInt64 = 88_172_645_463_325_252

    mutating func shuffle(_ order: inout [Int]) {
        guard order.count > 1 else { return }
        for index in stride(from: order.count - 1, to: 0, by: -1) {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            order.swapAt(index, Int(truncatingIfNeeded: state % UInt64(index + 1)))
        }
    }
}
