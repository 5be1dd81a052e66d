internal import Bytes

/// The rules of style elements that say something of whether text is seen, by names of elements, classes and identifiers, and
/// names of elements around. The order of elements around is not looked at, and `A > B > C` is read as `A B > C`.
/// Of rules that ask more (pseudo-classes, other attributes, siblings, most conditions), and of those in rules, it is not sure
/// that they hold: they hide nothing, and what they show is shown.
struct HTMLStyleSheet {
    private struct Rule {
        var element: HTMLCompound
        /// Marks that the elements around, and the one right around, have to have.
        var around: UInt64
        var parent: UInt64
        var rank: Rank
        var isSure: Bool
        var effects: HTMLEffects
    }

    /// Which rule is the stronger: those outside of layers, then the more specific, then the later ones (CSS Cascade 5). Important
    /// ones in layers are the strongest of all.
    private struct Rank: Comparable {
        var layer: Layer
        var specificity: Int
        var order: Int

        enum Layer: Int { case weak, none, strong }

        static func < (one: Rank, other: Rank) -> Bool {
            (one.layer.rawValue, one.specificity, one.order) < (other.layer.rawValue, other.specificity, other.order)
        }
    }

    /// What rules say about an element, and which elements of selectors it is.
    struct Match {
        var effects = HTMLEffects()
        var marks = HTMLMarks()
    }

    private var rules: [[UInt8]: [Rule]] = [:]
    private var ruleCount = 0
    /// Of the next rule.
    private var order = 0
    /// Elements around others that selectors name, each with a bit for its mark.
    private var outer: [HTMLCompound] = []
    /// The names of layers. The order of several is not looked at: it is not sure what they say.
    private var layers: Set<[UInt8]> = []
    /// Keys of rules that were not kept.
    private var overfull: Set<[UInt8]> = []
    private static let outerLimit = 64
    /// Rules that are kept, and those under one key: each costs a look for each element.
    private static let ruleLimit = 4096
    private static let rulesOfKey = 32
    /// Rules that are heard for one element: further ones cost time and no honest mail has them.
    private static let rulesOfElement = 64
    /// Blocks in blocks that are read.
    private static let depthLimit = 8

    /// Lengths without a unit are none, see `HTMLEffects`.
    var hasUnits = false

    var isEmpty: Bool { rules.isEmpty }

    /// What stands around a rule.
    private struct Place {
        var isLayered = false
        var isSure = true
        /// The selectors of the rule that it stands in.
        var outer: ArraySlice<UInt8>?
        var outerSpecificity = 0
        var depth = 0
    }

    /// Adds the rules of a style element.
    mutating func add(_ text: [UInt8], isSure: Bool) {
        add(CSSText.plain(text[...], keepsCase: true)[...], Place(isSure: isSure))
    }

    private mutating func add(_ text: ArraySlice<UInt8>, _ outer: Place) {
        var place = outer
        var start = text.startIndex
        var index = start
        while index < text.endIndex {
            if index == start, place.depth == 0, let mark = Self.mark(text[index...]) {
                // It means nothing outside of blocks (CSS Syntax 3, section 5.4.1).
                start += mark
                index = start
                continue
            }
            switch text[index] {
            case ...0x20 where index == start: start += 1
            // What is open swallows what follows, rules too.
            case 0x28, 0x5B: index = CSSText.endOfBlock(text, index)
            // Outside of blocks `;` ends `@` rules alone; of another rule it is part, as is `}`, and its selectors are none.
            case 0x3B where place.depth > 0 || text[start] == 0x40:
                addLayers(text[start..<index])
                if Self.isNamespace(text[start..<index]) { place.isSure = false }
                start = index + 1
            case 0x7B:
                let end = CSSText.endOfBlock(text, index)
                add(CSSValue.trimmed(text[start..<index]), text[min(index + 1, end)..<end], place)
                index = end
                start = min(index + 1, text.endIndex)
            default: break
            }
            index += 1
        }
    }

    /// Rules were not read that may hold for every element.
    private mutating func overfill() { overfull.insert([]) }

    /// Adds what a block says, and the blocks in it.
    private mutating func add(_ selector: ArraySlice<UInt8>, _ block: ArraySlice<UInt8>, _ place: Place) {
        var inner = place
        inner.depth += 1
        guard inner.depth <= Self.depthLimit + 1 else { return overfill() }
        if selector.first == 0x40 {
            let rule = CSSText.names(selector).map(asciiLower)
            let answer = CSSCondition.answer(rule[...])
            guard answer > .never else { return }
            guard inner.depth <= Self.depthLimit else { return overfill() }
            if rule.starts(with: "@layer".utf8) {
                inner.isLayered = true
                layers.insert(rule)
            }
            inner.isSure = place.isSure && answer == .always
            // What stands in a rule speaks of its elements.
            if let outer = place.outer { add(outer, declarations: block, inner) }
        } else {
            add(selector, declarations: block, place)
            inner.isSure = false
            inner.outer = selector
            inner.outerSpecificity += HTMLSelector.specificity(selector)
            guard block.contains(0x7B) else { return }
        }
        add(block, inner)
    }

    /// `@layer a, b;` says nothing but an order.
    private mutating func addLayers(_ statement: ArraySlice<UInt8>) {
        let rule = CSSText.names(CSSValue.trimmed(statement)).map(asciiLower)
        guard rule.starts(with: "@layer".utf8) else { return }
        for name in rule.dropFirst("@layer".utf8.count).split(separator: 0x2C) {
            layers.insert(Array("@layer ".utf8) + CSSValue.trimmed(name))
        }
    }

    /// `@namespace` without a prefix: rules behind it may be about no element of HTML (CSS Namespaces 3, section 3).
    private static func isNamespace(_ statement: ArraySlice<UInt8>) -> Bool {
        let rule = CSSText.names(CSSValue.trimmed(statement)).map(asciiLower)
        guard rule.starts(with: "@namespace".utf8) else { return false }
        let name = CSSValue.trimmed(rule[10...])
        return name.first == 0x22 || name.first == 0x27 || name.starts(with: "url(".utf8)
    }

    /// Octets of a mark of a comment of HTML that begins the text.
    private static func mark(_ text: ArraySlice<UInt8>) -> Int? {
        ["<!--", "-->"].first { text.starts(with: $0.utf8) }?.utf8.count
    }

    private mutating func add(_ text: ArraySlice<UInt8>, declarations: ArraySlice<UInt8>, _ place: Place) {
        var effects = HTMLEffects()
        effects.add(declarations: declarations.map(asciiLower)[...], isRule: true, hasUnits: hasUnits)
        // In a rule the elements of that one may stand in front.
        let isInner = place.outer != nil
        guard !effects.declared.isEmpty || effects.isCut,
            let (selectors, areSure) = CSSSelectors.parts(text, isNested: isInner)
        else { return }
        for selector in selectors {
            let text = isInner ? selector.drop { $0 <= 0x20 || $0 == 0x2B || $0 == 0x3E || $0 == 0x7E } : selector
            guard let selector = HTMLSelector(text) else { continue }
            add(selector, effects, place, isSure: place.isSure && areSure && selector.isWhole)
        }
    }

    private mutating func add(_ selector: HTMLSelector, _ effects: HTMLEffects, _ place: Place, isSure: Bool) {
        let key = selector.element.key
        guard let parent = marks(selector.parent.map { [$0] } ?? []), let around = marks(selector.around) else {
            overfull.insert(key)
            return
        }
        let layer: Rank.Layer = place.isLayered ? effects.isImportant ? .strong : .weak : .none
        let rank = Rank(layer: layer, specificity: place.outerSpecificity + selector.specificity, order: order)
        order += 1
        let known = rules[key]?.firstIndex {
            $0.element == selector.element && $0.around == around && $0.parent == parent && $0.isSure == isSure
                && $0.rank.layer == layer && $0.rank.specificity == rank.specificity
        }
        if let known {
            rules[key]?[known].effects.merge(effects)
            rules[key]?[known].rank = rank
        } else if ruleCount < Self.ruleLimit, rules[key, default: []].count < Self.rulesOfKey {
            ruleCount += 1
            rules[key, default: []].append(
                Rule(
                    element: selector.element, around: around, parent: parent, rank: rank,
                    isSure: isSure && layer != .strong, effects: effects))
        } else {
            overfull.insert(key)
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
    func match(_ element: HTMLSelectable, around: HTMLMarks, parent: HTMLMarks) -> Match {
        var match = Match()
        let keys =
            [[], element.tag] + element.classes.map { [0x2E] + $0.lower }
            + (element.identifier.map { [[0x23] + $0.lower] } ?? [])
        var found: [(rule: Rule, isSure: Bool)] = []
        for key in keys {
            for rule in rules[key] ?? [] where found.count < Self.rulesOfElement {
                let answer = min(around.answer(rule.around), parent.answer(rule.parent), rule.element.answer(element))
                guard answer > .never else { continue }
                let isOrdered = rule.rank.layer == .none || layers.count == 1
                found.append((rule, rule.isSure && isOrdered && answer == .always))
            }
        }
        // Rules that are not known may show it.
        let areAll =
            element.isWhole && found.count < Self.rulesOfElement
            && (overfull.isEmpty || overfull.isDisjoint(with: keys))
        found.sort { $0.rule.rank < $1.rule.rank }
        for (rule, isSure) in found { match.effects.merge(isSure && areAll ? rule.effects : rule.effects.perhaps) }
        for (place, compound) in outer.enumerated() {
            let answer = compound.answer(element)
            if answer == .always { match.marks.always |= 1 << UInt64(place) }
            if answer == .perhaps { match.marks.perhaps |= 1 << UInt64(place) }
        }
        return match
    }
}
