import ArgumentParser
import Bayes
import Configuration
import Gateway
import Glibc
import Linux
import MailModel
import Scoring

/// `mailreeve learn`: the command line of sa-learn(1). Its options are read by `LearnOptions`, before ArgumentParser sees
/// them: they follow other rules.
struct LearnCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "learn", abstract: "Learn what is spam and what is not; the command line of sa-learn.")

    @Argument(parsing: .captureForPassthrough, help: "As for sa-learn; see mailreeve learn -h.")
    var arguments: [String] = []

    func run() async throws {
        throw ExitCode(await LearnProgram.run(arguments.map { OctetPath($0) }, calledAs: "mailreeve learn"))
    }
}

/// One run of the command.
struct LearnProgram {
    private let options: LearnOptions
    private let settings: Settings
    private let databases: LearntDatabases
    /// nil where nothing of what was learnt is needed: mailboxes are cross-validated.
    private let opened: BayesStore?
    /// Scripts that were written for sa-learn get the lines of sa-learn and no others.
    private let isSaLearn: Bool

    @MainActor static func run(_ arguments: [OctetPath], calledAs name: String) async -> Int32 {
        do throws(LearnOptions.UsageError) {
            var options = try LearnOptions(arguments)
            try options.complete()
            switch options.task {
            case .help:
                Terminal.write(Array((LearnOptions.usage + "\n").utf8))
                return 0
            case .version:
                Terminal.write(Array("mailreeve learn, in place of sa-learn of SpamAssassin version 4.0.1\n".utf8))
                return 0
            default:
                return await run(options, name)
            }
        } catch {
            Terminal.printError("\(name): \(error.text)\nFor more information: \(name) -h")
            return error.status
        }
    }

    @MainActor private static func run(_ options: LearnOptions, _ name: String) async -> Int32 {
        do {
            // Before root is given up, and while there is one thread.
            let inspector = ProgramPath.inspector
            let settings = try settings(options)
            var options = options
            guard Self.take(SpamAssassinSettings(options.foreignSettings, options.debug), &options, settings, name)
            else { return 1 }
            let databases = try LearntDatabases(
                settings, directory: options.databasePath, isReadOnly: options.looksOnly)
            let user = try databaseName(options, settings, isSaLearn: name == "sa-learn")
            let isNeeded = options.task != .evaluate || !options.hasTargets
            let directory = isNeeded ? databases.directory(user) : nil
            // To forget makes no database of a user's own: from then on it would be taught in place of the shared one.
            let isWanted = options.needsDatabase || (options.forgets && user != nil)
            if isWanted, let directory, access(directory + "/data.mdb", F_OK) != 0 {
                throw GatewayError("\(directory): no database: \(String(cString: strerror(errno)))")
            }
            try LearnIdentity.assume(directory, settings, looksOnly: options.looksOnly)
            let store = isNeeded ? BayesStore(try databases.keep(user), limits: settings.bayesLimits) : nil
            if let store { options.debug.say(.bayes, "database \(store.place)") }
            let program = LearnProgram(
                options: options, settings: settings, databases: databases, opened: store, isSaLearn: name == "sa-learn"
            )
            return try await program.perform(inspector)
        } catch let error as LearnOptions.UsageError {
            Terminal.printError("\(name): \(error.text)")
            return error.status
        } catch {
            Terminal.printError("\(name): \(error)")
            return options.failureStatus
        }
    }

    /// Takes what settings of SpamAssassin say, and tells what is not taken of them.
    /// - Returns: false where they say that nothing is to be learnt.
    private static func take(
        _ foreign: SpamAssassinSettings, _ options: inout LearnOptions, _ settings: Settings, _ name: String
    ) -> Bool {
        let untaken = foreign.untaken + (options.wantsIgnores ? ["--use-ignores"] : [])
        if !untaken.isEmpty {
            let list = untaken.joined(separator: ", ")
            Terminal.printError("\(name): not taken from the settings of SpamAssassin: \(list)")
        }
        if foreign.isDisabled {
            // sa-learn prints what is there in spite of it.
            guard case .dump = options.task else {
                Terminal.printError("ERROR: configuration specifies 'use_bayes 0', sa-learn disabled")
                return false
            }
        }
        if options.databasePath == nil, let path = foreign.databasePath {
            options.databasePath = path
            let usual = settings.bayes.redis.server == nil ? settings.bayesDirectory : "bayes.redis_server"
            if path != usual {
                Terminal.printError(
                    "\(name): bayes_path: the database is the directory \(Escaping.text(path)); mail is judged by \(usual)"
                )
            }
        }
        return true
    }

    /// The database that `-u` means; nil for the shared one.
    /// - Throws: for a name that no mail would be judged by: it was meant as another.
    private static func databaseName(
        _ options: LearnOptions, _ settings: Settings, isSaLearn: Bool
    ) throws(LearnOptions.UsageError) -> String? {
        guard let user = options.user else { return nil }
        switch settings.bayes.databases {
        case .shared:
            // With sa-learn the option is for databases of SQL only: scripts name root or amavis.
            if !isSaLearn { Terminal.printError("learn: bayes.databases is shared: -u \(user) is the shared database") }
            return nil
        case .domain:
            guard user.hasPrefix("@"), AddressArgument.isMailbox("postmaster" + user) else {
                throw LearnOptions.UsageError(text: "-u \(user): bayes.databases is domain: name one as @example.com")
            }
        case .user:
            guard AddressArgument.isMailbox(user) else {
                throw LearnOptions.UsageError(text: "-u \(user): bayes.databases is user: name one as joe@example.com")
            }
        }
        return LearntDatabases.name(of: user, settings)
    }

    private static func settings(_ options: LearnOptions) throws -> Settings {
        let path = options.configuration ?? ConfigOption.defaultPath
        guard options.configuration != nil || access(path, F_OK) == 0 else {
            return Settings.withoutConfiguration(programDirectory: ProgramPath.directory)
        }
        let loaded = ConfigurationFile.load(path: path)
        options.debug.say(.config, "\(path): read")
        for problem in loaded.problems { Terminal.printError("\(problem)") }
        if loaded.hasErrors { throw GatewayError("\(path) has errors") }
        return loaded.settings
    }

    private var store: BayesStore {
        get throws {
            guard let opened else { throw GatewayError("no database was opened") }
            return opened
        }
    }

    // MARK: - Tasks

    private func perform(_ inspector: String) async throws -> Int32 {
        let now = UInt32(clamping: time(nil))
        if options.passesTargetsOver { say("nothing was learnt: the targets were passed over") }
        switch options.task {
        case .help, .version:
            return 0
        case .learn, .evaluate:
            return try await learn(inspector)
        case .sync:
            try onEach { store in
                _ = try store.merge(time: now)
                _ = try store.solveIfDue(always: true)
                try sayTotals(store)
            }
            return 0
        case .forceExpire(let syncs):
            try onEach { store in
                let expired = try store.expire(time: now)
                _ = try store.solveIfDue(always: syncs)
                try sayTotals(store, ", expired \(expired) tokens")
            }
            return 0
        case .clear:
            try store.clear()
            try sayTotals(store)
            return 0
        case .importing:
            say("nothing to import: databases have one form")
            return 0
        case .dump(let what):
            try dump(what)
            return 0
        case .backup:
            try printed { line in try store.backup(line) }
            return 0
        case .restore(let path):
            return try restore(path)
        case .undo(let number):
            return try undo(number, now)
        }
    }

    /// Does upkeep on the database, and where no user is named, on those of all users and domains, too.
    private func onEach(_ body: (BayesStore) throws -> Void) throws {
        try body(store)
        guard options.user == nil else { return }
        try databases.forEachOwn { own in try body(BayesStore(own, limits: settings.bayesLimits)) }
    }

    private func dump(_ what: LearnOptions.Dump) throws {
        var expression: Regex<AnyRegexOutput>?
        if let text = options.expression {
            do {
                expression = try Regex(text).matchingSemantics(.unicodeScalar)
            } catch {
                throw GatewayError("--regexp \(text): \(error)")
            }
        }
        let picks: ([UInt8]) -> Bool = { token in
            expression.map { String(String.UnicodeScalarView(token.map { UnicodeScalar($0) })).contains($0) } ?? true
        }
        try printed { line in
            try store.dump(totals: what != .data, tokens: what == .magic ? nil : picks, line)
        }
    }

    /// Collects lines into larger writes.
    private func printed(_ body: ((String) -> Void) throws -> Void) throws {
        var buffer: [UInt8] = []
        try body { line in
            buffer += line.utf8
            buffer.append(0x0A)
            if buffer.count > 65_536 {
                Terminal.write(buffer)
                buffer.removeAll(keepingCapacity: true)
            }
        }
        Terminal.write(buffer)
    }

    private func restore(_ path: OctetPath) throws -> Int32 {
        let name = LearnSource.shown(path)
        let restored = try store.restore(BackupFile(path).read)
        defer { try? sayTotals(store) }
        guard restored.isOwn else {
            Terminal.printError(
                "learn: \(name) was made by SpamAssassin. Carried over: the numbers of messages, and the counts of "
                    + "\(restored.foreignTokens) tokens, of which those of words in the text are met again. Not carried over: "
                    + "tokens of header fields and links, which are cut in another way here, and which messages were "
                    + "learnt. Most tokens have other keys here, so a backup of this database gives SpamAssassin few of them "
                    + "back: keep \(name). Learn the mail itself as soon as you can")
            return 0
        }
        _ = try store.solveIfDue(always: true)
        say("restored \(restored.tokens) tokens and \(restored.messages) messages")
        return 0
    }

    private func undo(_ number: UInt64?, _ now: UInt32) throws -> Int32 {
        guard let number else {
            for batch in try store.batches() {
                Terminal.write(Array("\(batch.line)\n".utf8))
            }
            return 0
        }
        guard let result = try store.undo(batch: number, time: now) else {
            throw GatewayError("there is no batch \(number) to undo")
        }
        _ = try store.solveIfDue(always: true)
        Terminal.write(
            Array("Forgot tokens from \(result.forgotten) message(s) (\(result.forgotten) message(s) examined)\n".utf8))
        try sayTotals(store)
        guard result.gone > 0 else { return 0 }
        Terminal.printError(
            "learn: \(result.gone) message(s) of the batch are no longer kept, and may go on counting unless they were "
                + "forgotten or learnt anew: learn --forget with the mail itself forgets them")
        return 1
    }

    /// A line for people; not for scripts of sa-learn.
    private func say(_ text: String) {
        if !isSaLearn { Terminal.write(Array("\(text)\n".utf8)) }
    }

    // MARK: - Learning

    private func learn(_ inspector: String) async throws -> Int32 {
        var source = LearnSource()
        for list in options.lists {
            let listed = try LearnSource.listed(list)
            if options.task != .evaluate, !options.forgets { try LearnOptions.demandLessons(listed) }
            for var target in listed {
                if options.forgets { target.lesson = .forget }
                source.add(target)
            }
        }
        for target in options.targets { source.add(target) }
        if options.task == .evaluate, source.files.contains(where: { $0.lesson == nil || $0.lesson == .forget }) {
            throw GatewayError("--evaluate needs --spam and --ham before its targets")
        }
        let interruption = Interruption()
        let reader = try await TokenReader.launch(
            settings, inspectorPath: inspector, log: { LearnSource.complain($0) },
            workspaceMade: { try interruption.watch($0, isPatient: options.task == .learn) })
        do {
            var run = LearnRun(
                source.files, options, reader: reader, compression: Compression(settings, inspector: inspector),
                markup: FilterMarkup(stateDirectory: settings.stateDirectory), tags: SubjectTags(settings))
            if options.task == .evaluate {
                try await evaluate(&run)
            } else {
                try await run.learn(
                    into: try store, countsNow: !options.postponesCounting, until: { interruption.signal != nil })
            }
            await reader.close()
            if options.task == .learn { try report(run) }
            if source.deleted > 0 { say("\(source.deleted) message(s) marked as deleted were left out") }
            if source.passedOver > 0 {
                say(
                    "\(source.passedOver) folder(s) were not looked into, the first \(LearnSource.shown(source.firstPassedOver)): "
                        + "name them to learn them")
            }
            if let signal = interruption.signal {
                say("interrupted: what comes behind was not learnt")
                return 128 + signal
            }
            if run.failed > 0 {
                say("\(run.failed) message(s) could not be read")
                return 1
            }
            // sa-learn's exit status: 1 when nothing was looked at, whatever the reason.
            return run.examined == 0 && options.task != .evaluate ? 1 : 0
        } catch {
            await reader.close()
            throw error
        }
    }

    private func report(_ run: LearnRun) throws {
        let store = try store
        let verb = options.forgets ? "Forgot" : "Learned"
        let line = "\(verb) tokens from \(run.done) message(s) (\(run.examined) message(s) examined)\n"
        Terminal.write(Array(line.utf8))
        if run.skipped > 0 { say("\(run.skipped) message(s) over \(run.limit) octets were skipped") }
        if run.repeated > 0 {
            say(
                "\(run.repeated) message(s) taught nothing: \(store.limits.nearDuplicates) nearly like them are known"
            )
        }
        let taught = run.batch.flatMap { $0.spam + $0.ham > 0 ? $0.number : nil }
        try? sayTotals(store, taught.map { ", batch \($0)" } ?? "")
    }

    /// Which database was written, and what it now holds.
    /// - Parameter more: what else there is to say of it.
    private func sayTotals(_ store: BayesStore, _ more: String = "") throws {
        let totals = try store.totals()
        say(
            "\(store.place): \(totals.spam) spam, \(totals.ham) ham\(more)"
                + (totals.pending > 0 ? ", \(totals.pending) message(s) not counted yet (--sync)" : ""))
    }

    private func evaluate(_ run: inout LearnRun) async throws {
        var examples: [(date: UInt32, example: CommitteeTrainer.Example)] = []
        // A copy would be judged by what the other one taught.
        var known: [String: LearnOptions.Lesson] = [:]
        var (copies, contradictions) = (0, 0)
        while let (lesson, taken) = try await run.next() {
            for message in taken {
                if let first = known[message.mail.id] {
                    copies += 1
                    contradictions += first == lesson ? 0 : 1
                    continue
                }
                known[message.mail.id] = lesson
                let features = Features(tokens: message.tokens)
                examples.append(
                    (message.mail.date, CommitteeTrainer.Example(features: features, isSpam: lesson == .spam)))
            }
        }
        // In the order in which the mail came, as when the machines are solved.
        let inOrder =
            options.hasTargets
            ? examples.indices.sorted { (examples[$0].date, $0) < (examples[$1].date, $1) }.map { examples[$0].example }
            : try store.examples()
        defer {
            if copies > 0 {
                say(
                    "\(copies) message(s) were copies of others and were left out"
                        + (contradictions > 0 ? ", \(contradictions) of messages of the other class" : ""))
            }
        }
        if inOrder.isEmpty { throw GatewayError("there is no mail to judge") }
        guard let table = Evaluation.table(inOrder) else {
            let spam = inOrder.count { $0.isSpam }
            throw GatewayError("\(spam) spam and \(inOrder.count - spam) ham are too few to cross-validate")
        }
        Terminal.write(Array((table + "\n").utf8))
    }
}
