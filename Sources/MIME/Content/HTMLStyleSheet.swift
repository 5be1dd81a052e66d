internal import Bytes

/// The rules of style elements that hide text for everyone: whose selector is one element name, class or identifier, or a name
/// with one of both; and of those with more names, and names of elements around, the ones that hide. The order of elements
/// around is not looked at, and `A > B > C` is read as `A B > C`. Pseudo-classes, other attributes and siblings are not known.
struct HTMLStyleSheet {
    /// A rule of more than one name.
    private struct Rule {
        var element: HTMLCompound
        /// Marks that the elements around, and the one right around, have to have.
        var around: UInt64
        var parent: UInt64
        var effects: HTMLEffects
    }

    /// What rules say about an element, and which elements of selectors it is.
    struct Match {
        var effects = HTMLEffects()
        var marks: UInt64 = 0
    }

    private var rules: [[UInt8]: HTMLEffects] = [:]
    private var combined: [[UInt8]: [Rule]] = [:]
    private var combinedCount = 0
    /// Elements around others that selectors name, each with a bit for its mark.
    private var outer: [HTMLCompound] = []
    private static let outerLimit = 64
    /// Rules that are kept, and those of more than one name under one key: each costs a look for each element.
    private static let ruleLimit = 4096
    private static let rulesOfKey = 16
    /// Blocks in blocks that are read.
    private static let depthLimit = 8

    var isEmpty: Bool { rules.isEmpty && combined.isEmpty }

    /// Adds the rules of a style element.
    mutating func add(_ text: [UInt8]) {
        let text = CSSText.plain(text[...])[...]
        var start = text.startIndex
        var index = start
        var depth = 0
        while index < text.endIndex {
            if text[index] == 0x7D || text[index] == 0x3B {
                if text[index] == 0x7D { depth = max(0, depth - 1) }
                start = index + 1
            } else if text[index] == 0x7B {
                let selector = Self.withoutMarks(CSSText.names(text[start..<index]))
                if selector.first == 0x40 {
                    if depth < Self.depthLimit, CSSCondition.holdsAlways(selector) {
                        depth += 1
                    } else {
                        index = CSSText.endOfBlock(text, index)
                    }
                } else {
                    let end = CSSText.endOfBlock(text, index)
                    add(selector, text[(index + 1)..<end])
                    index = end
                }
                start = min(index + 1, text.endIndex)
            }
            index += 1
        }
    }

    /// The marks of a comment of HTML around rules mean nothing.
    private static func withoutMarks(_ selector: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var selector = CSSValue.trimmed(selector)
        for mark in ["<!--", "-->"] where selector.starts(with: mark.utf8) {
            selector = CSSValue.trimmed(selector.dropFirst(mark.utf8.count))
        }
        return selector
    }

    private mutating func add(_ selectors: ArraySlice<UInt8>, _ declarations: ArraySlice<UInt8>) {
        var effects = HTMLEffects()
        effects.add(declarations: declarations, isRule: true)
        for part in selectors.split(separator: 0x2C) {
            let selector = CSSValue.trimmed(part)
            guard !selector.isEmpty else { continue }
            if Self.isSimple(selector) {
                let key = Array(selector)
                if selector.count > HTMLSelectable.longestName || (rules[key] == nil && rules.count >= Self.ruleLimit) {
                    continue
                }
                rules[key, default: HTMLEffects()].merge(effects)
            } else if effects.hides, let selector = HTMLSelector(selector) {
                add(selector, effects)
            }
        }
    }

    private mutating func add(_ selector: HTMLSelector, _ effects: HTMLEffects) {
        let key = selector.element.key
        guard combinedCount < Self.ruleLimit, combined[key, default: []].count < Self.rulesOfKey,
            let parent = marks(selector.parent.map { [$0] } ?? []), let around = marks(selector.around)
        else { return }
        combinedCount += 1
        combined[key, default: []].append(
            Rule(element: selector.element, around: around, parent: parent, effects: effects))
    }

    /// The marks of elements; nil when there are too many.
    private mutating func marks(_ elements: [HTMLCompound]) -> UInt64? {
        var marks: UInt64 = 0
        for element in elements {
            let place = outer.firstIndex(of: element) ?? outer.count
            guard place < Self.outerLimit else { return nil }
            if place == outer.count { outer.append(element) }
            marks |= 1 << UInt64(place)
        }
        return marks
    }

    /// At most one dot or number sign, and nothing that combines.
    private static func isSimple(_ selector: ArraySlice<UInt8>) -> Bool {
        var marks = 0
        for byte in selector {
            switch byte {
            case 0x2E, 0x23: marks += 1
            case 0x2D, 0x5F, 0x30...0x39, 0x61...0x7A, 0x80...0xFF: break
            default: return false
            }
        }
        return marks <= 1
    }

    /// What the rules say about an element: weaker ones first.
    /// - Parameters:
    ///   - around: marks of the elements around it.
    ///   - parent: marks of the element right around it.
    func match(_ element: HTMLSelectable, around: UInt64, parent: UInt64) -> Match {
        var match = Match()
        var keys: [[UInt8]] = [[], element.tag]
        if let rule = rules[element.tag] { match.effects.merge(rule) }
        for name in element.classes.map({ [0x2E] + $0 })
            + (element.identifier.isEmpty ? [] : [[0x23] + element.identifier])
        {
            if let rule = rules[name] { match.effects.merge(rule) }
            if let rule = rules[element.tag + name] { match.effects.merge(rule) }
            keys.append(name)
        }
        guard !combined.isEmpty else { return match }
        for key in keys {
            for rule in combined[key] ?? []
            where rule.around & ~around == 0 && rule.parent & ~parent == 0 && rule.element.matches(element) {
                match.effects.merge(rule.effects)
            }
        }
        for (place, compound) in outer.enumerated() where compound.matches(element) {
            match.marks |= 1 << UInt64(place)
        }
        return match
    }
}

/// Conditions of `@` rules.
enum CSSCondition {
    /// Pixels that every screen has, and that none has.
    private static let (narrowestScreen, widestScreen) = (320.0, 8000.0)

    /// True for what holds for every reader on a screen: `@media all`, `@media screen and (min-width: 1px)`, `@supports` of what it
    /// may be, `@layer`. In lower case.
    static func holdsAlways(_ rule: ArraySlice<UInt8>) -> Bool {
        let name = rule.prefix { $0 > 0x20 && $0 != 0x28 }
        switch String(decoding: name, as: UTF8.self) {
        case "@layer": return true
        case "@supports": return !CSSValue.trimmed(rule[name.endIndex...]).starts(with: "not".utf8)
        case "@media":
            return rule[name.endIndex...].split(separator: 0x2C, omittingEmptySubsequences: false)
                .contains(where: holdsOnScreens)
        default: return false
        }
    }

    private static func holdsOnScreens(_ query: ArraySlice<UInt8>) -> Bool {
        CSSValue.words(query).allSatisfy { word in
            switch String(decoding: word, as: UTF8.self) {
            case "all", "screen", "only", "and": return true
            case "print", "not": return false
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
