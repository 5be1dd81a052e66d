/// Fills `Settings` from the nodes of a file, collecting every fault.
struct SettingsReader {
    var loaded: LoadedConfiguration
    var faults: [Fault]
    /// Full keys whose values were wrong: they hold defaults, about which nothing may be said.
    var faulty: Set<String> = []

    init(loaded: LoadedConfiguration, faults: [Fault]) {
        self.loaded = loaded
        self.faults = faults
    }

    /// Reads the whole file.
    mutating func read(_ root: ConfigNode) {
        guard let entries = sectionEntries(root, called: "the file") else { return }
        let special = read(entries, into: \.self, schema: settingsSchema, at: "")
        for entry in special {
            loaded.origins[entry.name] = entry.value.position
            switch entry.name {
            case "listeners": readListeners(entry.value)
            case "scanners": readScanners(entry.value)
            case "policies": readPolicies(entry.value)
            case "meta_tests": readList(entry, "a meta test", into: \.metaTests, metaTestSchema, needs: "name")
            case "banks": readList(entry, "a bank", into: \.banks, bankSchema, needs: "name")
            default: readList(entry, "an entry", into: \.recipients, recipientSchema, needs: "match")
            }
        }
    }

    private mutating func readListeners(_ node: ConfigNode) {
        // Until it is replaced below, the default listener stands for something that could not be read.
        faulty.insert("listeners[0].address")
        guard case .list(let items, _) = node.content else {
            if case .refused = node.content { return }
            fault(node, "expected a list of listeners, each after '- ', found \(node.isNull ? "no value" : node.kind)")
            return
        }
        guard !items.isEmpty else {
            fault(node, "at least one listener is needed")
            return
        }
        faulty.remove("listeners[0].address")
        loaded.settings.listeners = items.map { _ in Settings.Listener() }
        for (index, item) in items.enumerated() {
            let path = "listeners[\(index)]"
            loaded.origins[path] = item.position
            guard let entries = sectionEntries(item, called: "a listener") else {
                faulty.insert(path + ".address")
                continue
            }
            _ = read(entries, into: \.listeners[index], schema: listenerSchema, at: path)
        }
    }

    private mutating func readScanners(_ node: ConfigNode) {
        if node.isNull { return }
        guard case .list(let items, _) = node.content else {
            if case .refused = node.content { return }
            fault(node, "expected a list of scanners, each after '- ', found \(node.kind)")
            return
        }
        loaded.settings.scanners = items.map { _ in ScannerEntry() }
        for (index, item) in items.enumerated() {
            let path = "scanners[\(index)]"
            loaded.origins[path] = item.position
            guard let entries = sectionEntries(item, called: "a scanner") else {
                for key in ["name", "kind"] { faulty.insert("\(path).\(key)") }
                continue
            }
            _ = read(entries, into: \.scanners[index], schema: scannerSchema, at: path)
        }
    }

    /// Reads a list whose elements have defaults.
    /// - Parameter key: what every element has to say.
    private mutating func readList<Root: Defaulted>(
        _ entry: ConfigNode.Entry, _ kind: String, into field: WritableKeyPath<Settings, [Root]>,
        _ schema: Schema<Root>, needs key: String
    ) {
        guard case .list(let items, _) = entry.value.content else {
            if case .refused = entry.value.content { return }
            let found = entry.value.isNull ? "no value" : entry.value.kind
            fault(entry.value, "expected a list, each element after '- ', found \(found)")
            return
        }
        for (index, item) in items.enumerated() {
            let path = "\(entry.name)[\(index)]"
            loaded.origins[path] = item.position
            loaded.settings[keyPath: field].append(Root())
            guard let entries = sectionEntries(item, called: kind) else { continue }
            _ = read(entries, into: field.appending(path: \.[index]), schema: schema, at: path)
            if loaded.origins["\(path).\(key)"] == nil { fault(item, "\(kind) needs '\(key)'") }
        }
    }

    private mutating func readPolicies(_ node: ConfigNode) {
        guard let entries = sectionEntries(node, called: "policies") else { return }
        for entry in entries {
            guard isPolicyName(entry.name) else {
                faults.append(
                    Fault(position: entry.namePosition, message: "'\(shown(entry.name))' is not \(policyNameForm)"))
                continue
            }
            let path = "policies.\(entry.name)"
            loaded.origins[path] = entry.namePosition
            loaded.settings.policies[entry.name] = Settings.PolicySettings()
            guard let keys = sectionEntries(entry.value, called: "a policy") else { continue }
            _ = read(keys, into: \.[policy: entry.name], schema: policySchema, at: path)
        }
    }

    /// Reads the keys of one mapping and of the sections in it; returns the entries that `schema.special` names.
    private mutating func read<Root>(
        _ entries: [ConfigNode.Entry], into target: WritableKeyPath<Settings, Root>, schema: Schema<Root>,
        at path: String
    ) -> [ConfigNode.Entry] {
        var special: [ConfigNode.Entry] = []
        var sections: [(name: String, entries: [ConfigNode.Entry])] = [("", entries)]
        while let section = sections.popLast() {
            for entry in section.entries {
                let name = section.name.isEmpty ? entry.name : section.name + "." + entry.name
                let full = path.isEmpty ? name : path + "." + name
                if let key = schema[name] {
                    note(entry.value, at: full)
                    if !key.assign(entry.value, &loaded.settings[keyPath: target], &faults) { faulty.insert(full) }
                } else if schema.isSection(name) {
                    loaded.origins[full] = entry.namePosition
                    if let inner = sectionEntries(entry.value, called: "'\(name)'") { sections.append((name, inner)) }
                } else if section.name.isEmpty && schema.special.contains(name) {
                    special.append(entry)
                } else {
                    let advice = schema.advice(for: entry.name, in: section.name)
                    faults.append(
                        Fault(position: entry.namePosition, message: "unknown key '\(shown(entry.name))'\(advice)"))
                }
            }
        }
        return special
    }

    /// The entries of a mapping; none for a section whose keys are all commented out; nil, and reported, for anything else.
    private mutating func sectionEntries(_ node: ConfigNode, called name: String) -> [ConfigNode.Entry]? {
        switch node.content {
        case .mapping(let entries, _):
            return entries
        case .refused:
            return nil
        case .scalar where node.isNull:
            return []
        case .scalar, .list:
            fault(node, "expected keys and values in \(name), found \(node.kind)")
            return nil
        }
    }

    /// Remembers where a value and, for lists, each element stands.
    private mutating func note(_ node: ConfigNode, at path: String) {
        loaded.origins[path] = node.position
        guard case .list(let items, _) = node.content else { return }
        for (index, item) in items.enumerated() { loaded.origins["\(path)[\(index)]"] = item.position }
    }

    private mutating func fault(_ node: ConfigNode, _ message: String) {
        faults.append(Fault(position: node.position, message: message))
    }
}

extension Settings {
    /// The policy of this name, or one of defaults.
    fileprivate subscript(policy name: String) -> PolicySettings {
        get { policies[name] ?? PolicySettings() }
        set { policies[name] = newValue }
    }
}
