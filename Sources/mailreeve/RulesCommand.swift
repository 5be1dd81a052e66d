import ArgumentParser

/// `mailreeve rules`: tools for header and body checks.
struct RulesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rules", abstract: "Try, check and replay header and body checks.",
        subcommands: [RulesQueryCommand.self, RulesLintCommand.self, RulesReplayCommand.self])
}
