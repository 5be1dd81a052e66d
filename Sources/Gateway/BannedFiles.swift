package import Checks
package import Configuration

/// The files of rules on names and types of files, and the allow list, as the settings name them.
package enum BannedFiles {
    /// The texts of the rules, in the order in which they are read; rules in the settings that stand together are one text.
    /// - Throws: a file that cannot be read.
    package static func sources(_ sources: [BannedSource]) throws -> [BannedRules.Source] {
        var out: [BannedRules.Source] = []
        var isInline = false
        for source in sources {
            switch source {
            case .shipped: out.append(BannedRules.shipped)
            case .file(let path):
                let text = try readTable(path, called: "banned.rules", limit: BannedRules.Limits.bytes)
                out.append(BannedRules.Source(name: path, text: text))
            case .inline(let line):
                if !isInline { out.append(BannedRules.Source(name: "banned.rules", text: [])) }
                out[out.count - 1].text += Array(line.utf8) + [0x0A]
            }
            if case .inline = source { isInline = true } else { isInline = false }
        }
        return out
    }

    /// The allow list, with what is wrong in it; empty without a file.
    /// - Throws: a file that cannot be read.
    package static func allowList(_ path: String) throws -> BannedAllowList {
        guard !path.isEmpty else { return BannedAllowList() }
        let text = try readTable(path, called: "banned.allow_list", limit: BannedRules.Limits.bytes)
        return BannedAllowList(BannedRules.Source(name: path, text: text))
    }
}
