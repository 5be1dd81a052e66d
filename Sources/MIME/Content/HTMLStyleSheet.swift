internal import Bytes

/// The rules of style elements that say something of whether text is seen, by names of elements, classes and identifiers, and
/// names of elements around. The order of elements around is not looked at, and `A > B > C` is read as `A B > C`.
/// Pseudo-classes, other attributes and siblings are not known.
struct HTMLStyleSheet {
    private struct Rule {
        var element: HTMLCompound
        /// Marks that the elements around, and the one right around, have to have.
        var around: UInt64
        var parent: UInt64
        var rank: Rank
        var effects: HTMLEffects
    }

    /// Which rule is the stronger: those outside of layers, then the more specific, then the later ones (CSS Cascade 5). The order of
    /// layers is not looked at.
    private struct Rank: Comparable {
        var isLayered: Bool
        var specificity: Int
        var order: Int

        static func < (one: Rank, other: Rank) -> Bool {
            (one.isLayered ? 0 : 1, one.specificity, one.order) < (
                other.isLayered ? 0 : 1, other.specificity, other.order
            )
        }
    }

    /// What rules say about an element, and which elements of selectors it is.
    struct Match {
        var effects = HTMLEffects()
        var marks: UInt64 = 0
    }

    private var rules: [[UInt8]: [Rule]] = [:]
    private var ruleCount = 0
    /// Of the next rule.
    private var order = 0
    /// Elements around others that selectors name, each with a bit for its mark.
    private var outer: [HTMLCompound] = []
    private static let outerLimit = 64
    /// Rules that are kept, and those under one key: each costs a look for each element.
    private static let ruleLimit = 4096
    private static let rulesOfKey = 32
    /// Rules that are heard for one element: further ones cost time and no honest mail has them.
    private static let rulesOfElement = 64
    /// Blocks in blocks that are read.
    private static let depthLimit = 8

    var isEmpty: Bool { rules.isEmpty }

    /// Adds the rules of a style element.
    mutating func add(_ text: [UInt8]) {
        let text = CSSText.plain(text[...])[...]
        var start = text.startIndex
        var index = start
        /// Of the blocks that are open, whether each is a layer.
        var layers: [Bool] = []
        while index < text.endIndex {
            if text[index] == 0x7D || text[index] == 0x3B {
                if text[index] == 0x7D { _ = layers.popLast() }
                start = index + 1
            } else if text[index] == 0x7B {
                let selector = Self.withoutMarks(CSSText.names(text[start..<index]))
                if selector.first == 0x40 {
                    if layers.count < Self.depthLimit, CSSCondition.holdsAlways(selector) {
                        layers.append(selector.starts(with: "@layer".utf8))
                    } else {
                        index = CSSText.endOfBlock(text, index)
                    }
                } else {
                    let end = CSSText.endOfBlock(text, index)
                    add(selector, text[(index + 1)..<end], isLayered: layers.contains(true))
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

    private mutating func add(_ text: ArraySlice<UInt8>, _ declarations: ArraySlice<UInt8>, isLayered: Bool) {
        var effects = HTMLEffects()
        effects.add(declarations: declarations, isRule: true)
        // One selector that browsers do not know makes all of the rule none.
        guard !effects.declared.isEmpty, let selectors = CSSSelectors.parts(text) else { return }
        for selector in selectors {
            if let selector = HTMLSelector(selector) { add(selector, effects, isLayered: isLayered) }
        }
    }

    private mutating func add(_ selector: HTMLSelector, _ effects: HTMLEffects, isLayered: Bool) {
        let key = selector.element.key
        guard let parent = marks(selector.parent.map { [$0] } ?? []), let around = marks(selector.around) else {
            return
        }
        let rank = Rank(isLayered: isLayered, specificity: selector.specificity, order: order)
        order += 1
        let known = rules[key]?.firstIndex {
            $0.element == selector.element && $0.around == around && $0.parent == parent
                && $0.rank.isLayered == isLayered && $0.rank.specificity == rank.specificity
        }
        if let known {
            rules[key]?[known].effects.merge(effects)
            rules[key]?[known].rank = rank
        } else if ruleCount < Self.ruleLimit, rules[key, default: []].count < Self.rulesOfKey {
            ruleCount += 1
            rules[key, default: []].append(
                Rule(element: selector.element, around: around, parent: parent, rank: rank, effects: effects))
        }
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

    /// What the rules say about an element: weaker ones first.
    /// - Parameters:
    ///   - around: marks of the elements around it.
    ///   - parent: marks of the element right around it.
    func match(_ element: HTMLSelectable, around: UInt64, parent: UInt64) -> Match {
        var match = Match()
        let keys =
            [[], element.tag] + element.classes.map { [0x2E] + $0 }
            + (element.identifier.isEmpty ? [] : [[0x23] + element.identifier])
        var found: [Rule] = []
        for key in keys {
            for rule in rules[key] ?? []
            where found.count < Self.rulesOfElement && rule.around & ~around == 0 && rule.parent & ~parent == 0
                && rule.element.matches(element)
            {
                found.append(rule)
            }
        }
        found.sort { $0.rank < $1.rank }
        for rule in found { match.effects.merge(rule.effects) }
        for (place, compound) in outer.enumerated() where compound.matches(element) {
            match.marks |= 1 << UInt64(place)
        }
        return match
    }
}
