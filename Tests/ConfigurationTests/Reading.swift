import Configuration

/// Reads text under the name `f`.
func read(_ yaml: String) -> LoadedConfiguration {
    ConfigurationFile.parse(yaml, file: "f")
}

/// The problems of a text, as `check-config` prints them.
func problems(_ yaml: String) -> [String] {
    read(yaml).problems.map { $0.description }
}

/// Path of the package's root.
let packageRoot = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
