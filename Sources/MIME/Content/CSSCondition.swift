/// Conditions of `@` rules.
enum CSSCondition {
    /// Pixels that every screen has, and that none has.
    private static let (narrowestScreen, widestScreen) = (320.0, 8000.0)
    /// Pixels of the window in which mail is read at a desk.
    private static let narrowestDesk = 1000.0

    /// Whether a rule holds on every screen that is as wide as those of desks: `@media screen and (min-width: 1px)`, `@supports` of
    /// declarations that are known here, `@layer`. What only narrow screens or dark ones show is seen by some. In lower case.
    static func answer(_ rule: ArraySlice<UInt8>) -> HTMLAnswer {
        let name = rule.prefix { $0 > 0x20 && $0 != 0x28 }
        let rest = rule[name.endIndex...]
        switch String(decoding: name, as: UTF8.self) {
        case "@layer": return .always
        case "@supports": return CSSValue.words(rest).allSatisfy(isSupported) ? .always : .perhaps
        case "@media":
            return rest.split(separator: 0x2C, omittingEmptySubsequences: false).map(onScreens).max() ?? .always
        case "@container", "@scope", "@-moz-document": return .perhaps
        default: return .never
        }
    }

    /// A declaration in parentheses, or what combines several of which all have to hold.
    private static func isSupported(_ word: ArraySlice<UInt8>) -> Bool {
        if word.elementsEqual("and".utf8) { return true }
        guard word.first == 0x28, word.last == 0x29,
            let declaration = CSSText.Declaration(CSSValue.trimmed(word.dropFirst().dropLast())),
            let properties = CSSProperties.named(declaration.name)
        else { return false }
        return HTMLEffects(declaration, properties) != nil
    }

    private static func onScreens(_ query: ArraySlice<UInt8>) -> HTMLAnswer {
        let words = CSSValue.words(query)
        if words.first?.elementsEqual("not".utf8) == true {
            guard words.count == 2 else { return .perhaps }
            return switch String(decoding: words[1], as: UTF8.self) {
            case "print", "speech": .always
            case "all", "screen": .never
            default: .perhaps
            }
        }
        return words.map { word in
            switch String(decoding: word, as: UTF8.self) {
            case "all", "screen", "only", "and", "(color)": return .always
            case "print", "speech": return .never
            default:
                let inner = CSSValue.trimmed(word)
                guard inner.first == 0x28, inner.last == 0x29, let colon = inner.firstIndex(of: 0x3A) else {
                    return .perhaps
                }
                let feature = CSSValue.trimmed(inner[(inner.startIndex + 1)..<colon])
                let value = CSSValue.trimmed(inner[(colon + 1)...].dropLast())
                return answer(String(decoding: feature, as: UTF8.self), value)
            }
        }.min() ?? .always
    }

    private static func answer(_ feature: String, _ value: ArraySlice<UInt8>) -> HTMLAnswer {
        if feature == "prefers-color-scheme" { return value.elementsEqual("dark".utf8) ? .never : .perhaps }
        guard let (number, unit) = CSSValue.number(value) else { return .perhaps }
        if feature.hasPrefix("min-"), number <= narrowestScreen { return .always }
        if feature.hasPrefix("max-"), number >= widestScreen { return .always }
        let isWidth = feature.hasSuffix("-width") && unit.elementsEqual("px".utf8)
        if isWidth, feature.hasPrefix("max-"), number < narrowestDesk { return .never }
        return isWidth && feature.hasPrefix("min-") && number > widestScreen ? .never : .perhaps
    }
}
