/// A configuration of the gateway for tests: defaults that suit them, and what a test adds.
package struct GatewayConfiguration: Sendable {
    /// One listener on 127.0.0.1.
    package struct Listener: Sendable {
        package var port: Int
        package var beforeQueue = false
        package var policy = "default"
        /// Another address than 127.0.0.1 and the port: a Unix socket.
        package var address: String?
        /// Further keys.
        package var keys: [String: String] = [:]

        package init(port: Int, beforeQueue: Bool = false, policy: String = "default") {
            self.port = port
            self.beforeQueue = beforeQueue
            self.policy = policy
        }
    }

    package var listeners: [Listener]
    /// Further keys with a dot between section and name, as in `limits.message_size`.
    package var settings: [String: String] = [:]
    /// Keys of policies: `next_hops` must be there for each.
    package var policies: [String: [String: String]] = [:]
    /// Keys of scanners outside the inspector.
    package var scanners: [[String: String]] = []

    /// One listener whose mail goes to `nextHops`.
    package init(nextHops: [String], beforeQueue: Bool = false) throws {
        listeners = [Listener(port: try Ports.free(), beforeQueue: beforeQueue)]
        policies["default"] = ["next_hops": Self.list(nextHops)]
    }

    /// Next hops as a YAML list.
    package static func list(_ hops: [String]) -> String {
        "[ " + hops.map { "\"\($0)\"" }.joined(separator: ", ") + " ]"
    }

    /// The file, with `settings` over `defaults`.
    func yaml(_ defaults: [String: String]) -> String {
        var lines = Self.mapping(defaults.merging(settings) { $1 }, indent: "")
        lines.append("listeners:")
        for listener in listeners {
            lines.append("  - address: \(listener.address ?? "127.0.0.1:\(listener.port)")")
            lines.append("    placement: \(listener.beforeQueue ? "before" : "after")-queue")
            lines.append("    policy: \(listener.policy)")
            lines += Self.mapping(listener.keys, indent: "    ")
        }
        if !scanners.isEmpty { lines.append("scanners:") }
        for scanner in scanners {
            lines.append("  -")
            lines += Self.mapping(scanner, indent: "    ")
        }
        lines.append("policies:")
        for (name, keys) in policies.sorted(by: { $0.key < $1.key }) {
            lines.append("  \(name):")
            lines += Self.mapping(keys, indent: "    ")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func mapping(_ keys: [String: String], indent: String) -> [String] {
        var plain: [String] = []
        var sections: [String: [String]] = [:]
        for (key, value) in keys.sorted(by: { $0.key < $1.key }) {
            if let dot = key.firstIndex(of: ".") {
                sections[String(key[..<dot]), default: []].append("\(key[key.index(after: dot)...]): \(value)")
            } else {
                plain.append("\(indent)\(key): \(value)")
            }
        }
        for (name, lines) in sections.sorted(by: { $0.key < $1.key }) {
            plain.append("\(indent)\(name):")
            plain += lines.map { "\(indent)  \($0)" }
        }
        return plain
    }
}
