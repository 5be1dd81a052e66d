extension ConfigurationFile {
    /// The whole configuration with every default and what each key means, as `mailreeve config defaults` prints it. It is
    /// valid YAML that reads back to `Settings()`.
    package static func defaultsYAML() -> String {
        let settings = Settings()
        var out = yaml(settingsSchema, settings, indent: 0)
        out += "\n" + comment("\(metaTestsDoc) The keys of one:", indent: 0)
        for line in yaml(metaTestSchema, Settings.MetaTestEntry(), indent: 2).split(separator: "\n") {
            out += "#\(line)\n"
        }
        out += "meta_tests: []\n"
        out += "\n" + comment("\(scannersDoc) The keys of one:", indent: 0)
        for line in yaml(scannerSchema, ScannerEntry(), indent: 2).split(separator: "\n") { out += "#\(line)\n" }
        out += "scanners: []\n"
        out += "\n" + comment(listenersDoc, indent: 0) + "listeners:\n"
        for listener in settings.listeners { out += "  -\n" + yaml(listenerSchema, listener, indent: 4) }
        out += "\n" + comment(policiesDoc, indent: 0) + "policies:\n"
        for (name, policy) in settings.policies.sorted(by: { $0.key < $1.key }) {
            out += "  \(name):\n" + yaml(policySchema, policy, indent: 4)
        }
        out += "\n" + comment(banksDoc, indent: 0) + "banks: []\n"
        out += "\n" + comment(recipientsDoc, indent: 0) + "recipients: []\n"
        return out
    }

    /// The keys of one mapping and its sections.
    private static func yaml<Root>(_ schema: Schema<Root>, _ root: Root, indent: Int) -> String {
        var out = ""
        var current = ""
        for key in schema.keys {
            let section = sectionName(of: key.path)
            if section != current {
                current = section
                if indent == 0 { out += "\n" }
                out += comment(schema.sections.first { $0.path == section }?.doc ?? "", indent: indent)
                out += spaces(indent) + "\(section):\n"
            }
            let inner = indent + (section.isEmpty ? 0 : 2)
            out += comment("\(key.doc) (\(key.typeName))", indent: inner)
            out += spaces(inner) + "\(leafName(of: key.path)): \(key.show(root))\n"
        }
        return out
    }

    /// `text` as comment lines of at most 100 columns.
    private static func comment(_ text: String, indent: Int) -> String {
        var out = ""
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty && indent + 3 + line.count + word.count > 100 {
                out += spaces(indent) + "#\(line)\n"
                line = ""
            }
            line += " " + word
        }
        return line.isEmpty ? out : out + spaces(indent) + "#\(line)\n"
    }

    private static func spaces(_ count: Int) -> String {
        String(repeating: " ", count: count)
    }
}

/// What stands before the last dot of a path; empty when there is none.
func sectionName(of path: String) -> String {
    path.lastIndex(of: ".").map { String(path[..<$0]) } ?? ""
}

/// What stands after the last dot of a path.
func leafName(of path: String) -> String {
    path.lastIndex(of: ".").map { String(path[path.index(after: $0)...]) } ?? path
}
