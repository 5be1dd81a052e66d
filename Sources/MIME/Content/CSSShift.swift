/// Offsets and margins of an element that move its text off the page, and what brings it back: bands over the whole width have
/// negative margins and as much padding, text in the middle half of the page and a margin back.
struct CSSShift {
    /// How far beyond every page, at least, and how far back, at most, in pixels.
    private typealias Length = (away: Double, back: Double)

    private struct Sides {
        var top: Length = (0, 0)
        var right: Length = (0, 0)
        var bottom: Length = (0, 0)
        var left: Length = (0, 0)

        mutating func set(_ lengths: [Length]) {
            guard let first = lengths.first else { return }
            top = first
            right = lengths.count > 1 ? lengths[1] : first
            bottom = lengths.count > 2 ? lengths[2] : first
            left = lengths.count > 3 ? lengths[3] : right
        }
    }

    private var margin = Sides()
    private var padding = Sides()
    private var offset = Sides()
    private var indent: Length = (0, 0)

    /// What is looked at.
    static let properties: Set<String> = [
        "margin", "margin-top", "margin-right", "margin-bottom", "margin-left", "padding", "padding-top",
        "padding-right",
        "padding-bottom", "padding-left", "inset", "top", "right", "bottom", "left", "text-indent",
    ]

    /// Takes the declaration of one of the properties. A later one outweighs those before it.
    mutating func add(_ property: String, _ value: ArraySlice<UInt8>) {
        let lengths = CSSValue.words(value).map {
            Self.length($0, isMargin: property.hasPrefix("m") || property == "text-indent")
        }
        guard let length = lengths.first else { return }
        switch property {
        case "margin": margin.set(lengths)
        case "margin-top": margin.top = length
        case "margin-right": margin.right = length
        case "margin-bottom": margin.bottom = length
        case "margin-left": margin.left = length
        case "padding": padding.set(lengths)
        case "padding-top": padding.top = length
        case "padding-right": padding.right = length
        case "padding-bottom": padding.bottom = length
        case "padding-left": padding.left = length
        case "inset": offset.set(lengths)
        case "top": offset.top = length
        case "right": offset.right = length
        case "bottom": offset.bottom = length
        case "left": offset.left = length
        case "text-indent": indent = length
        default: break
        }
    }

    /// Nothing brings the text back. What reaches as far to the right as to the left may have its text in the middle.
    /// - Parameter isPlaced: by `position`, so that offsets count.
    func isOffPage(isPlaced: Bool) -> Bool {
        let offset = isPlaced ? offset : Sides()
        let left = max(margin.left.away, offset.left.away)
        let isWide = left > 0 && max(margin.right.away, offset.right.away) > 0
        return !isWide && left > margin.left.back + padding.left.back + offset.left.back
            || !isWide && offset.right.away > margin.right.back + padding.right.back
            || indent.away > margin.left.back + padding.left.back + offset.left.back
            || max(margin.top.away, offset.top.away) > margin.top.back + padding.top.back + offset.top.back
            || offset.bottom.away > margin.bottom.back + padding.bottom.back
    }

    private static func length(_ word: ArraySlice<UInt8>, isMargin: Bool) -> Length {
        guard let (number, unit) = CSSValue.number(word) else { return (0, 0) }
        // Other units are a pixel or more, and no more than 100 of them.
        if number < 0 { return (CSSValue.isFarOff(word, isMargin: isMargin) ? -number : 0, 0) }
        return (0, unit.isEmpty || unit.elementsEqual("px".utf8) ? number : number * 100)
    }
}
