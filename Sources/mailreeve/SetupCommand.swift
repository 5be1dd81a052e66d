import ArgumentParser
import Gateway

/// `mailreeve setup`: makes an MTA use the gateway.
struct SetupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "setup", abstract: "Make an MTA use the gateway.", subcommands: [Postfix.self])

    struct Postfix: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "postfix", abstract: "Print, or make, the lines of main.cf and master.cf.",
            discussion: """
                after-queue: Postfix takes mail, queues it, and hands it to the gateway as its content_filter; infected mail \
                is not bounced to a forged sender but kept. before-queue: Postfix asks the gateway while the client waits \
                (smtpd_proxy_filter), so infected mail is refused. Either way the gateway hands mail back to Postfix on \
                the re-injection address, where only this machine may connect.

                Without --apply the lines are printed, each with its reason. With it, postconf(1) makes what is not yet so, \
                and each change is shown; a second run changes nothing. Postfix is not reloaded.

                The gateway's configuration needs a listener with the same placement on --listen and a policy whose next hop \
                is --reinject.

                Exit codes: 0 printed, or all as wanted; 1 postconf failed; 64 wrong usage.
                """)

        @Option(help: "after-queue or before-queue.")
        var mode = PostfixPlan.Mode.afterQueue

        @Option(name: .customLong("protocol"), help: "What Postfix speaks to an after-queue gateway: lmtp or smtp.")
        var transport = PostfixPlan.Transport.lmtp

        @Option(
            help: ArgumentHelp(
                "Where the gateway listens. (default: 127.0.0.1:10024; before-queue 127.0.0.1:10026)",
                valueName: "address"))
        var listen: ServerArgument?

        @Option(
            help: ArgumentHelp(
                "Where Postfix takes mail back. (default: 127.0.0.1:10025; before-queue 127.0.0.1:10027)",
                valueName: "address"))
        var reinject: ServerArgument?

        @Option(
            help: ArgumentHelp(
                "Messages handed over at one time after the queue: the gateway's inspector.workers. (default: the number of "
                    + "processors)", valueName: "number"))
        var processes: Int?

        @Option(
            help: ArgumentHelp(
                "Before the queue: the entry of master.cf that takes mail from clients; smtpd/pass behind postscreen(8).",
                valueName: "name/type"))
        var entry = "smtp/inet"

        @Flag(help: "Make the changes with postconf.")
        var apply = false

        @Option(
            help: ArgumentHelp("Directory of main.cf and master.cf. (default: Postfix's own)", valueName: "directory"))
        var configDirectory: String?

        @Option(
            help: ArgumentHelp(
                "The postconf program. (default: the one in PATH, or /usr/sbin/postconf)", valueName: "path"))
        var postconf: String?

        func validate() throws {
            if let processes, processes < 1 { throw ValidationError("--processes is at least 1") }
            let words = entry.split(separator: "/", omittingEmptySubsequences: false)
            guard words.count == 2, !words[0].isEmpty, ["inet", "pass", "unix"].contains(words[1]) else {
                throw ValidationError("--entry is name and type of an entry of master.cf, such as smtp/inet")
            }
        }

        func run() throws {
            let plan = plan(processors: Machine.processors)
            guard apply else {
                print(plan.text)
                return
            }
            do {
                let postconf = try Postconf(program: postconf, directory: configDirectory)
                let changes = try postconf.apply(plan)
                for change in changes { print(change) }
                print(changes.isEmpty ? "nothing to change" : "done; `postfix reload` makes Postfix use it")
            } catch {
                Terminal.printError("setup postfix: \(error)")
                throw ExitCode.failure
            }
        }

        /// The plan that the options ask for.
        func plan(processors: Int) -> PostfixPlan {
            let (port, returnPort) = mode == .afterQueue ? (10_024, 10_025) : (10_026, 10_027)
            func loopback(_ port: Int) -> ServerArgument { ServerArgument(.tcp(host: "127.0.0.1", port: port)) }
            return PostfixPlan(
                mode: mode, transport: transport, listen: listen ?? loopback(port),
                reinject: reinject ?? loopback(returnPort), processes: processes ?? processors, entry: entry)
        }
    }
}

extension PostfixPlan.Mode: ExpressibleByArgument {}
extension PostfixPlan.Transport: ExpressibleByArgument {}
