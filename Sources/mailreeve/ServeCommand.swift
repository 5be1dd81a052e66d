import ArgumentParser
import Configuration
import Gateway
import Glibc
import Linux
import Logging

/// `mailreeve serve`: the daemon, in the foreground.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run the gateway in the foreground.",
        discussion: "SIGHUP reloads the configuration, SIGTERM and SIGINT finish mail in flight and stop.")

    @OptionGroup var config: ConfigOption

    func run() async throws {
        let (signals, signal) = AsyncStream<ServiceSignal>.makeStream()
        try watchSignals([SIGTERM, SIGINT, SIGHUP]) { number in
            signal.yield(number == SIGHUP ? .reload : .stop)
        }
        let settings = try config.load()
        let output = try LogOutput(settings.log)
        let logger = Logger(label: "mailreeve") { _ in GatewayLogHandler(output, settings: settings.log) }
        let path = config.path
        let start = GatewayService.Start(
            settings: settings,
            reread: {
                let loaded = ConfigurationFile.load(path: path)
                for problem in loaded.problems { logger.error("\(problem)") }
                return loaded.hasErrors ? nil : loaded.settings
            },
            inspectorPath: ProgramPath.inspector, logger: logger)
        do {
            let service = try await GatewayService.launch(start)
            ServiceManager.notify("READY=1")
            logger.notice("ready")
            await service.run(signals: signals)
            output.close()
        } catch {
            logger.critical("cannot start: \(error)")
            output.close()
            throw ExitCode.failure
        }
    }
}
