/// Conditions of `@` rules.
enum CSSCondition {
    /// Pixels that every screen has, and that none has.
    private static let (narrowestScreen, widestScreen) = (320.0, 8000.0)

    /// True for what holds for every reader on a screen: `@media all`, `@media screen and (min-width: 1px)`, `@supports` of
    /// declarations that are known here, `@layer`. In lower case.
    static func holdsAlways(_ rule: ArraySlice<UInt8>) -> Bool {
        let name = rule.prefix { $0 > 0x20 && $0 != 0x28 }
        switch String(decoding: name, as: UTF8.self) {
        case "@layer": return true
        case "@supports": return CSSValue.words(rule[name.endIndex...]).allSatisfy(isSupported)
        case "@media":
            return rule[name.endIndex...].split(separator: 0x2C, omittingEmptySubsequences: false)
                .contains(where: holdsOnScreens)
        default: return false
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

    private static func holdsOnScreens(_ query: ArraySlice<UInt8>) -> Bool {
        let words = CSSValue.words(query)
        if words.first?.elementsEqual("not".utf8) == true {
            return words.count == 2 && ["print", "speech"].contains(String(decoding: words[1], as: UTF8.self))
        }
        return words.allSatisfy { word in
            switch String(decoding: word, as: UTF8.self) {
            case "all", "screen", "only", "and": return true
            case "print": return false
            case "(color)": return true
            default:
                let inner = CSSValue.trimmed(word)
                guard inner.first == 0x28, inner.last == 0x29, let colon = inner.firstIndex(of: 0x3A) else {
                    return false
                }
                let feature = CSSValue.trimmed(inner[(inner.startIndex + 1)..<colon])
                guard let (number, _) = CSSValue.number(CSSValue.trimmed(inner[(colon + 1)...].dropLast())) else {
                    return false
                }
                return feature.starts(with: "min-".utf8) && number <= narrowestScreen
                    || feature.starts(with: "max-".utf8) && number >= widestScreen
            }
        }
    }
}
