/// Which octets of a content have been accounted for: a set of ranges.
struct Coverage {
    /// In order, apart from each other.
    private(set) var ranges: [Range<Int>] = []

    init(_ ranges: [Range<Int>] = []) {
        add(ranges)
    }

    /// Adds ranges; many at a time, as all are sorted again.
    mutating func add(_ added: [Range<Int>]) {
        var merged: [Range<Int>] = []
        for range in (ranges + added).filter({ !$0.isEmpty }).sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = merged.last, range.lowerBound <= last.upperBound {
                merged[merged.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        ranges = merged
    }

    /// The range that holds an offset.
    func range(containing offset: Int) -> Range<Int>? {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound <= offset { low = middle + 1 } else { high = middle }
        }
        guard low < ranges.count, ranges[low].contains(offset) else { return nil }
        return ranges[low]
    }

    /// What is not covered of the first `count` octets.
    func gaps(upTo count: Int) -> [Range<Int>] {
        var gaps: [Range<Int>] = []
        var start = 0
        for range in ranges where range.lowerBound < count {
            if start < range.lowerBound { gaps.append(start..<range.lowerBound) }
            start = max(start, range.upperBound)
        }
        if start < count { gaps.append(start..<count) }
        return gaps
    }
}
