internal import Glibc
package import Linux

/// A scanner that is a program: it is run over a directory that holds the whole message and its decoded parts as files, and
/// its exit code and output say what it found (`docs/SCANNERS.md`).
package final class CommandScanner: RemoteScanner {
    /// What is run, and how its end is read.
    package struct Command: Sendable {
        /// Paths; the first that is there is run.
        package var programs: [String]
        /// `{}` stands for the directory; a whole argument `{}/*` for every file in it.
        package var arguments: [String]
        package var reading = OutputReading()

        package init(programs: [String], arguments: [String]) {
            self.programs = programs
            self.arguments = arguments
        }
    }

    private let command: Command
    private let launcher: String
    /// Everything but the directory, which is another one for each message.
    private let sandbox: ProgramSandbox
    /// On a tmpfs; each message gets a directory below it.
    private let workspace: String
    private let lane: ScannerLane

    /// - Parameters:
    ///   - launcher: path of `mailreeve-launcher`.
    ///   - workspace: an existing directory on a tmpfs.
    ///   - threads: programs that run at one time.
    package init(
        _ command: Command, launcher: String, sandbox: ProgramSandbox, workspace: String, threads: Int
    ) {
        self.command = command
        self.launcher = launcher
        self.sandbox = sandbox
        self.workspace = workspace
        lane = ScannerLane(threads: threads)
    }

    package func version(deadline: Int) async throws(ScannerFailure) -> ScannerVersion? {
        try await lane.runBeside { [self] () throws(ScannerFailure) in
            FileTimes.newest(of: sandbox.readable).map {
                ScannerVersion(text: "", signatureTime: $0.tv_sec, fraction: $0.tv_nsec)
            }
        }
    }

    package func scan(_ subject: ScanSubject, deadline: Int) async throws(ScannerFailure) -> ScanAnswer {
        try await lane.run(subject, deadline) { [self] () throws(ScannerFailure) in
            let program = try runnable(command.programs)
            let output: ProgramOutput
            do throws(SystemError) {
                let directory = try ScanDirectory(subject, in: workspace)
                var cell = sandbox
                cell.directory = directory.path
                output = try ProgramOutput(
                    launcher: launcher, cell, [program] + arguments(directory.path, directory.files),
                    limit: OutputReading.limit, deadline: deadline)
            } catch {
                throw ScannerFailure("\(error)")
            }
            return try answer(to: output)
        }
    }

    private func arguments(_ directory: String, _ files: [String]) -> [String] {
        command.arguments.flatMap { argument in
            argument == "{}/*" ? files : [argument.replacing("{}", with: directory)]
        }
    }

    /// What the program found.
    func answer(to output: ProgramOutput) throws(ScannerFailure) -> ScanAnswer {
        guard case .exited(let code) = output.end else {
            return try command.reading.answer(to: output.text, flaw: output.end.description, orElse: "")
        }
        if code == SandboxedProgram.launchFailed { throw OutputReading.failure("cannot be run", quoting: output.text) }
        return try command.reading.answer(to: output.text, code: Int(code), orElse: output.end.description)
    }
}

/// The path of a program: the first that can be run. Looked for each time, since programs come and go with updates.
func runnable(_ programs: [String]) throws(ScannerFailure) -> String {
    guard let program = programs.first(where: { access($0, X_OK) == 0 }) else {
        let closed = programs.filter { access($0, F_OK) == 0 }
        throw ScannerFailure(
            closed.isEmpty
                ? "none of its programs is there: \(programs.joined(separator: ", "))"
                : "the gateway's user may not run \(closed.joined(separator: ", "))")
    }
    return program
}

/// Times of files that a program reads: its signatures.
enum FileTimes {
    /// Names of a directory that are looked at.
    private static let names = 10_000

    /// The last change of these files and directories, and of the files in these; nil when none is there.
    static func newest(of paths: [String]) -> timespec? {
        paths.flatMap { path in
            [path] + ((try? directoryNames(path)) ?? []).prefix(names).map { "\(path)/\($0)" }
        }.compactMap { path in
            var facts = stat()
            return stat(path, &facts) == 0 ? facts.st_mtim : nil
        }.max { ($0.tv_sec, $0.tv_nsec) < ($1.tv_sec, $1.tv_nsec) }
    }
}

/// What a program printed, standard output and standard error together, and how it ended.
struct ProgramOutput {
    /// How a program ended.
    enum End: Hashable, CustomStringConvertible {
        case exited(Int32)
        /// Not of its own: whatever it printed before is not all that it had to say.
        case signal(Int32)
        /// It printed more than is read, and was ended.
        case tooLong(limit: Int)
        /// It still ran at the deadline, and was ended.
        case late

        var description: String {
            switch self {
            case .exited(let code): "ended with exit code \(code)"
            case .signal(let number): "ended by signal \(number)"
            case .tooLong(let limit): "more than \(limit) octets of output"
            case .late: ScannerFailure.late.description
            }
        }
    }

    var text: [UInt8]
    var end: End

    init(text: [UInt8], end: End) {
        self.text = text
        self.end = end
    }

    /// Runs a command in a cell to its end, or to the deadline.
    init(
        launcher: String, _ sandbox: ProgramSandbox, _ command: [String], limit: Int, deadline: Int
    ) throws(SystemError) {
        let (reader, program) = try Self.start(launcher, sandbox, command)
        let cut: End?
        (text, cut) = try Self.read(reader, limit, deadline)
        // A scanner that closes its output and goes on is not done yet.
        if cut == nil, let status = try program.wait(deadline: deadline) {
            end = status < 0 ? .signal(-status) : .exited(status)
        } else {
            program.end()
            end = cut ?? .late
        }
    }

    /// Our end for writing goes with the call: else the end of the output would never come.
    private static func start(
        _ launcher: String, _ sandbox: ProgramSandbox, _ command: [String]
    ) throws(SystemError) -> (Descriptor, SandboxedProgram) {
        let (reader, writer) = try Descriptor.pipe()
        let null = try Descriptor.open("/dev/null", O_RDWR)
        return (
            reader,
            try SandboxedProgram(launcher: launcher, sandbox, command, descriptors: [null, writer, writer])
        )
    }

    private static func read(
        _ reader: Descriptor, _ limit: Int, _ deadline: Int
    ) throws(SystemError) -> (text: [UInt8], cut: End?) {
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            let left = deadline - monotonicNow()
            guard left > 0 else { return (text, .late) }
            var entry = pollfd(fd: reader.raw, events: Int16(POLLIN), revents: 0)
            guard try check("poll", { poll(&entry, 1, Int32(clamping: left / 1_000_000 + 1)) }) > 0 else { continue }
            let count = try check("read") { Glibc.read(reader.raw, &buffer, buffer.count) }
            if count == 0 { return (text, nil) }
            text += buffer[..<count]
            if text.count > limit { return (text, .tooLong(limit: limit)) }
        }
    }
}
