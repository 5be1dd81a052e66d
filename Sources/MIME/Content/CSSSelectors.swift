internal import Bytes

/// Lists of selectors, as browsers take them or leave them (Selectors 4, section 3.9).
enum CSSSelectors {
    /// The selectors of a list; nil where it is none. Browsers take none of a list of which they do not know one selector: of a list
    /// with pseudo-classes that are not known here it is not sure that it says anything.
    /// - Parameters:
    ///   - list: with its escapes, of which a name may begin with one of a digit.
    ///   - isNested: of a rule in a rule, which may begin with what stands between it and that one's elements.
    static func parts(
        _ list: ArraySlice<UInt8>, isNested: Bool
    ) -> (selectors: [ArraySlice<UInt8>], areSure: Bool)? {
        var found: [ArraySlice<UInt8>] = []
        var areSure = true
        var start = list.startIndex
        var index = start
        // No element stands behind what calls for one.
        var isMissing = true
        // The name of an element may begin.
        var isBegin = true
        while index < list.endIndex {
            let byte = list[index]
            index += 1
            switch byte {
            case 0x20, 0x09, 0x0A, 0x0C, 0x0D: isBegin = true
            case CSSText.comment: break
            case 0x2C, 0x3E, 0x2B, 0x7E:
                let selector = CSSValue.trimmed(list[start..<(index - 1)])
                guard !isMissing || isNested && byte != 0x2C && selector.isEmpty else { return nil }
                (isMissing, isBegin) = (true, true)
                guard byte == 0x2C else { continue }
                found.append(CSSText.names(selector))
                start = index
            case 0x5B:
                index = CSSText.endOfBlock(list, index - 1) + 1
                guard index <= list.endIndex else { return nil }
                (isMissing, isBegin) = (false, false)
            case 0x2E, 0x23, 0x3A:
                if byte == 0x3A, index < list.endIndex, list[index] == 0x3A { index += 1 }
                // Of `#` the name is a part, and a comment parts them.
                while byte != 0x23, index < list.endIndex, list[index] == CSSText.comment { index += 1 }
                let name = list[index...].prefix(while: isNamePart)
                guard beginsName(name) else { return nil }
                index = name.endIndex
                (isMissing, isBegin) = (false, false)
                guard byte == 0x3A else { continue }
                let pseudo = String(decoding: CSSText.names(name).map(asciiLower), as: UTF8.self)
                if !pseudos.contains(pseudo) { areSure = false }
                // What stands within has rules of its own.
                if index < list.endIndex, list[index] == 0x28 {
                    index = CSSText.endOfBlock(list, index) + 1
                    guard index <= list.endIndex else { return nil }
                }
            case 0x2A:
                guard isBegin else { return nil }
                (isMissing, isBegin) = (false, false)
            // Of the rule around; of a space of names, which may not be known.
            case 0x26, 0x7C: (isMissing, isBegin, areSure) = (false, true, false)
            default:
                let name = list[(index - 1)...].prefix(while: isNamePart)
                guard isBegin, beginsName(name) else { return nil }
                index = name.endIndex
                (isMissing, isBegin) = (false, false)
            }
        }
        guard !isMissing else { return nil }
        found.append(CSSText.names(CSSValue.trimmed(list[start...])))
        return (found, areSure)
    }

    /// A name, perhaps with comments behind it.
    static func isName(_ word: ArraySlice<UInt8>) -> Bool {
        beginsName(word) && word.allSatisfy { isNamePart($0) || $0 == CSSText.comment }
    }

    /// No name begins with a digit that is not escaped (CSS Syntax 3, section 4.3.9).
    private static func beginsName(_ name: ArraySlice<UInt8>) -> Bool {
        guard let first = name.first else { return false }
        let second = first == 0x2D ? name.dropFirst().first : first
        return second.map { !(0x30...0x39 ~= $0) } ?? false
    }

    /// A letter of a name, or what stands for one that was escaped.
    static func isNamePart(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x2D, 0x3F, 0x5F, 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x80...0xFF: true
        default: false
        }
    }

    /// Of what a person does, and of what is no element: no text is seen by it.
    static func holdsNever(_ pseudo: ArraySlice<UInt8>) -> Bool {
        acts.contains(String(decoding: pseudo.map(asciiLower), as: UTF8.self))
    }

    private static let acts: Set = [
        "active", "after", "backdrop", "before", "focus", "focus-visible", "focus-within", "hover", "marker",
        "placeholder",
        "selection", "target", "visited",
    ]

    /// Pseudo-classes and elements that all browsers know.
    private static let pseudos = acts.union([
        "any-link", "checked", "default", "disabled", "empty", "enabled", "first", "first-child", "first-letter",
        "first-line", "first-of-type", "has", "in-range", "indeterminate", "invalid", "is", "lang", "last-child",
        "last-of-type", "left", "link", "not", "nth-child", "nth-last-child", "nth-last-of-type", "nth-of-type",
        "only-child", "only-of-type", "optional", "out-of-range", "placeholder-shown", "read-only", "read-write",
        "required", "right", "root", "valid", "where",
    ])
}
