/// Lists of selectors, as browsers take them or leave them (Selectors 4, section 3.9).
enum CSSSelectors {
    /// The selectors of a list, in lower case; nil where browsers know one of them not, or it cannot be told: they take none of the
    /// list then.
    static func parts(_ list: ArraySlice<UInt8>) -> [ArraySlice<UInt8>]? {
        var found: [ArraySlice<UInt8>] = []
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
                guard pseudos.contains(String(decoding: name, as: UTF8.self)) else { return nil }
                index = name.endIndex - 1
            case 0x20, 0x09, 0x0A, 0x0C, 0x0D, 0x23, 0x2A, 0x2B, 0x2E, 0x3E, 0x7C, 0x7E: break
            case let byte where depth > 0 || isNamePart(byte): break
            default: return nil
            }
            index += 1
        }
        found.append(CSSValue.trimmed(list[start...]))
        return depth == 0 && found.allSatisfy { !$0.isEmpty } ? found : nil
    }

    /// A letter of a name, or what stands for one that was escaped.
    private static func isNamePart(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x2D, 0x3F, 0x5F, 0x30...0x39, 0x61...0x7A, 0x80...0xFF: true
        default: false
        }
    }

    /// Pseudo-classes and elements that all browsers know.
    private static let pseudos: Set = [
        "active", "after", "any-link", "before", "checked", "default", "disabled", "empty", "enabled", "first",
        "first-child",
        "first-letter", "first-line", "first-of-type", "focus", "focus-visible", "focus-within", "has", "hover",
        "in-range",
        "indeterminate", "invalid", "is", "lang", "last-child", "last-of-type", "left", "link", "marker", "not",
        "nth-child",
        "nth-last-child", "nth-last-of-type", "nth-of-type", "only-child", "only-of-type", "optional", "out-of-range",
        "placeholder", "placeholder-shown", "read-only", "read-write", "required", "right", "root", "selection",
        "target", "valid",
        "visited", "where",
    ]
}
