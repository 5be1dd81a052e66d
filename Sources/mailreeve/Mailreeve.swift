import ArgumentParser
import Glibc
import Linux

/// The one program that people and scripts use. Names of commands and options are a contract.
@main
struct Mailreeve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mailreeve",
        abstract:
            "Content-filter gateway for mail: takes it from the MTA, looks at everything inside, hands back what may pass.",
        subcommands: [
            ServeCommand.self, CheckConfigCommand.self, ConfigCommand.self, ScanCommand.self, LearnCommand.self,
            QuarantineCommand.self, LogCommand.self, ExplainCommand.self, RulesCommand.self,
            StatusCommand.self, ReloadCommand.self, StopCommand.self, SetupCommand.self, FilterCommand.self,
            SinkCommand.self, BenchCommand.self,
        ])

    /// `mailreeve learn`, and `mailreeve` under the name `sa-learn`, read their options as sa-learn does. On the main actor:
    /// root must be given up on the first thread, before there is another; and commands that read strangers' mail in a
    /// closed process of their own fork it, which needs a process with one thread.
    @MainActor static func main() async {
        StandardDescriptors.occupy()
        if CommandLine.arguments.dropFirst().first == RulesCommand.configuration.commandName {
            do {
                var command = try Mailreeve.parseAsRoot(
                    RulesQueryCommand.separated(Array(CommandLine.arguments.dropFirst())))
                if let replay = command as? RulesReplayCommand {
                    try await replay.run()
                } else {
                    try command.run()
                }
                Glibc.exit(0)
            } catch {
                Mailreeve.exit(withError: error)
            }
        }
        let name = CommandLine.arguments.first?.split(separator: "/").last ?? ""
        if name == "sa-learn" {
            Glibc.exit(await LearnProgram.run(OctetPath.ofCommandLine(), calledAs: "sa-learn"))
        }
        if CommandLine.arguments.dropFirst().first == "learn" {
            Glibc.exit(
                await LearnProgram.run(Array(OctetPath.ofCommandLine().dropFirst()), calledAs: "mailreeve learn"))
        }
        // The first thread waits here for ever, for signals, and the main queue is not served: for that it would end, and a
        // thread that is ending keeps root when the others give it up.
        Task.detached {
            await main(nil)
            Glibc.exit(0)
        }
        var none = sigset_t()
        sigemptyset(&none)
        while true { sigsuspend(&none) }
    }
}
