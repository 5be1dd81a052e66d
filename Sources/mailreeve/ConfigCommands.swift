import ArgumentParser
import Configuration
import Gateway
import MailModel
import SMTP

/// `mailreeve check-config FILE`: every problem with its place, and what the workspace has to hold.
struct CheckConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-config", abstract: "Check a configuration file.",
        discussion: """
            Prints every problem as file:line:column:, those of rules and lists too, and the sizing of the workspace; \
            exit code 1 on errors. Started as root, it reads rules and lists as the gateway's user, as the gateway does.
            """)

    @Argument(help: "Configuration file.")
    var file = ConfigOption.defaultPath

    func run() throws {
        let loaded = ConfigurationFile.load(path: file)
        let sizing = Machine.workspaceSizing(loaded.settings)
        var problems = loaded.problems
        if !loaded.hasErrors {
            problems += sizing.problems(in: loaded)
            do {
                try Identity(loaded.settings).assume()
            } catch {
                problems.append(
                    Problem(
                        file: file, position: nil, severity: .warning,
                        message: "rules and lists are read as root: \(error)"))
            }
            if let refusal = Machine.workspaceRefusal(loaded.settings) {
                problems.append(
                    Problem(
                        file: file, position: loaded.origins["workspace.directory"], severity: .error, message: refusal)
                )
            }
            problems += RuleTablesCheck.problems(loaded.settings.rules, in: file)
            let check = PolicyCheck(loaded)
            problems += RuleTablesCheck.bannedProblems(loaded.settings, check, in: file)
            problems += check.problems
            problems += ScannerRemarks.remarks(on: loaded.settings).map { remark in
                Problem(
                    file: file, position: loaded.origins[remark.key], severity: remark.isRefusal ? .error : .warning,
                    message: Escaping.text(remark.text, limit: 1000))
            }
            problems += TestNamesCheck(loaded).problems
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
            commandName: "explain", abstract: "Say what a setting is and where its value comes from.",
            discussion: "With --recipient: every setting that holds for mail to that recipient.")

        @OptionGroup var config: ConfigOption
        @Argument(help: "Key, such as limits.message_size.")
        var key: String?
        @Option(help: "Recipient whose settings are shown.")
        var recipient: String?
        @Option(help: "Sender of the mail; '' or '<>' is the null sender.")
        var sender = ""
        @Option(help: "Address of the client that the mail comes from.")
        var client: String?
        @Option(help: "Listener that the mail comes in by; the first is the default.")
        var listener: String?
        @Option(help: "Author (From) whose domain has signed the mail.")
        var author: String?
        @Option(help: "Name of a virus that was found, may be repeated.")
        var virus: [String] = []
        @Flag(help: "The client has authenticated.")
        var authenticated = false

        func validate() throws {
            guard (key == nil) != (recipient == nil) else {
                throw ValidationError("give either a key or --recipient")
            }
        }

        func run() throws {
            // Without a file everything has its default, which is an answer too.
            let loaded =
                config.isGivenOrThere
                ? ConfigurationFile.load(path: config.path) : LoadedConfiguration(file: config.path)
            for problem in loaded.problems where problem.severity == .error { Terminal.printError("\(problem)") }
            guard let key else {
                if loaded.hasErrors { throw ExitCode.failure }
                return try explainPolicy(loaded)
            }
            switch loaded.explain(key: key) {
            case .known(let text): print(text)
            case .unknown(let text):
                Terminal.printError(text)
                throw ExitCode.failure
            }
        }

        private func explainPolicy(_ loaded: LoadedConfiguration) throws {
            do {
                let question = PolicyExplanation.Question(
                    recipient: try path(recipient ?? ""), sender: try path(sender == "<>" ? "" : sender),
                    client: try address(),
                    listener: listener, isAuthenticated: authenticated, author: try author.map(path),
                    viruses: virus)
                for line in try PolicyExplanation(loaded, question).lines { print(line) }
            } catch {
                Terminal.printError("\(error)")
                throw ExitCode.failure
            }
        }

        private func path(_ text: String) throws -> MailPath {
            do {
                return try PathGrammar.parse(Array(text.utf8)[...])
            } catch {
                throw ValidationError("'\(Escaping.text(text, limit: 100))' is not an address")
            }
        }

        private func address() throws -> IPAddress? {
            guard let client else { return nil }
            let text = String(decoding: XForward.bareAddress(Array(client.utf8)), as: UTF8.self)
            guard let address = IPAddress(text) else {
                throw ValidationError("'\(Escaping.text(client, limit: 100))' is not an IP address")
            }
            return address
        }
    }
}
