/// Sizes of letters, and the names of fonts behind them.
extension HTMLEffects {
    mutating func readSize(_ value: ArraySlice<UInt8>, _ keyword: String) -> Bool {
        switch keyword {
        case "xx-small", "x-small", "small", "medium", "large", "x-large", "xx-large", "xxx-large":
            declare(.fontSize)
            return true
        case "smaller", "larger", "math":
            declare(.fontSize, inherited: .fontSize)
            return true
        default: break
        }
        guard Self.isPositive(value), let (number, unit) = CSSValue.number(value) else { return false }
        switch String(decoding: unit, as: UTF8.self) {
        // Of the letters around, which may be huge, or tiny, too. Chromium draws no share of them in less than six pixels.
        case "em", "ex", "ch", "cap", "ic", "lh", "%":
            declare(.fontSize, hiding: number > 0 ? [] : .fontSize, inherited: number > 0 ? .fontSize : [])
        // Of the letters of the page, and of boxes, which may be huge.
        case "rem", "rex", "rch", "rcap", "ric", "rlh", "cqw", "cqh", "cqi", "cqb", "cqmin", "cqmax":
            declare(.fontSize, hiding: number > 0 ? [] : .fontSize)
        default:
            declare(.fontSize, hiding: Self.pixels(value).map { $0 <= Self.tinySize } ?? false ? .fontSize : [])
        }
        return true
    }

    private static let systemFonts: Set = [
        "caption", "icon", "menu", "message-box", "small-caption", "status-bar", "-webkit-control",
        "-webkit-small-control", "-webkit-mini-control",
    ]
    private static let wordsBeforeSize: Set = [
        "normal", "italic", "oblique", "small-caps", "bold", "bolder", "lighter", "ultra-condensed", "extra-condensed",
        "condensed", "semi-condensed", "semi-expanded", "expanded", "extra-expanded", "ultra-expanded",
    ]

    /// Size, perhaps behind a style, variant, weight and stretch, before the names of fonts; or the name of one of the system's.
    mutating func readFont(_ value: ArraySlice<UInt8>) -> Bool {
        var words = CSSValue.words(value)[...]
        func keyword(_ word: ArraySlice<UInt8>) -> String { String(decoding: CSSText.names(word), as: UTF8.self) }
        if words.count == 1, Self.systemFonts.contains(keyword(words[0])) {
            declare([.fontSize, .lineHeight])
            return true
        }
        var last = ""
        while let first = words.first {
            // A number without a unit is a weight, but for 0.
            let weight = CSSValue.plainNumber(first).flatMap { $0.1.isEmpty && 1...1000 ~= $0.0 ? $0.0 : nil }
            let isAngle = last == "oblique" && CSSValue.isAngle(first) && CSSValue.number(first)?.1.isEmpty == false
            last = keyword(first)
            guard Self.wordsBeforeSize.contains(last) || weight != nil || isAngle else { break }
            words.removeFirst()
        }
        guard var size = words.popFirst() else { return false }
        var line: ArraySlice<UInt8>?
        let sides = CSSValue.pieces(size, at: 0x2F)
        if sides.count > 1 {
            guard sides.count == 2 else { return false }
            (size, line) = (sides[0], sides[1].isEmpty ? words.popFirst() : sides[1])
        } else if let next = words.first, next.first == 0x2F {
            words.removeFirst()
            line = next.count > 1 ? next.dropFirst() : words.popFirst()
        }
        if let (number, unit) = CSSValue.plainNumber(size), unit.isEmpty, number != 0 { return false }
        guard let family = words.first, Self.areFamilies(value[family.startIndex...]), readSize(size, keyword(size))
        else { return false }
        var all = HTMLEffects()
        all.declare(
            [.fontSize, .lineHeight], hiding: hides(.fontSize) ? .fontSize : [],
            inherited: sets(.fontSize) ? [] : .fontSize)
        if let line {
            guard keyword(line) == "normal" || Self.isLine(line) else { return false }
            if Self.isNoLine(line) { all.declare(all.declared, hiding: hides(.fontSize) ? all.declared : .lineHeight) }
        }
        self = all
        return true
    }

    /// Names of fonts with commas between them, each in quotes or of words (CSS Fonts 4, section 2.1.1).
    private static func areFamilies(_ list: ArraySlice<UInt8>) -> Bool {
        CSSValue.pieces(list, at: 0x2C).allSatisfy { name in
            if let quote = name.first, quote == 0x22 || quote == 0x27 {
                return name.dropFirst().firstIndex(of: quote).map { $0 == name.endIndex - 1 } ?? true
            }
            let words = CSSValue.words(name)
            let isOfAll =
                words.count == 1 && CSSValue.isForAll(String(decoding: CSSText.names(words[0]), as: UTF8.self))
            return !words.isEmpty && !isOfAll && words.allSatisfy(CSSSelectors.isName)
        }
    }
}
