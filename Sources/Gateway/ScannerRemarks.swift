package import Configuration
internal import Linux
internal import Patterns

/// Settings of scanners that only those who use them can judge, looked over before they are used: patterns, and what a program is
/// told to read.
package enum ScannerRemarks {
    /// What is wrong or doubtful.
    package struct Remark: Sendable {
        /// The setting.
        package let key: String
        package let text: String
        /// It cannot be used; else it is used, and hardly as it was meant.
        package let isRefusal: Bool
    }

    /// Everything that is wrong or doubtful, in the order of the settings.
    package static func remarks(on settings: Settings) -> [Remark] {
        var out: [Remark] = []
        for (index, entry) in settings.scanners.enumerated() {
            for (key, text) in [
                ("clean_pattern", entry.cleanPattern), ("infected_pattern", entry.infectedPattern),
                ("name_pattern", entry.namePattern), ("end_pattern", entry.endPattern),
                ("unchecked_pattern", entry.uncheckedPattern),
            ] where !text.isEmpty {
                func add(_ words: String, isRefusal: Bool = true) {
                    out.append(
                        Remark(
                            key: "scanners[\(index)].\(key)", text: "scanner \(entry.name): \(key): \(words)",
                            isRefusal: isRefusal))
                }
                do {
                    let pattern = try OutputPattern(text)
                    if key == "name_pattern", pattern.groups == 0 {
                        add("the name is its first group, and it has none: put it in brackets, as in ^.+: (.*) FOUND$")
                    } else if key != "name_pattern", pattern.matchesAnything {
                        add("matches every answer, an empty one too", isRefusal: false)
                    }
                } catch {
                    add("\(error)")
                }
            }
        }
        for (index, entry) in settings.scanners.enumerated() where entry.addresses.isEmpty {
            let readable = ProgramSandbox.system + entry.readable
            for path in entry.arguments.compactMap(path) where !readable.contains(where: { isBelow(path, $0) }) {
                out.append(
                    Remark(
                        key: "scanners[\(index)].arguments",
                        text: "scanner \(entry.name): \(path) is closed to the program, unless readable names it",
                        isRefusal: false))
            }
        }
        for (index, score) in settings.clamav.nameScores.enumerated() {
            func add(_ words: String, isRefusal: Bool) {
                out.append(
                    Remark(key: "clamav.virus_name_to_score[\(index)]", text: words, isRefusal: isRefusal))
            }
            do {
                guard try OutputPattern(score.pattern).matchesAnything, score.tenths != nil else { continue }
                add("'\(score.pattern)' matches every name: no virus is one any more", isRefusal: false)
            } catch {
                add("virus_name_to_score: '\(score.pattern)': \(error)", isRefusal: true)
            }
        }
        return out
    }

    /// The path that an argument names, by itself or behind `=`; nil when it names none, or that of the message.
    private static func path(_ argument: String) -> String? {
        guard !argument.contains("{}"), !argument.contains("://") else { return nil }
        if argument.hasPrefix("/") { return argument }
        guard let sign = argument.firstIndex(of: "=") else { return nil }
        let value = argument[argument.index(after: sign)...]
        return value.hasPrefix("/") ? String(value) : nil
    }

    private static func isBelow(_ path: String, _ directory: String) -> Bool {
        path == directory || path.hasPrefix(directory.hasSuffix("/") ? directory : directory + "/")
    }
}
