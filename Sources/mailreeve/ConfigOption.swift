import ArgumentParser
import Configuration
import Glibc

/// `--config FILE`, and what every command does with it.
struct ConfigOption: ParsableArguments {
    @Option(name: [.customLong("config"), .customShort("c")], help: "Configuration file.")
    var path = "/etc/mailreeve/mailreeve.yaml"

    /// The settings. Prints every problem to standard error; an error ends the command with exit code 1.
    func load() throws -> Settings {
        let loaded = ConfigurationFile.load(path: path)
        for problem in loaded.problems { Terminal.printError("\(problem)") }
        if loaded.hasErrors { throw ExitCode.failure }
        return loaded.settings
    }
}

/// Where the inspector is.
enum InspectorPath {
    /// `mailreeve-inspector` in the directory of this program.
    static var besideThisProgram: String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        guard count > 0 else { return "mailreeve-inspector" }
        let path = String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return (path.lastIndex(of: "/").map { String(path[...$0]) } ?? "") + "mailreeve-inspector"
    }
}

/// Text to a person.
enum Terminal {
    /// Writes a line to standard error.
    static func printError(_ text: String) {
        let bytes = Array((text + "\n").utf8)
        _ = bytes.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
    }
}
