/// Numbers of tokens: hashes, evenly spread but for the class in their four highest bits.
enum SpreadNumbers {
    /// Highest bits by which numbers are put into groups; a group of one class has few.
    private static let bits: UInt64 = 12

    /// In ascending order. In proportion to their count, where they are spread; whoever makes tokens that begin alike costs as many
    /// steps as the square of what a class may have.
    static func sorted(_ numbers: [UInt64]) -> [UInt64] {
        var places = [Int](repeating: 0, count: 1 << bits + 1)
        for number in numbers { places[Int(number >> (64 - bits)) + 1] += 1 }
        for group in 1...1 << bits { places[group] += places[group - 1] }
        var sorted = [UInt64](repeating: 0, count: numbers.count)
        for number in numbers {
            let group = Int(number >> (64 - bits))
            sorted[places[group]] = number
            places[group] += 1
        }
        for index in sorted.indices.dropFirst() {
            let number = sorted[index]
            var place = index
            while place > 0, sorted[place - 1] > number {
                sorted[place] = sorted[place - 1]
                place -= 1
            }
            sorted[place] = number
        }
        return sorted
    }
}
