internal import Configuration

/// Where a setting stands.
enum SettingPlace: Hashable, Comparable, CustomStringConvertible {
    /// A key of the configuration, such as `policies.default.disclaimer`.
    case key(String)
    /// A line of a table's file, from 1; 0 for the table as a whole.
    case table(String, line: Int)

    /// The key, or `file:line`.
    var description: String {
        switch self {
        case .key(let key): key
        case .table(let file, let line): line == 0 ? file : "\(file):\(line)"
        }
    }
}

/// What is wrong with a setting for which tables, texts or files have to be looked at.
struct SettingFault: Error, Hashable, Comparable, CustomStringConvertible {
    let place: SettingPlace
    /// For people; what comes from a file is escaped.
    let text: String

    var description: String { "\(place): \(text)" }

    /// The fault as `check-config` prints it: by the place in the configuration, or in the table.
    func problem(_ severity: Problem.Severity = .error, in loaded: LoadedConfiguration) -> Problem {
        switch place {
        case .table(let file, let line):
            let position = line == 0 ? nil : Position(line: line, column: 1)
            return Problem(file: file, position: position, severity: severity, message: text)
        case .key(let key):
            let position = loaded.origins[key]
            // Without its place the message has to name the key.
            let message = position == nil ? description : text
            return Problem(file: loaded.file, position: position, severity: severity, message: message)
        }
    }

    static func < (left: SettingFault, right: SettingFault) -> Bool {
        (left.place, left.text) < (right.place, right.text)
    }
}

/// All that is wrong with settings; never empty.
struct SettingFaults: Error, CustomStringConvertible {
    /// Each once, in the order of their places.
    let faults: [SettingFault]

    /// - Throws: where there are any.
    static func refuse(_ faults: [SettingFault]) throws(SettingFaults) {
        if !faults.isEmpty { throw SettingFaults(faults: Set(faults).sorted()) }
    }

    /// Faults that one line of the log names; `check-config` has all.
    private static let shown = 20

    var description: String {
        let more = faults.count > Self.shown ? "; and \(faults.count - Self.shown) more" : ""
        return faults.prefix(Self.shown).map(\.description).joined(separator: "; ") + more
    }
}
