/// The answer of `mailreeve config explain KEY`.
package enum Explanation: Hashable, Sendable {
    /// Value, default, origin, type and meaning; several lines without a final line end.
    case known(String)
    /// There is no such key; the message names a similar one.
    case unknown(String)
}

extension LoadedConfiguration {
    /// Explains a key: `limits.message_size`, `listeners[0].address`, `policies.default.infected`. `listeners[].address` and
    /// `policies.NAME.infected` show every listener's or policy's value; the name of a section lists its keys.
    package func explain(key: String) -> Explanation {
        if let found = settingsSchema[key] { return .known(explanation(found, [(key, settings)], default: Settings())) }
        if let (index, rest) = elementKey(key, of: "scanners"), let found = scannerSchema[rest] {
            let chosen = settings.scanners.indices.filter { index == nil || index == $0 }
            guard !chosen.isEmpty else { return .unknown("there is no such scanner in the settings") }
            let values = chosen.map { ("scanners[\($0)].\(rest)", settings.scanners[$0]) }
            return .known(explanation(found, values, default: ScannerEntry()))
        }
        if let (index, rest) = elementKey(key, of: "listeners"), let found = listenerSchema[rest] {
            let chosen = settings.listeners.indices.filter { index == nil || index == $0 }
            guard !chosen.isEmpty else {
                return .unknown("there is no such listener; the last is listeners[\(settings.listeners.count - 1)]")
            }
            let values = chosen.map { ("listeners[\($0)].\(rest)", settings.listeners[$0]) }
            return .known(explanation(found, values, default: Settings.Listener()))
        }
        if let (name, rest) = policyKey(key), let found = policySchema[rest] {
            let chosen = settings.policies.filter { name == "NAME" || name == $0.key }.sorted { $0.key < $1.key }
            guard !chosen.isEmpty else {
                return .unknown(
                    "there is no policy '\(shown(name))'" + suggestion(for: name, among: Array(settings.policies.keys)))
            }
            let values = chosen.map { ("policies.\($0.key).\(rest)", $0.value) }
            return .known(explanation(found, values, default: Settings.PolicySettings()))
        }
        if let section = sectionListing(key) { return .known(section) }
        return .unknown("unknown key '\(shown(key))'\(suggestion(for: key, among: LoadedConfiguration.allKeys))")
    }

    /// Every key as the reference writes it: `listeners[].address`, `policies.NAME.infected`.
    static let allKeys: [String] =
        settingsSchema.keys.map { $0.path } + scannerSchema.keys.map { "scanners[].\($0.path)" }
        + listenerSchema.keys.map { "listeners[].\($0.path)" }
        + policySchema.keys.map { "policies.NAME.\($0.path)" }

    private func explanation<Root>(_ key: SchemaKey<Root>, _ values: [(key: String, root: Root)], default root: Root)
        -> String
    {
        var lines: [String] = []
        for value in values {
            let origin = origins[value.key].map { "\(file):\($0.line):\($0.column)" } ?? "default"
            lines.append("\(value.key): \(key.show(value.root))  (\(origin))")
        }
        lines.append("  default: \(key.show(root))")
        lines.append("  type: \(key.typeName)")
        lines.append("  \(key.doc)")
        return lines.joined(separator: "\n")
    }

    /// Index and rest of `listeners[0].rest`; nil index for `listeners[].rest`.
    private func elementKey(_ key: String, of list: String) -> (Int?, String)? {
        guard key.hasPrefix(list + "["), let close = key.firstIndex(of: "]") else { return nil }
        let inside = key[..<close].dropFirst(list.count + 1)
        let after = key[close...].dropFirst()
        guard after.first == "." else { return nil }
        let rest = String(after.dropFirst())
        if inside.isEmpty { return (nil, rest) }
        return decimal(inside).map { ($0, rest) }
    }

    private func policyKey(_ key: String) -> (String, String)? {
        let pieces = key.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
        guard pieces.count == 3, pieces[0] == "policies" else { return nil }
        return (String(pieces[1]), String(pieces[2]))
    }

    private func sectionListing(_ key: String) -> String? {
        let doc: String
        let prefix: String
        switch key {
        case "listeners": (doc, prefix) = (listenersDoc, "listeners[].")
        case "scanners": (doc, prefix) = (scannersDoc, "scanners[].")
        case "policies": (doc, prefix) = (policiesDoc, "policies.NAME.")
        default:
            if let (_, rest) = policyKey(key), let section = policySchema.sections.first(where: { $0.path == rest }) {
                (doc, prefix) = (section.doc, "policies.NAME.\(rest).")
                break
            }
            guard let section = settingsSchema.sections.first(where: { $0.path == key }) else { return nil }
            (doc, prefix) = (section.doc, key + ".")
        }
        let keys = LoadedConfiguration.allKeys.filter { $0.hasPrefix(prefix) }
        return "\(key): a section\n  \(doc)\n  keys: \(keys.joined(separator: ", "))"
    }
}
