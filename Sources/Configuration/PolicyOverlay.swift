/// Some of the keys of a policy, to be laid over one.
package struct PolicyOverlay: Sendable, Equatable {
    /// Holds the values of `keys`; its others mean nothing.
    package private(set) var values = Settings.PolicySettings()
    /// Paths of the keys that are set.
    package private(set) var keys: Set<String> = []

    package init() {}

    /// Reads `key=value` words, as tables hold them: `spam=discard levels.kill=12 lovers=spam,banned`. Only lists may be empty; `null`
    /// is what stands for a default that is none of the values.
    /// - Throws: the first word that is wrong, in words for the administrator.
    package init(assignments words: [Substring]) throws(ValueError) {
        for word in words {
            guard let sign = word.firstIndex(of: "=") else {
                throw ValueError("'\(shown(String(word)))' is not a key of a policy, =, and its value")
            }
            let key = try Self.key(word[..<sign])
            guard !keys.contains(key.path) else { throw ValueError("'\(key.path)' stands twice") }
            let text = String(word[word.index(after: sign)...])
            let place = Position(line: 0, column: 0)
            var node = ConfigNode(position: place, content: .scalar(text, plain: true))
            let isList = key.typeName.hasPrefix("list of")
            // To YAML no value is null, which many keys have; here it was forgotten, and would undo what the policy says.
            guard isList || !text.isEmpty else {
                throw ValueError("no value for '\(key.path)'; expected \(key.typeName)")
            }
            if isList {
                let items = text.split(separator: ",").map {
                    ConfigNode(position: place, content: .scalar(String($0), plain: true))
                }
                node = ConfigNode(position: place, content: .list(items, flow: false))
            }
            var faults: [Fault] = []
            guard key.assign(node, &self, &faults) else { throw ValueError(faults.first?.message ?? "wrong value") }
        }
    }

    /// Looks at such words before what a pattern will put into them is known: those without a mark are judged as a whole, of
    /// others the key, unless the mark stands within it.
    /// - Parameter mark: stands for what is not known.
    /// - Returns: the words that are known, and all keys that are.
    package static func check(
        assignments words: [Substring], mark: UInt8
    ) throws(ValueError) -> (overlay: PolicyOverlay, keys: Set<String>) {
        let overlay = try PolicyOverlay(assignments: words.filter { !$0.utf8.contains(mark) })
        var keys = overlay.keys
        for word in words where word.utf8.contains(mark) {
            guard let sign = word.firstIndex(of: "="), !word[..<sign].utf8.contains(mark) else { continue }
            let path = try key(word[..<sign]).path
            guard keys.insert(path).inserted else { throw ValueError("'\(path)' stands twice") }
        }
        return (overlay, keys)
    }

    private static func key(_ path: Substring) throws(ValueError) -> SchemaKey<PolicyOverlay> {
        let path = String(path)
        guard let key = overlaySchema[path] else {
            if let first = overlaySchema.names(in: path).first {
                throw ValueError("'\(path)' is a group of keys, such as \(path).\(first)")
            }
            throw ValueError("unknown key '\(shown(path))'\(overlaySchema.advice(for: path, in: ""))")
        }
        return key
    }

    /// Lays the keys that are set over a policy.
    package func apply(to policy: inout Settings.PolicySettings) {
        for path in keys { policySchema[path]?.copy(values, &policy) }
    }

    /// The schema key of a policy as one of an overlay.
    fileprivate static func key(_ key: SchemaKey<Settings.PolicySettings>) -> SchemaKey<PolicyOverlay> {
        SchemaKey(
            path: key.path, typeName: key.typeName, doc: key.doc,
            assign: { node, overlay, faults in
                guard key.assign(node, &overlay.values, &faults) else { return false }
                overlay.keys.insert(key.path)
                return true
            },
            show: { overlay in overlay.keys.contains(key.path) ? key.show(overlay.values) : "not set" },
            copy: { _, _ in })
    }
}

/// What belongs to a listener's policy alone: connections to next hops are made for it, and scanners know of which names the
/// search must not end.
let notInOverlays = ["next_hops", "next_hop_tls", "virus_destinies"]

/// The keys of an overlay.
let overlaySchema = Schema<PolicyOverlay>(
    keys: policySchema.keys.filter { !notInOverlays.contains($0.path) }.map(PolicyOverlay.key),
    sections: policySchema.sections,
    elsewhere: Dictionary(
        uniqueKeysWithValues: notInOverlays.map { ($0, "it holds for a whole policy: policies.NAME.\($0)") }))
