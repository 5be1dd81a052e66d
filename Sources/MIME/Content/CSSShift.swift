/// Offsets and margins of an element that move its text off the page, and what brings it back: bands over the whole width have
/// negative margins and as much padding, text in the middle half of the page and a margin back.
struct CSSShift {
    /// How far beyond every page, at least, and how far back, at most, in pixels.
    typealias Length = (away: Double, back: Double)

    /// Pixels beyond which nothing is on the page.
    static let farOff = 500.0

    /// In the order of the bits of `CSSProperties`: margins, paddings, offsets (top, right, bottom, left), indent. Empty where
    /// nothing was said.
    private var lengths: [Length] = []
    private static let count = 13

    /// Takes what `property` says, whose value browsers accept.
    /// - Returns: false where they do not.
    mutating func add(_ property: CSSProperties, _ value: ArraySlice<UInt8>) -> Bool {
        let isMargin = !property.isDisjoint(with: .margins)
        let isPadding = !property.isDisjoint(with: .paddings)
        let words = CSSValue.words(value)
        let isSides = [.margins, .paddings, .offsets].contains(property)
        guard 1...(isSides ? 4 : 1) ~= words.count else { return false }
        let found = words.map { word -> Length? in
            if CSSText.names(word).elementsEqual("auto".utf8) {
                return isPadding || property == .textIndent ? nil : (0, 0)
            }
            guard CSSValue.isLength(word) else { return nil }
            let length = Self.length(word, isMargin: isMargin || property == .textIndent)
            return isPadding && CSSValue.number(word).map { $0.0 < 0 } ?? false ? nil : length
        }
        let sides = found.compactMap { $0 }
        guard sides.count == words.count else { return false }
        if lengths.isEmpty { lengths = Array(repeating: (0, 0), count: Self.count) }
        // Top, right, bottom, left: what is not said is as the one across.
        let places = [
            0, min(1, sides.count - 1), sides.count > 2 ? 2 : 0, sides.count > 3 ? 3 : min(1, sides.count - 1),
        ]
        for place in 0..<Self.count where property.contains(CSSProperties(rawValue: 1 << UInt64(place))) {
            lengths[place] = isSides ? sides[places[place % 4]] : sides[0]
        }
        return true
    }

    /// Takes lengths that may be any, and bring back whatever is off the page.
    mutating func addUnknown(_ properties: CSSProperties) {
        lengths = (0..<Self.count).map {
            (0, properties.contains(CSSProperties(rawValue: 1 << UInt64($0))) ? .infinity : 0)
        }
    }

    /// Takes over the lengths of `properties`.
    mutating func take(_ properties: CSSProperties, from other: CSSShift) {
        guard !lengths.isEmpty || !other.lengths.isEmpty else { return }
        if lengths.isEmpty { lengths = Array(repeating: (0, 0), count: Self.count) }
        for place in 0..<Self.count where properties.contains(CSSProperties(rawValue: 1 << UInt64(place))) {
            lengths[place] = other.length(place)
        }
    }

    /// What moves text off the page, and what may bring it back.
    var away: CSSProperties { properties { $0.away > 0 } }
    var isBack: CSSProperties { properties { $0.back > 0 } }

    /// Pixels of padding in which text is seen that has no room in its box.
    var roomBelow: Double { length(6).back }
    var roomAbove: Double { length(4).back }
    var roomBeside: Double { max(length(5).back, length(7).back) }

    private func properties(_ isWanted: (Length) -> Bool) -> CSSProperties {
        lengths.indices.filter { isWanted(lengths[$0]) }
            .reduce(into: []) { $0.insert(CSSProperties(rawValue: 1 << UInt64($1))) }
    }

    private func length(_ place: Int) -> Length { lengths.isEmpty ? (0, 0) : lengths[place] }

    /// Pixels by which text is off the page; 0 where something brings it back. What reaches as far to the right as to the left may have its text in the middle.
    /// - Parameters:
    ///   - isPlaced: by `position`, so that offsets count.
    ///   - isInline: words in a line, which margins do not move up.
    func away(isPlaced: Bool, isInline: Bool) -> Double {
        guard !lengths.isEmpty else { return 0 }
        func offset(_ side: Int) -> Length { isPlaced ? lengths[8 + side] : (0, 0) }
        let left = max(lengths[3].away, offset(3).away)
        let isWide = left > 0 && max(lengths[1].away, offset(1).away) > 0
        let top = max(isInline ? 0 : lengths[0].away, offset(0).away)
        let sides = [
            isWide || left <= leftBack(isPlaced) ? 0 : left,
            isWide || offset(1).away <= lengths[1].back + lengths[5].back ? 0 : offset(1).away,
            top <= lengths[0].back + lengths[4].back + offset(0).back ? 0 : top,
            offset(2).away <= lengths[2].back + lengths[6].back ? 0 : offset(2).away,
        ]
        return sides.max() ?? 0
    }

    /// Pixels by which it may bring back what an element around moved off the page.
    func back(isPlaced: Bool) -> Double {
        guard !lengths.isEmpty else { return 0 }
        return (0..<Self.count).filter { !(8..<12).contains($0) || isPlaced }.map { lengths[$0].back }.max() ?? 0
    }

    /// Pixels of the first line that are off the page, by `text-indent`.
    func indent(isPlaced: Bool) -> Double { max(0, length(12).away - leftBack(isPlaced)) }

    private func leftBack(_ isPlaced: Bool) -> Double {
        length(3).back + length(7).back + length(12).back + (isPlaced ? length(11).back : 0)
    }

    private static func length(_ word: ArraySlice<UInt8>, isMargin: Bool) -> Length {
        guard let (number, unit) = CSSValue.number(word) else { return (0, 0) }
        // Other units are a pixel or more, and no more than 100 of them.
        if number < 0 { return (CSSValue.isFarOff(word, isMargin: isMargin) ? -number : 0, 0) }
        return (0, unit.isEmpty || unit.elementsEqual("px".utf8) ? number : number * 100)
    }
}
