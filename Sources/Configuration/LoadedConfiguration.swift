/// What was read from a configuration file.
package struct LoadedConfiguration: Sendable {
    /// The file as it was named.
    package var file: String
    /// The settings; where the file is wrong, the defaults.
    package var settings = Settings()
    /// Everything wrong or doubtful, in the order of the file.
    package var problems: [Problem] = []
    /// Places of values by their full key: `limits.message_size`, `listeners[0].address`, `policies.default.next_hops[1]`.
    package var origins: [String: Position] = [:]

    /// Nothing read yet: the defaults.
    package init(file: String) {
        self.file = file
    }

    /// True when the settings must not be used.
    package var hasErrors: Bool { problems.contains { $0.severity == .error } }

    /// Adds a problem at the place of the first of `keys` that stands in the file.
    mutating func report(_ severity: Problem.Severity = .error, at keys: String..., message: String) {
        let position = keys.first { origins[$0] != nil }.flatMap { origins[$0] }
        problems.append(Problem(file: file, position: position, severity: severity, message: message))
    }
}
