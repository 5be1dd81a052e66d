import ArgumentParser
import Configuration
import Glibc

/// `--config FILE`, and what every command does with it.
struct ConfigOption: ParsableArguments {
    @Option(name: [.customLong("config"), .customShort("c")], help: "Configuration file.")
    var path = ConfigOption.defaultPath

    /// Where the configuration is when no command says otherwise.
    static let defaultPath = "/etc/mailreeve/mailreeve.yaml"

    /// False only where no file was named and none is at the default path.
    var isGivenOrThere: Bool { path != Self.defaultPath || access(path, F_OK) == 0 }

    /// The settings. Prints every problem to standard error; an error ends the command with exit code 1.
    func load() throws -> Settings {
        let loaded = ConfigurationFile.load(path: path)
        for problem in loaded.problems { Terminal.printError("\(problem)") }
        if loaded.hasErrors { throw ExitCode.failure }
        return loaded.settings
    }
}

/// Where this program and the inspector are. To be asked before root is given up: afterwards `/proc/self/exe` is closed.
enum ProgramPath {
    /// The directory of this program; `.` when the system does not say.
    static var directory: String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        guard count > 0 else { return "." }
        let path = String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    }

    /// `mailreeve-inspector` in the directory of this program.
    static var inspector: String { directory + "/mailreeve-inspector" }
}

/// Text to a person.
enum Terminal {
    /// Writes a line to standard error.
    static func printError(_ text: String) {
        write(Array((text + "\n").utf8), to: 2)
    }

    /// Writes octets as they are. A reader of standard output that has gone ends the program, as it does with others, and so does a
    /// full disk, with `EX_IOERR` (sysexits.h): who keeps what was written must know that it is not all.
    static func write(_ bytes: [UInt8], to descriptor: Int32 = 1) {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress.map { $0 + done }, $0.count - done)
            }
            if count < 0, !canGoOn(descriptor, errno) { return }
            done += max(0, count)
        }
    }

    /// Waits where a descriptor that does not block takes nothing now. False where nobody is left to be told: standard error.
    private static func canGoOn(_ descriptor: Int32, _ code: Int32) -> Bool {
        switch code {
        case EINTR: return true
        case EAGAIN:
            var wanted = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            poll(&wanted, 1, -1)
            return true
        default:
            guard descriptor == 1 else { return false }
            printError("standard output: \(String(cString: strerror(code)))")
            exit(EX_IOERR)
        }
    }
}
