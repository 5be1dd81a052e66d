/// One layer of settings in the answer of `config explain --recipient`.
package struct ExplainedLayer: Sendable {
    /// What people call it: `bank MYNETS`, `texthash:/etc/mailreeve/recipients, line 3`.
    package var label: String
    /// Its path in the configuration, `banks[0]`; nil for a line of a table.
    package var path: String?
    package var overlay: PolicyOverlay

    package init(label: String, path: String?, overlay: PolicyOverlay) {
        self.label = label
        self.path = path
        self.overlay = overlay
    }
}

extension LoadedConfiguration {
    /// Every key of a policy after all layers have been laid over it, and where its value comes from: one line for each key.
    /// - Parameters:
    ///   - layers: the weightiest last.
    ///   - meanings: what `null` stands for where the mail comes in, by key.
    package func explainPolicy(
        _ name: String, layers: [ExplainedLayer], meanings: [String: String]
    ) -> [String] {
        var policy = settings.policies[name] ?? Settings.PolicySettings()
        for layer in layers { layer.overlay.apply(to: &policy) }
        return policySchema.keys.map { key in
            let value = key.show(policy)
            return "\(key.path): \(value == "null" ? meanings[key.path] ?? value : value)"
                + "  (\(origin(key.path, name, layers)))"
        }
    }

    private func origin(_ key: String, _ policy: String, _ layers: [ExplainedLayer]) -> String {
        if let layer = layers.last(where: { $0.overlay.keys.contains(key) }) {
            guard let path = layer.path, let position = origins["\(path).\(key)"] else { return layer.label }
            return "\(layer.label), \(file):\(position.line):\(position.column)"
        }
        guard let position = origins["policies.\(policy).\(key)"] else { return "default" }
        return "policy \(policy), \(file):\(position.line):\(position.column)"
    }
}
