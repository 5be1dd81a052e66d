internal import Glibc
package import Linux
internal import MailModel
package import Patterns
internal import Synchronization

/// A scanner that is a program: it is run over a directory that holds the whole message and its decoded parts as files, and
/// its exit code and output say what it found (`docs/SCANNERS.md`).
package final class CommandScanner: RemoteScanner {
    /// What is run, and how its end is read.
    package struct Command: Sendable {
        /// Paths; the first that is there is run.
        package var programs: [String]
        /// `{}` stands for the directory; a whole argument `{}/*` for every file in it.
        package var arguments: [String]
        package var cleanCodes: [Int]
        package var infectedCodes: [Int]
        package var cleanPattern: OutputPattern?
        package var infectedPattern: OutputPattern?
        /// Its first group is the name of a virus; every match counts.
        package var namePattern: OutputPattern?

        package init(programs: [String], arguments: [String]) {
            self.programs = programs
            self.arguments = arguments
            cleanCodes = [0]
            infectedCodes = [1]
        }
    }

    private let command: Command
    private let launcher: String
    /// Everything but the directory, which is another one for each message.
    private let sandbox: ProgramSandbox
    /// On a tmpfs; each message gets a directory below it.
    private let workspace: String
    private let lane: ScannerLane
    private let lastNumber = Atomic<Int>(0)

    /// Octets of output that are read; a program that says more has failed.
    private static let outputLimit = 1_048_576
    /// Octets of a file that are copied at one time.
    private static let chunk = 262_144
    /// Octets of output that a failure quotes.
    private static let quoted = 300

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

    package func version(deadline: Int) async throws(ScannerFailure) -> ScannerVersion? { nil }

    package func scan(_ subject: ScanSubject, deadline: Int) async throws(ScannerFailure) -> ScanAnswer {
        try await lane.run { [self] () throws(ScannerFailure) in
            guard let program = command.programs.first(where: { access($0, X_OK) == 0 }) else {
                throw ScannerFailure("none of its programs is there: \(command.programs.joined(separator: ", "))")
            }
            let output: ProgramOutput
            do throws(SystemError) {
                let directory = try makeDirectory()
                defer {
                    removeContents(of: directory)
                    rmdir(directory)
                }
                let files = try lay(subject, in: directory)
                var cell = sandbox
                cell.directory = directory
                output = try ProgramOutput(
                    launcher: launcher, cell, [program] + arguments(directory, files), limit: Self.outputLimit,
                    deadline: deadline)
            } catch {
                throw error.code == ETIMEDOUT ? .late : ScannerFailure("\(error)")
            }
            return try answer(to: output)
        }
    }

    private func makeDirectory() throws(SystemError) -> String {
        let number = lastNumber.wrappingAdd(1, ordering: .relaxed).newValue
        let directory = "\(workspace)/scan-\(UInt64.random(in: 0...UInt64.max))-\(number)"
        try check("mkdir \(directory)") { mkdir(directory, 0o700) }
        return directory
    }

    /// Puts the message and its parts into the directory, under names of ours.
    private func lay(_ subject: ScanSubject, in directory: String) throws(SystemError) -> [String] {
        var files = ["\(directory)/message"]
        try Self.copy(subject.message, 0..<subject.size, to: files[0])
        guard let parts = subject.parts else { return files }
        for (index, entry) in parts.entries.enumerated() {
            let path = "\(directory)/p\(index + 1)"
            try Self.copy(parts.file, entry.range, to: path)
            files.append(path)
        }
        return files
    }

    private static func copy(_ source: Descriptor, _ range: Range<Int>, to path: String) throws(SystemError) {
        let target = try Descriptor.open(path, O_WRONLY | O_CREAT | O_EXCL)
        var offset = range.lowerBound
        while offset < range.upperBound {
            let piece = try source.read(at: offset, count: min(chunk, range.upperBound - offset))
            guard !piece.isEmpty else { throw SystemError("read of a message", code: EIO) }
            try target.write(piece)
            offset += piece.count
        }
    }

    private func arguments(_ directory: String, _ files: [String]) -> [String] {
        command.arguments.flatMap { argument in
            argument == "{}/*" ? files : [argument.replacing("{}", with: directory)]
        }
    }

    /// What the program found: a sign of infection counts before a sign of cleanness, and without either it has failed.
    func answer(to output: ProgramOutput) throws(ScannerFailure) -> ScanAnswer {
        func matches(_ pattern: OutputPattern?) -> Bool { pattern?.firstMatch(in: output.text) != nil }
        func fails(_ what: String) -> ScannerFailure {
            let shown = String(decoding: output.text.prefix(Self.quoted), as: UTF8.self)
            return ScannerFailure(shown.isEmpty ? what : "\(what): \(shown)")
        }
        guard !output.isCut else { throw fails("more than \(Self.outputLimit) octets of output") }
        if output.status == SandboxedProgram.launchFailed { throw fails("cannot be run") }
        var answer = ScanAnswer()
        if command.infectedCodes.contains(Int(output.status)) || matches(command.infectedPattern) {
            for name in names(in: output.text) { answer.addVirus(name) }
            if answer.findings.isEmpty { answer.addVirus("unnamed") }
            return answer
        }
        if command.cleanCodes.contains(Int(output.status)) || matches(command.cleanPattern) { return answer }
        throw fails(output.status < 0 ? "ended by signal \(-output.status)" : "ended with exit code \(output.status)")
    }

    private func names(in text: [UInt8]) -> [String] {
        guard let pattern = command.namePattern else { return [] }
        var names: [String] = []
        var start = 0
        while names.count < ScanAnswer.entries, let match = pattern.firstMatch(in: text, from: start) {
            let name = String(decoding: text[match.group ?? match.whole], as: UTF8.self)
            if !name.isEmpty { names.append(name) }
            start = max(match.whole.upperBound, start + 1)
        }
        return names
    }
}

/// What a program printed, standard output and standard error together, and how it ended.
struct ProgramOutput {
    var text: [UInt8]
    /// It printed more than was read, and was ended.
    var isCut: Bool
    /// Exit code, or minus the number of a signal.
    var status: Int32

    init(text: [UInt8], isCut: Bool = false, status: Int32) {
        self.text = text
        self.isCut = isCut
        self.status = status
    }

    /// Runs a command in a cell to its end.
    /// - Throws: `ETIMEDOUT` at the deadline; the program has been ended then.
    init(
        launcher: String, _ sandbox: ProgramSandbox, _ command: [String], limit: Int, deadline: Int
    ) throws(SystemError) {
        let (reader, program) = try Self.start(launcher, sandbox, command)
        (text, isCut) = try Self.read(reader, limit, deadline)
        if isCut { program.end() }
        // A scanner that closes its output and goes on is not done yet.
        guard let status = try program.wait(deadline: deadline) else { throw SystemError("wait", code: ETIMEDOUT) }
        self.status = status
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
    ) throws(SystemError) -> (text: [UInt8], isCut: Bool) {
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            let left = deadline - monotonicNow()
            guard left > 0 else { throw SystemError("wait", code: ETIMEDOUT) }
            var entry = pollfd(fd: reader.raw, events: Int16(POLLIN), revents: 0)
            guard try check("poll", { poll(&entry, 1, Int32(clamping: left / 1_000_000 + 1)) }) > 0 else { continue }
            let count = try check("read") { Glibc.read(reader.raw, &buffer, buffer.count) }
            if count == 0 { return (text, false) }
            text += buffer[..<count]
            if text.count > limit { return (text, true) }
        }
    }
}
