/// Numbers of tokens: hashes, evenly spread but for the class in their four highest bits.
enum SpreadNumbers {
    /// Highest bits by which numbers are put into groups; a group of one class has few.
    private static let bits: UInt64 = 12

    /// In ascending order. In proportion to their count, where they are spread; whoever makes tokens that begin alike costs as many
    /// steps as the square of what a class may have.
    static func sorted(_ numbers: [UInt64]) -> [UInt64] {
        var groups = [UInt32](repeating: 0, count: 1 << bits + 1)
        var sorted = [UInt64](repeating: 0, count: numbers.count)
        var places = groups.mutableSpan
        var all = sorted.mutableSpan
        for number in numbers { places[Int(number >> (64 - bits)) + 1] += 1 }
        for group in 1...1 << bits { places[group] += places[group - 1] }
        for number in numbers {
            let group = Int(number >> (64 - bits))
            all[Int(places[group])] = number
            places[group] += 1
        }
        for index in stride(from: 1, to: all.count, by: 1) {
            let number = all[index]
            var place = index
            while place > 0, all[place - 1] > number {
                all[place] = all[place - 1]
                place -= 1
            }
            all[place] = number
        }
        return sorted
    }
}
