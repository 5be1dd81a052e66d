import ArgumentParser

/// The one program that people and scripts use. Names of commands and options are a contract.
@main
struct Mailreeve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mailreeve",
        abstract:
            "Content-filter gateway for mail: takes it from the MTA, looks at everything inside, hands back what may pass.",
        subcommands: [
            ServeCommand.self, CheckConfigCommand.self, ConfigCommand.self, ScanCommand.self, QuarantineCommand.self,
            RulesCommand.self,
            StatusCommand.self, ReloadCommand.self, StopCommand.self, SetupCommand.self, FilterCommand.self,
            SinkCommand.self, BenchCommand.self,
        ])
}
