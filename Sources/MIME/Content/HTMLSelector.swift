internal import Bytes

/// Whether something holds that is not always known.
enum HTMLAnswer: Int, Comparable {
    case never, perhaps, always

    static func < (one: HTMLAnswer, other: HTMLAnswer) -> Bool { one.rawValue < other.rawValue }
}

/// One element as selectors see it.
struct HTMLSelectable {
    /// In lower case.
    var tag: [UInt8]
    var classes: [HTMLNameInSelectors]
    var identifier: HTMLNameInSelectors?
    /// It has the attribute `hidden`.
    var isHidden: Bool
    /// A page without a type: browsers do not tell upper from lower case in classes and identifiers (Quirks Mode, section 3.3).
    var ignoresCase: Bool
    /// All of its names are here.
    let isWhole: Bool

    /// Octets of a name.
    static let longestName = 128
    /// Classes that are looked up.
    private static let classLimit = 16

    init(tag: [UInt8], classes: [UInt8], identifier: [UInt8], isHidden: Bool, ignoresCase: Bool) {
        self.tag = tag
        self.isHidden = isHidden
        self.ignoresCase = ignoresCase
        let names = classes.split(whereSeparator: { $0 <= 0x20 })
        let known = names.prefix(Self.classLimit).filter { $0.count <= Self.longestName }
        self.classes = known.map { HTMLNameInSelectors($0) }
        isWhole = known.count == names.count && identifier.count <= Self.longestName
        self.identifier =
            identifier.isEmpty || identifier.count > Self.longestName ? nil : HTMLNameInSelectors(identifier[...])
    }
}

/// A class or an identifier, as it is written and in lower case.
struct HTMLNameInSelectors: Hashable {
    let exact: [UInt8]
    let lower: [UInt8]

    init(_ name: ArraySlice<UInt8>) {
        exact = Array(name)
        lower = name.map(asciiLower)
    }
}

/// What a selector asks of one element: its name, classes and identifier, also as `[class~=a]` and `[id=a]`, and `[hidden]`.
struct HTMLCompound: Hashable {
    /// In lower case; empty for every name.
    private(set) var tag: [UInt8] = []
    private(set) var classes: [HTMLNameInSelectors] = []
    private(set) var identifier: HTMLNameInSelectors?
    private(set) var isHidden = false
    /// It asks nothing else.
    private(set) var isWhole = true

    /// - Parameter text: without comments and escapes. nil for what is no text of an element, and for what is none at all.
    init?(_ text: ArraySlice<UInt8>) {
        var rest = text
        guard takeTag(&rest) else { return nil }
        while let mark = rest.popFirst() {
            switch mark {
            case 0x2E, 0x23:
                let name = Self.name(&rest)
                guard !name.isEmpty else { return nil }
                let found = HTMLNameInSelectors(name)
                // A sign that was escaped.
                if name.contains(0x3F) {
                    isWhole = false
                } else if mark == 0x2E {
                    classes.append(found)
                } else {
                    guard identifier == nil || identifier == found else { return nil }
                    identifier = found
                }
            case 0x5B:
                guard let end = rest.firstIndex(of: 0x5D) else { return nil }
                if !takeAttribute(rest[..<end]) { isWhole = false }
                rest = rest[(end + 1)...]
            case 0x3A:
                isWhole = false
                rest = rest.drop { $0 == 0x3A }
                if CSSSelectors.holdsNever(Self.name(&rest)) { return nil }
                if rest.first == 0x28 {
                    rest = rest[min(CSSText.endOfBlock(rest, rest.startIndex) + 1, rest.endIndex)...]
                }
            // That of the rule around, or the page.
            case 0x26: isWhole = false
            // The name of a space of names stood in front.
            case 0x7C:
                isWhole = false
                guard takeTag(&rest) else { return nil }
            default: return nil
            }
        }
    }

    private mutating func takeTag(_ rest: inout ArraySlice<UInt8>) -> Bool {
        tag = Self.name(&rest).map(asciiLower)
        if tag.contains(0x3F) { (tag, isWhole) = ([], false) }
        if tag.isEmpty, rest.first == 0x2A { rest.removeFirst() }
        return true
    }

    private static func name(_ text: inout ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let name = text.prefix(while: CSSSelectors.isNamePart)
        text = text[name.endIndex...]
        return name
    }

    /// `class~=a`, `class=a b`, `id=a`, `hidden`; false for others.
    private mutating func takeAttribute(_ text: ArraySlice<UInt8>) -> Bool {
        if CSSValue.trimmed(text).lazy.map(asciiLower).elementsEqual("hidden".utf8) {
            isHidden = true
            return true
        }
        guard let sign = text.firstIndex(of: 0x3D) else { return false }
        var value = CSSValue.trimmed(text[(sign + 1)...])
        if let quote = value.first, quote == 0x22 || quote == 0x27, value.count > 1, value.last == quote {
            value = value.dropFirst().dropLast()
        }
        guard !value.isEmpty, !value.contains(0x3F), !value.contains(0x22), !value.contains(0x27) else { return false }
        switch String(decoding: text[..<sign].filter { $0 > 0x20 }.map(asciiLower), as: UTF8.self) {
        case "class", "class~": classes += value.split(whereSeparator: { $0 <= 0x20 }).map { HTMLNameInSelectors($0) }
        case "id" where identifier == nil: identifier = HTMLNameInSelectors(value)
        default: return false
        }
        return true
    }

    /// What it is looked up by: the rarest of what it asks.
    var key: [UInt8] {
        if let identifier { return [0x23] + identifier.lower }
        return classes.last.map { [0x2E] + $0.lower } ?? tag
    }

    /// Every page has the element, whether its tags are written or not, so far as it is known what is asked of it.
    var isRoot: Bool {
        classes.isEmpty && identifier == nil && !isHidden
            && (tag.isEmpty || tag == Array("html".utf8) || tag == Array("body".utf8))
    }

    func answer(_ element: HTMLSelectable) -> HTMLAnswer {
        guard tag.isEmpty || tag == element.tag, !isHidden || element.isHidden else { return .never }
        var answer = isWhole ? HTMLAnswer.always : .perhaps
        func compare(_ name: HTMLNameInSelectors, _ others: [HTMLNameInSelectors]) {
            if others.contains(name) { return }
            // Which types of a page ignore it, too, is not looked at.
            let isSame = others.contains { $0.lower == name.lower }
            answer = min(answer, isSame ? element.ignoresCase ? .always : .perhaps : .never)
        }
        for name in classes { compare(name, element.classes) }
        if let identifier { compare(identifier, element.identifier.map { [$0] } ?? []) }
        return answer
    }
}

/// A selector of several names: an element, those that it stands in, and the one right around it.
struct HTMLSelector {
    let element: HTMLCompound
    private(set) var around: [HTMLCompound] = []
    private(set) var parent: HTMLCompound?
    /// As a number with room for many of each: identifiers, classes and attributes, names (Selectors 4, section 17). No less.
    let specificity: Int
    /// It asks nothing else.
    private(set) var isWhole = true

    /// Octets of a selector, and elements that it names.
    private static let longest = 512
    private static let mostNames = 8

    /// - Parameter text: without comments and escapes. nil for what is none, or of no text.
    init?(_ text: ArraySlice<UInt8>) {
        var words: [ArraySlice<UInt8>] = []
        var depth = 0
        var start = text.startIndex
        for index in text.indices {
            let byte = text[index]
            if byte == 0x5B || byte == 0x28 { depth += 1 } else if byte == 0x5D || byte == 0x29 { depth -= 1 }
            guard depth <= 0, byte <= 0x20 || byte == 0x3E || byte == 0x2B || byte == 0x7E else { continue }
            if index > start { words.append(text[start..<index]) }
            if byte > 0x20 { words.append(text[index...index]) }
            start = index + 1
        }
        words.append(text[start...])
        guard let last = words.popLast(), let element = HTMLCompound(last) else { return nil }
        self.element = element
        specificity = Self.specificity(text)
        // What stands in front of a sibling is not looked at.
        if let sibling = words.lastIndex(where: { $0.first == 0x2B || $0.first == 0x7E }) {
            guard sibling > 0 else { return nil }
            words.removeSubrange(...sibling)
            isWhole = false
        }
        if text.count > Self.longest || words.count >= Self.mostNames { (words, isWhole) = ([], false) }
        if words.last?.first == 0x3E {
            words.removeLast()
            guard let word = words.popLast(), let parent = HTMLCompound(word) else { return nil }
            self.parent = parent
            if parent.isRoot { isWhole = isWhole && parent.isWhole }
        }
        for word in words where word.first != 0x3E {
            guard let compound = HTMLCompound(word) else { return nil }
            if compound.isRoot { isWhole = isWhole && compound.isWhole } else { around.append(compound) }
        }
        if parent?.isRoot == true { parent = nil }
    }

    /// What stands in parentheses counts in full.
    static func specificity(_ text: ArraySlice<UInt8>) -> Int {
        var (sum, last): (Int, UInt8) = (0, 0x20)
        for byte in text.prefix(longest) {
            switch byte {
            case 0x23: sum += 1 << 20
            case 0x2E, 0x3A, 0x5B: sum += 1 << 10
            // A name that begins.
            case let byte where CSSSelectors.isNamePart(byte) && !CSSSelectors.isNamePart(last):
                if ![0x23, 0x2E, 0x3A, 0x5B].contains(last) { sum += 1 }
            default: break
            }
            last = byte
        }
        return sum
    }
}

/// Which elements of selectors an element is, a bit for each.
struct HTMLMarks {
    var always: UInt64 = 0
    var perhaps: UInt64 = 0

    static func | (one: HTMLMarks, other: HTMLMarks) -> HTMLMarks {
        HTMLMarks(always: one.always | other.always, perhaps: one.perhaps | other.perhaps)
    }

    /// All of `wanted` are among them.
    func answer(_ wanted: UInt64) -> HTMLAnswer {
        wanted & ~always == 0 ? .always : wanted & ~(always | perhaps) == 0 ? .perhaps : .never
    }
}
