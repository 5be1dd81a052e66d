import ArgumentParser
import Dispatch
import Glibc

/// Starts the program. Commands that read strangers' mail in a closed process of their own fork it, which needs a process
/// with one thread: they run before anything of concurrency has begun.
@main
enum Program {
    static func main() {
        if CommandLine.arguments.dropFirst().first == RulesCommand.configuration.commandName {
            do {
                var command = try Mailreeve.parseAsRoot()
                try command.run()
                exit(0)
            } catch {
                Mailreeve.exit(withError: error)
            }
        }
        Task {
            await Mailreeve.main()
            exit(0)
        }
        dispatchMain()
    }
}

/// The one program that people and scripts use. Names of commands and options are a contract.
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
