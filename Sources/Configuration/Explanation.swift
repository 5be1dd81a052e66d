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
        if let found = listValues("meta_tests", key, metaTestSchema, settings.metaTests) { return found }
        if let found = listValues("scanners", key, scannerSchema, settings.scanners) { return found }
        if let found = listValues("listeners", key, listenerSchema, settings.listeners) { return found }
        if let found = listValues("banks", key, bankSchema, settings.banks) { return found }
        if let found = listValues("recipients", key, recipientSchema, settings.recipients) { return found }
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
        settingsSchema.keys.map { $0.path } + metaTestSchema.keys.map { "meta_tests[].\($0.path)" }
        + scannerSchema.keys.map { "scanners[].\($0.path)" }
        + listenerSchema.keys.map { "listeners[].\($0.path)" }
        + policySchema.keys.map { "policies.NAME.\($0.path)" }
        + bankSchema.keys.map { "banks[].\($0.path)" } + recipientSchema.keys.map { "recipients[].\($0.path)" }

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

    /// The values of `NAME[0].rest` or `NAME[].rest`; nil when the key is not of this form.
    private func listValues<Root: Defaulted>(
        _ name: String, _ key: String, _ schema: Schema<Root>, _ elements: [Root]
    ) -> Explanation? {
        guard let (index, rest) = elementKey(name, key), let found = schema[rest] else { return nil }
        let chosen = elements.indices.filter { index == nil || index == $0 }
        guard !chosen.isEmpty else {
            if elements.isEmpty { return .unknown("there is no element in \(name)") }
            return .unknown("there is no such element; the last is \(name)[\(elements.count - 1)]")
        }
        return .known(explanation(found, chosen.map { ("\(name)[\($0)].\(rest)", elements[$0]) }, default: Root()))
    }

    /// Index and rest of `NAME[0].rest`; nil index for `NAME[].rest`.
    private func elementKey(_ name: String, _ key: String) -> (Int?, String)? {
        guard key.hasPrefix(name + "["), let close = key.firstIndex(of: "]") else { return nil }
        let inside = key[..<close].dropFirst(name.count + 1)
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
        case "meta_tests": (doc, prefix) = (metaTestsDoc, "meta_tests[].")
        case "scanners": (doc, prefix) = (scannersDoc, "scanners[].")
        case "banks": (doc, prefix) = (banksDoc, "banks[].")
        case "recipients": (doc, prefix) = (recipientsDoc, "recipients[].")
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
