import ArgumentParser
import Configuration
import Foundation
import Gateway
import Linux
import MailModel

/// What `status`, `reload` and `stop` have in common: where the daemon's control socket is.
struct ControlOptions: ParsableArguments {
    @OptionGroup var config: ConfigOption

    @Option(help: ArgumentHelp("Control socket; without it, the one of the configuration.", valueName: "path"))
    var socket: String?

    /// Sends one word to the daemon and takes its answer, one line. Ends the command with exit code 1 when nobody
    /// answers.
    func ask(_ word: String, seconds: Int) throws -> [UInt8] {
        let path = try socket ?? config.load().controlSocketPath
        do throws(SystemError) {
            let connection = try StreamSocket(unix: path, seconds: seconds)
            try connection.send(Array("\(word)\n".utf8))
            var answer: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while answer.last != 0x0A {
                let count = try connection.receive(into: &buffer)
                if count == 0 { break }
                answer += buffer[..<count]
                if answer.count > 1_048_576 { throw SystemError("answer of the daemon", code: EMSGSIZE) }
            }
            if !answer.isEmpty { return answer }
            Terminal.printError("the daemon closed the connection to \(path) without an answer")
        } catch {
            Terminal.printError(Self.explanation(error, path))
        }
        throw ExitCode.failure
    }

    /// Sends a word whose answer is yes or why not.
    /// - Returns: what has changed; escape before showing.
    @discardableResult func order(_ word: String, seconds: Int) throws -> [String] {
        struct Answer: Decodable {
            var error: String?
            var changes: [String]?
        }
        let answer = try JSONDecoder().decode(Answer.self, from: Data(ask(word, seconds: seconds)))
        guard let error = answer.error else { return answer.changes ?? [] }
        Terminal.printError("\(word): \(Escaping.text(error, limit: 2000))")
        throw ExitCode.failure
    }

    static func explanation(_ error: SystemError, _ path: String) -> String {
        switch error.code {
        case ENOENT: "no daemon is running: there is no control socket \(path)"
        case ECONNREFUSED: "no daemon is running: nobody answers on \(path)"
        case EACCES: "\(path) may be used by root and by the daemon's user only"
        case _ where error.isTimeout: "the daemon does not answer on \(path)"
        default: "\(error)"
        }
    }
}

/// `mailreeve status`: what the daemon is doing.
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show what the running gateway is doing.",
        discussion: """
            Asks the daemon over its control socket, as root or as the daemon's user. Counters are since its start.

            Exit codes: 0 shown; 1 no daemon answers.
            """)

    @OptionGroup var control: ControlOptions

    @Flag(help: "Print the daemon's answer as it is: one JSON object on one line.")
    var json = false

    @Flag(help: "Print it for Prometheus, in its text format: for the textfile collector of node_exporter, by a timer.")
    var metrics = false

    func validate() throws {
        if json, metrics { throw ValidationError("give either --json or --metrics") }
    }

    func run() throws {
        let answer = try control.ask("status", seconds: 10)
        if json {
            Terminal.write(answer)
        } else if metrics, let text = StatusMetrics(json: answer) {
            print(text, terminator: "")
        } else if !metrics, let table = StatusTable(json: answer) {
            print(table)
        } else {
            Terminal.printError("the daemon's answer is not understood; is it of another version?")
            throw ExitCode.failure
        }
    }
}

/// `mailreeve reload`: takes over the configuration as it is now.
struct ReloadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload", abstract: "Make the running gateway read its configuration and signatures again.",
        discussion: """
            Waits until the new settings are in force; a large signature database takes half a minute. When they cannot \
            be used, the ones before stay, and the reason is printed. No connection is dropped. Prints what has \
            changed in the tables of rules, and what there is to warn of that is new.

            Exit codes: 0 reloaded; 1 not, or no daemon answers.
            """)

    @OptionGroup var control: ControlOptions

    func run() throws {
        for change in try control.order("reload", seconds: 600) { print(Escaping.text(change, limit: 1000)) }
        print("reloaded")
    }
}

/// `mailreeve stop`: finishes mail in flight and ends the daemon.
struct StopCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop", abstract: "Make the running gateway finish mail in flight and end.",
        discussion: """
            Returns as soon as the daemon has begun to stop; it ends within timeouts.drain seconds.

            Exit codes: 0 it stops; 1 no daemon answers.
            """)

    @OptionGroup var control: ControlOptions

    func run() throws {
        try control.order("stop", seconds: 10)
        print("stopping: mail in flight is finished first")
    }
}
