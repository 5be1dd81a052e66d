import ArgumentParser
import Configuration
import Gateway

/// `mailreeve check-config FILE`: every problem with its place, and what the workspace has to hold.
struct CheckConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-config", abstract: "Check a configuration file.",
        discussion: """
            Prints every problem as file:line:column:, those of header and body checks too, and the sizing of the workspace; \
            exit code 1 on errors.
            """)

    @Argument(help: "Configuration file.")
    var file = ConfigOption.defaultPath

    func run() throws {
        let loaded = ConfigurationFile.load(path: file)
        let sizing = WorkspaceSizing(
            loaded.settings, processors: Machine.processors,
            tmpfsBytes: Machine.tmpfsBytes(loaded.settings.workspace.directory))
        var problems = loaded.problems
        if !loaded.hasErrors {
            problems += sizing.problems(in: loaded)
            problems += RuleTablesCheck.problems(loaded.settings.rules)
        }
        for problem in problems { print(problem) }
        if problems.contains(where: { $0.severity == .error }) { throw ExitCode.failure }
        print(sizing.line)
        print("\(file): ok")
    }
}

/// `mailreeve config`: what can be set and what is set.
struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Show settings.", subcommands: [Defaults.self, Explain.self])

    struct Defaults: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "defaults", abstract: "Print a complete configuration with the defaults.")

        func run() {
            print(ConfigurationFile.defaultsYAML(), terminator: "")
        }
    }

    struct Explain: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "explain", abstract: "Say what a setting is and where its value comes from.")

        @OptionGroup var config: ConfigOption
        @Argument(help: "Key, such as limits.message_size.")
        var key: String

        func run() throws {
            // Without a file everything has its default, which is an answer too.
            let loaded =
                config.isGivenOrThere
                ? ConfigurationFile.load(path: config.path) : LoadedConfiguration(file: config.path)
            for problem in loaded.problems where problem.severity == .error { Terminal.printError("\(problem)") }
            switch loaded.explain(key: key) {
            case .known(let text): print(text)
            case .unknown(let text):
                Terminal.printError(text)
                throw ExitCode.failure
            }
        }
    }
}
