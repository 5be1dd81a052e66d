package import Configuration
internal import Patterns

/// The patterns by which words and names of scanners are read, looked over before they are used.
package enum ScannerPatterns {
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
        for (index, score) in settings.clamav.nameScores.enumerated() {
            func add(_ words: String, isRefusal: Bool) {
                out.append(
                    Remark(key: "clamav.virus_name_to_score[\(index)]", text: words, isRefusal: isRefusal))
            }
            do {
                guard try OutputPattern(score.pattern).matchesAnything else { continue }
                add("'\(score.pattern)' matches every name: no virus is one any more", isRefusal: false)
            } catch {
                add("virus_name_to_score: '\(score.pattern)': \(error)", isRefusal: true)
            }
        }
        return out
    }
}
