internal import Bytes

/// One element as selectors see it, in lower case.
struct HTMLSelectable {
    var tag: [UInt8]
    var classes: [[UInt8]]
    var identifier: [UInt8]
    /// It has the attribute `hidden`.
    var isHidden: Bool

    /// Octets of a name.
    static let longestName = 128
    /// Classes that are looked up.
    private static let classLimit = 16

    init(tag: [UInt8], classes: [UInt8], identifier: [UInt8], isHidden: Bool) {
        self.tag = tag
        self.isHidden = isHidden
        self.classes = classes.split(whereSeparator: { $0 <= 0x20 }).prefix(Self.classLimit)
            .filter { $0.count <= Self.longestName }.map { $0.map(asciiLower) }
        self.identifier = identifier.count <= Self.longestName ? identifier.map(asciiLower) : []
    }
}

/// What a selector asks of one element: its name, classes and identifier, also as `[class~=a]` and `[id=a]`, and `[hidden]`.
struct HTMLCompound: Hashable {
    /// Empty for every name.
    private(set) var tag: [UInt8] = []
    private(set) var classes: [[UInt8]] = []
    private(set) var identifier: [UInt8] = []
    private(set) var isHidden = false

    /// - Parameter text: in lower case, without comments and escapes. nil for what is not known: pseudo-classes, other attributes.
    init?(_ text: ArraySlice<UInt8>) {
        var rest = text
        tag = Array(Self.name(&rest))
        if tag.isEmpty, rest.first == 0x2A { rest.removeFirst() }
        while let mark = rest.popFirst() {
            switch mark {
            case 0x2E:
                let name = Self.name(&rest)
                guard !name.isEmpty else { return nil }
                classes.append(Array(name))
            case 0x23:
                let name = Self.name(&rest)
                guard !name.isEmpty, identifier.isEmpty || identifier.elementsEqual(name) else { return nil }
                identifier = Array(name)
            case 0x5B:
                guard let end = rest.firstIndex(of: 0x5D), takeAttribute(rest[..<end]) else { return nil }
                rest = rest[(end + 1)...]
            default: return nil
            }
        }
    }

    private static func name(_ text: inout ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let name = text.prefix { byte in
            switch byte {
            case 0x2D, 0x5F, 0x30...0x39, 0x61...0x7A, 0x80...0xFF: true
            default: false
            }
        }
        text = text[name.endIndex...]
        return name
    }

    /// `class~=a`, `class=a b`, `id=a`, `hidden`; false for others.
    private mutating func takeAttribute(_ text: ArraySlice<UInt8>) -> Bool {
        if CSSValue.trimmed(text).elementsEqual("hidden".utf8) {
            isHidden = true
            return true
        }
        guard let sign = text.firstIndex(of: 0x3D) else { return false }
        var value = CSSValue.trimmed(text[(sign + 1)...])
        if let quote = value.first, quote == 0x22 || quote == 0x27, value.count > 1, value.last == quote {
            value = value.dropFirst().dropLast()
        }
        switch String(decoding: text[..<sign].filter { $0 > 0x20 }, as: UTF8.self) {
        case "class", "class~": classes += value.split(whereSeparator: { $0 <= 0x20 }).map { Array($0) }
        case "id" where identifier.isEmpty: identifier = Array(value)
        default: return false
        }
        return !value.isEmpty
    }

    /// What it is looked up by: the rarest of what it asks.
    var key: [UInt8] {
        if !identifier.isEmpty { return [0x23] + identifier }
        return classes.last.map { [0x2E] + $0 } ?? tag
    }

    /// Every page has the element, whether its tags are written or not.
    var isRoot: Bool {
        classes.isEmpty && identifier.isEmpty && !isHidden
            && (tag.isEmpty || tag == Array("html".utf8) || tag == Array("body".utf8))
    }

    /// As numbers with room for many of each: identifiers, classes and attributes, names (Selectors 4, section 17).
    var specificity: Int {
        (identifier.isEmpty ? 0 : 1 << 20) + ((classes.count + (isHidden ? 1 : 0)) << 10) + (tag.isEmpty ? 0 : 1)
    }

    func matches(_ element: HTMLSelectable) -> Bool {
        (tag.isEmpty || tag == element.tag) && (identifier.isEmpty || identifier == element.identifier)
            && (!isHidden || element.isHidden) && classes.allSatisfy { element.classes.contains($0) }
    }
}

/// A selector of several names: an element, those that it stands in, and the one right around it.
struct HTMLSelector {
    let element: HTMLCompound
    private(set) var around: [HTMLCompound] = []
    private(set) var parent: HTMLCompound?
    private(set) var specificity: Int

    /// Octets of a selector, and elements that it names.
    private static let longest = 512
    private static let mostNames = 8

    /// - Parameter text: in lower case, without comments and escapes. nil for what is not known, siblings among it.
    init?(_ text: ArraySlice<UInt8>) {
        guard text.count <= Self.longest else { return nil }
        var words: [ArraySlice<UInt8>] = []
        var isInside = false
        var start = text.startIndex
        for index in text.indices {
            let byte = text[index]
            if byte == 0x5B { isInside = true } else if byte == 0x5D { isInside = false }
            guard !isInside, byte <= 0x20 || byte == 0x3E else { continue }
            if index > start { words.append(text[start..<index]) }
            if byte == 0x3E { words.append(text[index...index]) }
            start = index + 1
        }
        words.append(text[start...])
        guard words.count <= Self.mostNames, let last = words.popLast(), let element = HTMLCompound(last) else {
            return nil
        }
        self.element = element
        specificity = element.specificity
        if words.last?.elementsEqual(CollectionOfOne(0x3E)) == true {
            words.removeLast()
            guard let word = words.popLast(), let parent = HTMLCompound(word) else { return nil }
            self.parent = parent
            specificity += parent.specificity
        }
        for word in words where !word.elementsEqual(CollectionOfOne(0x3E)) {
            guard let compound = HTMLCompound(word) else { return nil }
            specificity += compound.specificity
            if !compound.isRoot { around.append(compound) }
        }
        if parent?.isRoot == true { parent = nil }
    }
}
