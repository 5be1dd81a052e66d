internal import MailModel

/// A place in a configuration file.
package struct Position: Hashable, Sendable, Comparable {
    /// Line, from 1.
    package var line: Int
    /// Column in Unicode scalars, from 1.
    package var column: Int

    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    package static func < (left: Position, right: Position) -> Bool {
        (left.line, left.column) < (right.line, right.column)
    }
}

/// Something wrong, or doubtful, in the configuration.
package struct Problem: Hashable, Sendable, CustomStringConvertible {
    /// The file as it was named.
    package var file: String
    /// Line from 1; 0 when the problem is not at a place in the file (it cannot be read).
    package var line: Int
    /// Column in Unicode scalars from 1; 0 as above.
    package var column: Int
    package var severity: Severity
    /// For people; what comes from the file is escaped.
    package var message: String

    package init(file: String, position: Position?, severity: Severity = .error, message: String) {
        self.file = file
        self.line = position?.line ?? 0
        self.column = position?.column ?? 0
        self.severity = severity
        self.message = message
    }

    /// Whether the configuration can be used all the same.
    package enum Severity: String, Hashable, Sendable {
        case error
        case warning
    }

    /// `file:line:column: error: message`, the form that editors and compilers share.
    package var description: String {
        let place = line > 0 ? "\(file):\(line):\(column)" : file
        return "\(place): \(severity.rawValue): \(message)"
    }
}

/// Text from the file as a message quotes it: escaped and cut.
func shown(_ text: some StringProtocol) -> String {
    Escaping.text(String(text), limit: 60)
}

/// Why a text is not a value of the wanted type; the message is for people and already escaped.
package struct ValueError: Error, Hashable, Sendable {
    package let message: String
    init(_ message: String) { self.message = message }
}

/// A fault at a place, before it is known in which file.
struct Fault: Hashable, Sendable {
    var position: Position?
    var severity = Problem.Severity.error
    var message: String
}
