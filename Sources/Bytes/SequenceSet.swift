internal import CBytes

/// Sequences of octets that are looked for together, in one pass: by the first three octets of each, thirty-two places at a time
/// where the processor has AVX2. As fast as two searches for one sequence, while most of them are rare.
package struct SequenceSet: Sendable {
    /// The sequences, one behind the other.
    private let octets: [UInt8]
    private let ranges: [Range<Int>]
    private let isEitherCase: Bool
    /// The sequences of each group.
    private let groups: [[Int]]
    private let signs: cbytes_signs

    /// - Parameters:
    ///   - sequences: none of them empty.
    ///   - isEitherCase: letters, which are in lower case, stand for both (ASCII only).
    package init(_ sequences: [[UInt8]], isEitherCase: Bool = false) {
        octets = Array(sequences.joined())
        var end = 0
        ranges = sequences.map { sequence in
            defer { end += sequence.count }
            return end..<end + sequence.count
        }
        self.isEitherCase = isEitherCase
        groups = Self.groups(sequences)
        signs = Self.signs(octets, ranges, isEitherCase, groups)
    }

    /// Words, their letters in either case (ASCII only).
    /// - Parameter words: in lower case.
    package init(words: [StaticString]) {
        self.init(words.map { $0.withUTF8Buffer { Array($0) } }, isEitherCase: true)
    }

    /// Where one of them stands first, at or after `start`; nil when there is none.
    package func firstPlace(in bytes: Span<UInt8>, from start: Int = 0) -> Int? {
        var at = start
        while let (place, found) = Self.next(bytes, at, signs) {
            for group in groups.indices where found & 1 << UInt8(group) != 0 {
                for index in groups[group] where stands(index, bytes, place) { return place }
            }
            at = place + 1
        }
        return nil
    }

    /// Places of what was found before, behind which that is looked for no more: content may consist of it.
    private static let mostRepeated = 16

    /// Where each of them stands first, at or after `start`; nil for those that stand nowhere.
    package func firstPlaces(in bytes: Span<UInt8>, from start: Int = 0) -> [Int?] {
        var places = [Int?](repeating: nil, count: ranges.count)
        var (left, wanted, signs, at, repeated) = (ranges.count, groups, signs, start, 0)
        while left > 0, let (place, found) = Self.next(bytes, at, signs) {
            at = place + 1
            for group in wanted.indices where found & 1 << UInt8(group) != 0 {
                for index in wanted[group] {
                    if places[index] != nil {
                        repeated += 1
                    } else if stands(index, bytes, place) {
                        places[index] = place
                        left -= 1
                    }
                }
            }
            if repeated > Self.mostRepeated {
                repeated = 0
                wanted = wanted.map { $0.filter { places[$0] == nil } }
                signs = Self.signs(octets, ranges, isEitherCase, wanted)
            }
        }
        return places
    }

    private func stands(_ index: Int, _ bytes: Span<UInt8>, _ place: Int) -> Bool {
        let range = ranges[index]
        guard bytes.count - place >= range.count else { return false }
        let shift = place - range.lowerBound
        for at in range {
            let octet = bytes[shift + at]
            guard octet == octets[at] || isEitherCase && asciiLower(octet) == octets[at] else { return false }
        }
        return true
    }

    /// The next place where one of them may begin, and the groups that it may be of.
    private static func next(_ bytes: Span<UInt8>, _ start: Int, _ signs: cbytes_signs) -> (place: Int, groups: UInt8)?
    {
        guard start >= 0, start < bytes.count else { return nil }
        var groups: UInt8 = 0
        let place = bytes.withUnsafeBufferPointer { octets in
            withUnsafePointer(to: signs) { signs in
                octets.baseAddress.map { cbytes_sign($0, octets.count, start, signs, &groups) } ?? octets.count
            }
        }
        return place < bytes.count ? (place, groups) : nil
    }

    /// Times that each sequence may move to another group; most sets need three.
    private static let mostRounds = 8

    /// Those that resemble each other are put together: what is neither passes for none of a group. The longest first, each
    /// where it costs least; then each is moved while that helps.
    private static func groups(_ sequences: [[UInt8]]) -> [[Int]] {
        var members = [[Int]](repeating: [], count: 8)
        var groups = [Int?](repeating: nil, count: sequences.count)
        let longestFirst = sequences.indices.sorted { sequences[$0].count > sequences[$1].count }
        for _ in 0..<mostRounds {
            var isMoving = false
            for index in longestFirst {
                let before = groups[index]
                if let before { members[before].removeAll { $0 == index } }
                let costs = members.map { group in
                    chance(of: (group + [index]).map { sequences[$0] }) - chance(of: group.map { sequences[$0] })
                }
                var group = costs.indices.min { costs[$0] < costs[$1] } ?? 0
                // Nothing moves for a rounding error.
                if let before, costs[group] > costs[before] * 0.999 { group = before }
                isMoving = isMoving || group != before
                members[group].append(index)
                groups[index] = group
            }
            if !isMoving { break }
        }
        return members
    }

    /// How often noise passes for one of a group.
    private static func chance(of group: [[UInt8]]) -> Double {
        guard !group.isEmpty else { return 0 }
        var chance = 1.0
        for at in 0..<Int(CBYTES_SIGN) where group.allSatisfy({ $0.count > at }) {
            let halves = Set(group.map { $0[at] & 0x0F }).count * Set(group.map { $0[at] >> 4 }).count
            chance *= Double(halves) / 256
        }
        return chance
    }

    private static func signs(
        _ octets: [UInt8], _ ranges: [Range<Int>], _ isEitherCase: Bool, _ groups: [[Int]]
    ) -> cbytes_signs {
        var signs = cbytes_signs()
        octets.withUnsafeBufferPointer { octets in
            guard let all = octets.baseAddress else { return }
            for group in groups.indices {
                for range in groups[group].map({ ranges[$0] }) {
                    cbytes_add_sign(&signs, all + range.lowerBound, range.count, UInt32(group), isEitherCase)
                }
            }
        }
        return signs
    }
}
