internal import Bytes

/// The rules of style elements whose selector is one element name, class or identifier, or a name with one of both:
/// those that hide text for everyone. Rules inside of `@media` and the like hold for some readers only and are left out.
struct HTMLStyleSheet {
    private var rules: [[UInt8]: HTMLEffects] = [:]
    /// Rules that are kept.
    private static let ruleLimit = 4096
    /// Octets of a selector, and of a name in an attribute.
    private static let longestName = 128
    /// Classes of an element that are looked up.
    private static let classLimit = 16

    var isEmpty: Bool { rules.isEmpty }

    /// Adds the rules of a style element.
    mutating func add(_ text: [UInt8]) {
        let text = CSSValue.plain(text[...])
        var start = text.startIndex
        var index = start
        while index < text.endIndex {
            if text[index] == 0x7D || text[index] == 0x3B {
                start = index + 1
            } else if text[index] == 0x7B {
                let selector = Self.withoutMarks(text[start..<index])
                if selector.first == 0x40 {
                    index = Self.endOfBlock(text, index)
                } else {
                    let end = text[index...].firstIndex(of: 0x7D) ?? text.endIndex
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

    /// Offset of the brace that closes the one at `start`.
    private static func endOfBlock(_ text: ArraySlice<UInt8>, _ start: Int) -> Int {
        var depth = 0
        var index = start
        while index < text.endIndex {
            if text[index] == 0x7B { depth += 1 }
            if text[index] == 0x7D {
                depth -= 1
                if depth == 0 { return index }
            }
            index += 1
        }
        return text.endIndex
    }

    private mutating func add(_ selectors: ArraySlice<UInt8>, _ declarations: ArraySlice<UInt8>) {
        var effects = HTMLEffects()
        effects.add(declarations: Array(declarations))
        for part in selectors.split(separator: 0x2C) {
            let selector = CSSValue.trimmed(part)
            guard !selector.isEmpty, selector.count <= Self.longestName, Self.isSimple(selector) else { continue }
            let key = Array(selector)
            if rules[key] == nil, rules.count >= Self.ruleLimit { continue }
            rules[key, default: HTMLEffects()].merge(effects)
        }
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
    func effects(tag: [UInt8], classes: [UInt8], identifier: [UInt8]) -> HTMLEffects {
        var effects = HTMLEffects()
        if let rule = rules[tag] { effects.merge(rule) }
        for name in classes.split(whereSeparator: { $0 <= 0x20 }).prefix(Self.classLimit)
        where name.count <= Self.longestName {
            let key = [0x2E] + name.map(asciiLower)
            if let rule = rules[key] { effects.merge(rule) }
            if let rule = rules[tag + key] { effects.merge(rule) }
        }
        if !identifier.isEmpty, identifier.count <= Self.longestName {
            let key = [0x23] + identifier.map(asciiLower)
            if let rule = rules[key] { effects.merge(rule) }
            if let rule = rules[tag + key] { effects.merge(rule) }
        }
        return effects
    }
}
