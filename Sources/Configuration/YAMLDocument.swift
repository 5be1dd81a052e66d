internal import Yams

/// Reads YAML into `ConfigNode`s, refusing what a configuration does not need and people stumble over: anchors, aliases,
/// merge keys, tags, duplicate keys, several documents.
struct YAMLDocument {
    /// The root; nil for an empty file and when the file is not valid YAML.
    private(set) var root: ConfigNode?
    private(set) var faults: [Fault] = []
    /// True when the whole file was read; otherwise what is missing may only be behind the place where reading ended.
    private(set) var isComplete = false
    private var source: SourceText
    /// Places of duplicate keys, already reported.
    private var masked: Set<Position> = []

    /// Sections within sections that are looked at; the schema needs four.
    static let depthLimit = 16
    /// Duplicate keys that are looked for; each costs a new run of the parser.
    static let duplicateLimit = 50

    init(_ source: SourceText) {
        self.source = source
        for _ in 0..<YAMLDocument.duplicateLimit {
            do {
                // The nodes refer to their anchors weakly; the parser keeps them alive while they are converted.
                let parser = try Parser(yaml: self.source.text, resolver: .basic, encoding: .utf8)
                let node = try parser.singleRoot()
                root = withExtendedLifetime(parser) { node.map { convert($0, depth: 0) } }
                isComplete = true
                return
            } catch YamlError.duplicatedKeysInMapping(let names, let context) {
                guard maskDuplicate(of: names.sorted().first ?? "", firstAt: Position(context.mark)) else { return }
            } catch let error as YamlError {
                faults.append(SyntaxAdvice(source: self.source).fault(for: error))
                return
            } catch {
                faults.append(Fault(position: nil, message: "not valid YAML"))
                return
            }
        }
    }

    // MARK: Duplicate keys

    /// Reports a duplicate key at its second place and takes it out of the text, so that the next run of the parser, which
    /// stops at the first duplicate, finds the rest of the problems. False when the second place is not found.
    private mutating func maskDuplicate(of name: String, firstAt first: Position) -> Bool {
        guard let (second, length) = secondPlace(of: name, firstAt: first) else {
            faults.append(Fault(position: first, message: "duplicate key '\(shown(name))'"))
            return false
        }
        faults.append(
            Fault(position: second, message: "duplicate key '\(shown(name))'; it is on line \(first.line) already"))
        // Private-use characters that differ from one mask to the next: masked keys must not be duplicates themselves.
        let replacement = Unicode.Scalar(UInt32(0xE000 + masked.count)) ?? "\u{E000}"
        masked.insert(second)
        source.overwrite(at: second, count: length, with: replacement)
        return true
    }

    /// The key's next place in the same block mapping, and the length of its text there.
    private func secondPlace(of name: String, firstAt first: Position) -> (Position, Int)? {
        for line in first.line..<max(first.line, source.lines.count) {
            let scalars = source.lines[line]
            guard let indent = scalars.firstIndex(where: { $0 != " " }), scalars[indent] != "#" else { continue }
            if indent < first.column - 1 { return nil }
            guard indent == first.column - 1, let colon = scalars[indent...].firstIndex(of: ":") else { continue }
            var key = scalars[indent..<colon]
            while key.last == " " { key.removeLast() }
            if let quote = key.first, key.count >= 2, key.last == quote, quote == "\"" || quote == "'" {
                key = key.dropFirst().dropLast()
            }
            if key.elementsEqual(name.unicodeScalars) {
                return (Position(line: line + 1, column: indent + 1), colon - indent)
            }
        }
        return nil
    }

    // MARK: Conversion

    private mutating func convert(_ node: Node, depth: Int) -> ConfigNode {
        let position = node.mark.map { Position($0) } ?? Position(line: 1, column: 1)
        // An alias arrives as the node of its anchor, so refusing anchors refuses both; not going below them keeps
        // "billion laughs" from growing.
        if let anchor = node.anchor {
            refuse(
                position,
                "anchors and aliases ('&\(shown(anchor.description))') are not supported; "
                    + "a text that begins with '&' must be in quotes")
            return ConfigNode(position: position, content: .refused)
        }
        guard depth < YAMLDocument.depthLimit else {
            refuse(position, "nested more than \(YAMLDocument.depthLimit) deep")
            return ConfigNode(position: position, content: .refused)
        }
        let flow = source[position] == "[" || source[position] == "{"
        switch node {
        case .scalar(let scalar):
            guard isOrdinary(scalar.tag, at: position) else { break }
            return ConfigNode(
                position: position,
                content: .scalar(scalar.string, plain: scalar.style == .plain || scalar.style == .any))
        case .sequence(let sequence):
            guard isOrdinary(sequence.tag, at: position) else { break }
            let items = sequence.map { convert($0, depth: depth + 1) }
            return ConfigNode(position: position, content: .list(items, flow: flow))
        case .mapping(let mapping):
            guard isOrdinary(mapping.tag, at: position) else { break }
            var entries: [ConfigNode.Entry] = []
            for (key, value) in mapping {
                guard let name = keyName(key) else { continue }
                entries.append(
                    ConfigNode.Entry(name: name.0, namePosition: name.1, value: convert(value, depth: depth + 1)))
            }
            return ConfigNode(position: position, content: .mapping(entries, flow: flow))
        case .alias:
            refuse(position, "aliases are not supported")
        }
        return ConfigNode(position: position, content: .refused)
    }

    /// The key's text and place; nil when it was refused or masked.
    private mutating func keyName(_ key: Node) -> (String, Position)? {
        let position = key.mark.map { Position($0) } ?? Position(line: 1, column: 1)
        if masked.contains(position) { return nil }
        guard case .scalar(let scalar) = key else {
            refuse(position, "a key must be a word, not a list or a section")
            return nil
        }
        if let anchor = key.anchor {
            refuse(position, "anchors and aliases ('&\(shown(anchor.description))') are not supported")
            return nil
        }
        if scalar.string == "<<" {
            refuse(position, "merge keys ('<<') are not supported")
            return nil
        }
        return (scalar.string, position)
    }

    /// False, and reported, for explicit tags: `!name` is what YAML makes of a text that begins with `!`.
    private mutating func isOrdinary(_ tag: Tag, at position: Position) -> Bool {
        switch tag.rawValue {
        case "", Tag.Name.str.rawValue, Tag.Name.seq.rawValue, Tag.Name.map.rawValue:
            return true
        case let name:
            refuse(
                position, "tags ('\(shown(name))') are not supported; a text that begins with '!' must be in quotes")
            return false
        }
    }

    private mutating func refuse(_ position: Position, _ message: String) {
        let fault = Fault(position: position, message: message)
        if !faults.contains(fault) { faults.append(fault) }
    }
}

extension Position {
    init(_ mark: Mark) {
        self.init(line: mark.line, column: mark.column)
    }
}
