import ArgumentParser

/// `mailreeve rules`: tools for header and body checks and rules on files.
struct RulesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rules", abstract: "Try, check and replay header and body checks; rules on files.",
        subcommands: [
            RulesQueryCommand.self, RulesLintCommand.self, RulesReplayCommand.self, RulesImportAmavisCommand.self,
        ])
}
