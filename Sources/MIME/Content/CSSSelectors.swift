internal import Bytes

/// Lists of selectors, as browsers take them or leave them (Selectors 4, section 3.9).
enum CSSSelectors {
    /// The selectors of a list; nil where it is none. Browsers take none of a list of which they do not know one selector: of a list
    /// with pseudo-classes that are not known here it is not sure that it says anything.
    static func parts(_ list: ArraySlice<UInt8>) -> (selectors: [ArraySlice<UInt8>], areSure: Bool)? {
        var found: [ArraySlice<UInt8>] = []
        var areSure = true
        var depth = 0
        var start = list.startIndex
        var index = start
        while index < list.endIndex {
            switch list[index] {
            case 0x28, 0x5B: depth += 1
            case 0x29, 0x5D: depth -= 1
            case 0x2C where depth == 0:
                found.append(CSSValue.trimmed(list[start..<index]))
                start = index + 1
            // What stands within has rules of its own.
            case 0x3A where depth == 0:
                let name = list[index...].drop { $0 == 0x3A }.prefix(while: isNamePart)
                if !pseudos.contains(String(decoding: name.map(asciiLower), as: UTF8.self)) { areSure = false }
                index = name.endIndex - 1
            case 0x20, 0x09, 0x0A, 0x0C, 0x0D, 0x23, 0x26, 0x2A, 0x2B, 0x2E, 0x3E, 0x7C, 0x7E: break
            case let byte where depth > 0 || isNamePart(byte): break
            default: return nil
            }
            index += 1
        }
        found.append(CSSValue.trimmed(list[start...]))
        return depth == 0 && found.allSatisfy { !$0.isEmpty } ? (found, areSure) : nil
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
