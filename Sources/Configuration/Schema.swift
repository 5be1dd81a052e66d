/// One key: its place, type, default and meaning. The reader, `config defaults`, `config explain` and the reference are
/// all made from these.
struct SchemaKey<Root: Sendable>: Sendable {
    /// Path below the root, `limits.message_size`; the last part is the key itself.
    let path: String
    /// `ValueType.name`.
    let typeName: String
    /// One sentence, or two.
    let doc: String
    /// Reads a node into the root; returns false after a fault.
    let assign: @Sendable (ConfigNode, inout Root, inout [Fault]) -> Bool
    /// The value in the root, as YAML.
    let show: @Sendable (Root) -> String
    /// Copies the value from one root into another.
    let copy: @Sendable (Root, inout Root) -> Void

    init(
        path: String, typeName: String, doc: String,
        assign: @escaping @Sendable (ConfigNode, inout Root, inout [Fault]) -> Bool,
        show: @escaping @Sendable (Root) -> String, copy: @escaping @Sendable (Root, inout Root) -> Void
    ) {
        self.path = path
        self.typeName = typeName
        self.doc = doc
        self.assign = assign
        self.show = show
        self.copy = copy
    }

    init<Value>(
        _ path: String, _ field: any WritableKeyPath<Root, Value> & Sendable, _ type: ValueType<Value>, _ doc: String
    ) {
        self.path = path
        self.typeName = type.name
        self.doc = doc
        self.assign = { node, root, faults in
            guard let value = type.read(node, &faults) else { return false }
            root[keyPath: field] = value
            return true
        }
        self.show = { type.write($0[keyPath: field]) }
        self.copy = { from, to in to[keyPath: field] = from[keyPath: field] }
    }

    /// The same key of what holds the root.
    func within<Outer>(_ field: any WritableKeyPath<Outer, Root> & Sendable) -> SchemaKey<Outer> {
        SchemaKey<Outer>(
            path: path, typeName: typeName, doc: doc,
            assign: { node, outer, faults in assign(node, &outer[keyPath: field], &faults) },
            show: { show($0[keyPath: field]) },
            copy: { from, to in copy(from[keyPath: field], &to[keyPath: field]) })
    }
}

/// The keys of one kind of mapping (the whole file, a listener, a policy), in the order of the documentation.
struct Schema<Root: Sendable>: Sendable {
    let keys: [SchemaKey<Root>]
    /// Sections by path, with a sentence each.
    let sections: [(path: String, doc: String)]
    /// Names directly below the root that the reader handles itself.
    let special: [String]
    /// Names that people may look for here, and where they belong.
    let elsewhere: [String: String]
    private let byPath: [String: SchemaKey<Root>]

    init(
        keys: [SchemaKey<Root>], sections: [(path: String, doc: String)] = [], special: [String] = [],
        elsewhere: [String: String] = [:]
    ) {
        self.elsewhere = elsewhere
        self.keys = keys
        self.sections = sections
        self.special = special
        self.byPath = Dictionary(keys.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
    }

    subscript(path: String) -> SchemaKey<Root>? { byPath[path] }

    func isSection(_ path: String) -> Bool { sections.contains { $0.path == path } }

    /// Names of keys and sections directly below `section`; the empty text is the root.
    func names(in section: String) -> [String] {
        let prefix = section.isEmpty ? "" : section + "."
        let paths = keys.map { $0.path } + sections.map { $0.path } + (section.isEmpty ? special : [])
        return paths.filter { $0.hasPrefix(prefix) && !$0.dropFirst(prefix.count).contains(".") && $0 != section }
            .map { String($0.dropFirst(prefix.count)) }
    }

    /// Advice for a name that is unknown in `section`: a similar one there, or the section where it is known.
    func advice(for name: String, in section: String) -> String {
        if section.isEmpty, let place = elsewhere[name] { return "; \(place)" }
        let near = suggestion(for: name, among: names(in: section))
        if !near.isEmpty { return near }
        let elsewhere = keys.map { $0.path }.filter { $0.hasSuffix("." + name) }
        guard let first = elsewhere.first else { return "" }
        return "; '\(first)' exists"
    }
}
