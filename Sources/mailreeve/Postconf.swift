import Foundation
import Gateway

/// Postfix's own tool for its configuration, postconf(1): reads what is set and sets what is not as wanted.
struct Postconf {
    private let program: String
    private let directory: [String]

    /// - Parameters:
    ///   - program: nil looks it up in `PATH`, then in `/usr/sbin`.
    ///   - directory: nil is the directory that Postfix was built with.
    init(program: String?, directory: String?) throws {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let places = path.split(separator: ":").map { "\($0)/postconf" } + ["/usr/sbin/postconf"]
        guard let found = program ?? places.first(where: FileManager.default.isExecutableFile) else {
            throw GatewayError("there is no postconf in PATH; is Postfix installed? --postconf names the program")
        }
        self.program = found
        self.directory = directory.map { ["-c", $0] } ?? []
    }

    /// Makes what the plan wants and is not so yet.
    /// - Returns: one line for each change.
    func apply(_ plan: PostfixPlan) throws -> [String] {
        var changes: [String] = []
        // Services first: main.cf must never name a transport that master.cf has not.
        for service in plan.services { changes += try apply(service) }
        for parameter in plan.main {
            let before = try run(["-h", parameter.name])
            if before == parameter.value { continue }
            _ = try run(["-e", "\(parameter.name)=\(parameter.value)"])
            changes.append("main.cf: \(parameter.name) = \(parameter.value)   (was: \(Self.shown(before)))")
        }
        return changes
    }

    private func apply(_ service: PostfixPlan.Service) throws -> [String] {
        var changes: [String] = []
        // The entry comes first on a line of its own; its options follow on lines that begin with a blank.
        let entry = try run(["-M", service.key]).split(separator: "\n").first.map(String.init) ?? ""
        let before = entry.split(whereSeparator: \.isWhitespace).prefix(8).map(String.init)
        if let columns = service.columns {
            if before != columns {
                _ = try run(["-M", "\(service.key)=\(columns.joined(separator: " "))"])
                let was = before.isEmpty ? "not there" : before.joined(separator: " ")
                changes.append("master.cf: \(columns.joined(separator: " "))   (was: \(was))")
            }
        } else if before.isEmpty {
            throw GatewayError("master.cf has no entry \(service.key)")
        }
        for option in service.options {
            let key = "\(service.key)/\(option.name)"
            let line = try run(["-P", key])
            let before = line.hasPrefix("\(key) =") ? Self.trimmed(String(line.dropFirst(key.count + 2))) : nil
            if before == option.value { continue }
            _ = try run(["-P", "\(key)=\(option.value)"])
            let was = before.map(Self.shown) ?? "not set"
            changes.append("master.cf: \(service.key): -o \(option.name)=\(option.value)   (was: \(was))")
        }
        return changes
    }

    /// Runs postconf; what it writes, without blanks at the ends. A parameter or service that is not there is a warning
    /// and no output, not a failure.
    private func run(_ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = directory + arguments
        let (output, errors) = (Pipe(), Pipe())
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        // Its complaints are a few lines: they fit into the pipe while the output is read.
        let text = Self.text(output)
        let complaints = Self.text(errors)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw GatewayError("\(program) \(process.arguments?.joined(separator: " ") ?? "") failed: \(complaints)")
        }
        return text
    }

    private static func text(_ pipe: Pipe) -> String {
        trimmed(String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self))
    }

    private static func trimmed(_ text: String) -> String {
        text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private static func shown(_ value: String) -> String { value.isEmpty ? "empty" : value }
}
