import Linux
import MailModel

/// The command line of `mailreeve learn`, which is that of sa-learn(1).
struct LearnOptions: Equatable {
    /// What is learnt from a target.
    enum Lesson: Equatable {
        case spam, ham, forget
    }

    /// How a target holds mail.
    enum Format: String, Equatable {
        case detect, dir, file, mbox, mbx
    }

    /// What is asked for besides learning from targets.
    enum Task: Equatable {
        case learn, sync, clear, backup, importing, help, version, evaluate
        /// With `--sync` the machines are solved though few messages are new.
        case forceExpire(syncs: Bool)
        case dump(Dump)
        case restore(OctetPath)
        case undo(UInt64?)

        var isUndo: Bool { if case .undo = self { true } else { false } }
    }

    enum Dump: String, Equatable {
        case all, data, magic
    }

    struct Target: Equatable {
        var path: OctetPath
        var lesson: Lesson?
        var format: Format
    }

    struct UsageError: Error, Equatable {
        var text: String
        /// EX_USAGE but where sa-learn ends otherwise.
        var status: Int32 = 64
    }

    var task = Task.learn
    var targets: [Target] = []
    /// Files with lists of targets.
    private var folders: [OctetPath] = []
    var databasePath: String?
    var user: String?
    var configuration: String?
    /// Octets; 0 for no limit. sa-learn(1): 500 KB.
    var largestMessage = 500 * 1024
    var postponesCounting = false
    var showsDots = false
    var showsProgress = false
    var expression: String?
    /// `--use-ignores`, which has no effect.
    var wantsIgnores = false
    var debug = LearnDebug()

    /// Settings of SpamAssassin that are named: the last `-C`, `--siteconfigpath` and `-p`, then every `--cf`, in which order
    /// sa-learn reads them.
    var foreignSettings: [SpamAssassinSettings.Place] {
        [rulesPath, sitePath, preferencesPath].compactMap { $0.map { .path($0) } } + settingLines.map { .line($0) }
    }

    private var rulesPath: OctetPath?
    private var sitePath: OctetPath?
    private var preferencesPath: OctetPath?
    private var settingLines: [String] = []

    /// All targets of the run are forgotten, wherever the option stands, as with sa-learn.
    private(set) var forgets = false

    private var undoes = false
    private var lesson: Lesson?
    private var format = Format.detect

    /// - Parameter arguments: without the program's name.
    init(_ arguments: [OctetPath]) throws(UsageError) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            if argument == "--" {
                for path in rest { add(path) }
                break
            }
            guard argument.hasPrefix("-"), argument != "-" else {
                add(argument)
                continue
            }
            try take(argument, &rest)
        }
    }

    private mutating func add(_ path: OctetPath) {
        targets.append(Target(path: path, lesson: lesson, format: format))
    }

    /// Files with lists of targets. As with sa-learn, their lines have the last class and format of the command line, wherever
    /// the option stands.
    var lists: [Target] { folders.map { Target(path: $0, lesson: lesson, format: format) } }

    // MARK: - Options

    private enum Kind {
        case flag, value, optionalValue
    }

    private static let short: [String: String] = [
        "h": "help", "?": "help", "V": "version", "L": "local", "D": "debug", "f": "folders", "u": "username",
        "C": "configpath",
        "p": "prefspath",
    ]

    private static let known: [String: Kind] = [
        "help": .flag, "version": .flag, "local": .flag, "debug": .optionalValue, "folders": .value,
        "username": .value, "configpath": .value, "config-file": .value, "config": .value, "prefspath": .value,
        "prefs-file": .value, "siteconfigpath": .value, "cf": .value, "spam": .flag, "ham": .flag, "nonspam": .flag,
        "forget": .flag, "use-ignores": .flag, "no-sync": .flag, "nosync": .flag, "norebuild": .flag,
        "no-rebuild": .flag, "sync": .flag, "rebuild": .flag, "force-expire": .flag, "dbpath": .value, "dir": .flag,
        "file": .flag, "mbox": .flag, "mbx": .flag, "max-size": .value, "showdots": .flag, "progress": .flag,
        "dump": .optionalValue, "regexp": .value, "clear": .flag, "backup": .flag, "restore": .value,
        "import": .flag, "undo": .optionalValue, "evaluate": .flag, "single": .flag,
    ]

    private mutating func take(
        _ argument: OctetPath, _ rest: inout ArraySlice<OctetPath>
    ) throws(UsageError) {
        guard argument.hasPrefix("--") else { return try takeShort(argument, &rest) }
        let word = argument.octets.dropFirst(2)
        let sign = word.firstIndex(of: 0x3D)
        let name = String(decoding: word[..<(sign ?? word.endIndex)], as: UTF8.self)
        let attached = sign.map { OctetPath(octets: word[($0 + 1)...]) }
        guard let kind = Self.known[name] else { throw UsageError(text: "unknown option: --\(name)") }
        switch kind {
        case .flag:
            guard attached == nil else { throw UsageError(text: "option \(name) takes no value") }
            try set(name, "")
        case .value:
            guard let value = attached ?? rest.popFirst() else {
                throw UsageError(text: "option \(name) needs a value")
            }
            try set(name, value)
        case .optionalValue:
            try set(name, attached ?? Self.optional(name, &rest))
        }
    }

    /// Letters behind one dash: several options, of which the last may have a value, attached or as the next word.
    private mutating func takeShort(
        _ argument: OctetPath, _ rest: inout ArraySlice<OctetPath>
    ) throws(UsageError) {
        var letters = argument.octets.dropFirst()
        while let letter = letters.popFirst() {
            guard let name = Self.short[String(UnicodeScalar(letter))], let kind = Self.known[name] else {
                throw UsageError(text: "unknown option: \(String(decoding: argument.octets, as: UTF8.self))")
            }
            if kind == .flag {
                try set(name, "")
                continue
            }
            let attached = letters.isEmpty ? nil : OctetPath(octets: letters)
            letters = []
            if kind == .optionalValue {
                try set(name, attached ?? Self.optional(name, &rest))
            } else {
                guard let value = attached ?? rest.popFirst() else {
                    throw UsageError(text: "option \(name) needs a value")
                }
                try set(name, value)
            }
        }
    }

    /// The value behind an option that may do without: taken only where it can be nothing else. An empty word says that there
    /// is none.
    private static func optional(_ name: String, _ rest: inout ArraySlice<OctetPath>) -> OctetPath {
        guard let next = rest.first, !next.hasPrefix("-") else { return "" }
        let isValue = name != "debug" || !next.octets.contains { $0 == 0x2F || $0 == 0x2E }
        return isValue ? rest.popFirst() ?? "" : ""
    }

    /// Sets what names a file of mail as it is, everything else as text.
    private mutating func set(_ name: String, _ word: OctetPath) throws(UsageError) {
        switch name {
        case "folders": return folders.append(word)
        case "restore": return task = .restore(word)
        case "configpath", "config-file": return rulesPath = word
        case "siteconfigpath": return sitePath = word
        case "prefspath", "prefs-file": return preferencesPath = word
        default: break
        }
        guard let value = word.text else {
            throw UsageError(text: "--\(name) \(Escaping.text(word.octets)): not UTF-8")
        }
        try set(name, value)
    }

    private mutating func set(_ name: String, _ value: String) throws(UsageError) {
        switch name {
        case "help": task = .help
        case "version": task = .version
        case "spam": lesson = .spam
        case "ham", "nonspam": lesson = .ham
        case "forget": forgets = true
        case "mbox": format = .mbox
        case "mbx": format = .mbx
        case "cf": settingLines.append(value)
        case "debug": debug.begin(value)
        case "use-ignores": wantsIgnores = true
        case "username": user = value
        case "config": configuration = value
        case "dbpath": databasePath = value
        case "no-sync", "nosync", "norebuild", "no-rebuild": postponesCounting = true
        // Both are done where both are named, as with sa-learn.
        case "sync", "rebuild":
            if case .forceExpire = task { task = .forceExpire(syncs: true) } else { task = .sync }
        case "force-expire":
            task = .forceExpire(syncs: task == .sync || task == .forceExpire(syncs: true))
        case "clear":
            // As in sa-learn, what is to be shown is not removed.
            if case .dump = task { break }
            task = .clear
        case "backup": task = .backup
        case "import": task = .importing
        case "evaluate": task = .evaluate
        case "showdots": showsDots = true
        case "progress": showsProgress = true
        case "regexp": expression = value
        case "max-size":
            guard let size = Int(value) else { throw UsageError(text: "--max-size \(value) is no size") }
            // No message is so small, and sa-learn ends with 1 where none was looked at.
            guard size >= 0 else { throw UsageError(text: "--max-size \(value) is no size", status: 1) }
            largestMessage = size
        case "dump":
            guard let dump = Dump(rawValue: value.isEmpty ? "all" : value) else {
                throw UsageError(text: "--dump \(value): all, data or magic", status: 1)
            }
            task = .dump(dump)
        case "undo":
            guard value.isEmpty || UInt64(value) != nil else {
                throw UsageError(text: "--undo \(value): no batch number")
            }
            guard task == .learn else { throw UsageError(text: Self.undoStandsAlone) }
            undoes = true
            task = .undo(UInt64(value))
        default:
            // --dir, --file and --single, which sa-learn passes over, too: a mailbox behind --file is one; and --local: nothing
            // is asked of the network.
            break
        }
    }

    /// True when something is to be learnt or forgotten.
    var hasTargets: Bool { !targets.isEmpty || !folders.isEmpty }

    /// Its targets are passed over, as sa-learn does with those that have a class.
    var passesTargetsOver: Bool {
        switch task {
        case .sync, .forceExpire, .clear, .importing, .restore: hasTargets
        default: false
        }
    }

    /// It looks at what was learnt and changes nothing.
    var looksOnly: Bool {
        switch task {
        case .dump, .backup, .undo(nil): true
        case .evaluate: !hasTargets
        default: false
        }
    }

    /// A database that is not there is not made, but an error, because its name was mistyped.
    var needsDatabase: Bool {
        task.isUndo || looksOnly
    }

    /// The exit code when it fails: what sa-learn ends with.
    var failureStatus: Int32 {
        switch task {
        case .dump, .backup, .restore: 2
        default: 1
        }
    }

    private static let undoStandsAlone =
        "--undo forgets a batch and nothing else: name no targets and no other task beside it"

    /// Finds what cannot be meant. Standard input is the target where none is named, as with sa-learn(1).
    mutating func complete() throws(UsageError) {
        if databasePath == "" { throw UsageError(text: "--dbpath needs the name of a directory") }
        if forgets {
            lesson = .forget
            for index in targets.indices { targets[index].lesson = .forget }
        }
        if undoes, hasTargets || lesson != nil || !task.isUndo {
            throw UsageError(text: Self.undoStandsAlone)
        }
        if [.help, .version, .evaluate].contains(task) { return }
        if task == .learn, !hasTargets {
            guard lesson != nil else {
                throw UsageError(
                    text: "Please select either --spam, --ham, --forget, --sync, --import, --dump, --clear, --backup, "
                        + "--restore, --undo or --evaluate")
            }
            add("-")
        }
        try Self.demandLessons(targets)
    }

    /// Nothing is learnt of which nobody said what it is.
    static func demandLessons(_ targets: [Target]) throws(UsageError) {
        if targets.contains(where: { $0.lesson == nil }) {
            throw UsageError(text: "Please select either --spam, --ham or --forget for each target")
        }
    }

    static let usage = """
        OVERVIEW: Learn what is spam and what is not, from mail that was sorted by people.

        The options are those of sa-learn(1); a symbolic link named sa-learn that points to mailreeve is this command.

        USAGE: mailreeve learn [options] [file]...
               mailreeve learn [options] --dump [ all | data | magic ]

        OPTIONS:
          --spam, --ham, --forget    learn the following targets as spam or ham, or forget them
          -f FILE, --folders=FILE    read targets from FILE, one a line, each may begin with spam: or ham: and a format
          --mbox, --mbx              format of the following targets (default: looked at); --dir, --file: accepted
          --max-size B               skip messages over B octets (default 512000); 0 for limits.message_size, which
                                     always holds
          --no-sync                  only remember; count with the next --sync or learning
          --sync                     count what was remembered and solve the machines
          --force-expire             count what was remembered, bring the tokens within their budget now, and solve
                                     the machines where enough is new; with --sync in any case
                                     (both: without -u also the databases of users and domains)
          --dump [all|data|magic]    print the database; --regexp RE picks tokens by their octets
          --backup, --restore FILE   write the database to standard output; replace it by FILE
          --import                   nothing to do here: databases have one form
          --clear                    remove all that was learnt
          --undo [BATCH]             forget what one run taught (mail that it learnt in the other class is then in
                                     none); without a number list the runs
          --evaluate                 cross-validate on the targets given with --spam and --ham, or on what was learnt
          --dbpath DIR               the database (default: setting bayes.path)
          -u USER                    the database of one user (an address) or domain (@example.com)
          --config FILE              configuration of mailreeve
          --progress, --showdots     show how far it is: a bar on a terminal, else dots
          -C, --siteconfigpath, -p PATH, --cf=LINE
                                     settings of SpamAssassin: of these use_bayes and bayes_path are taken
          -D [AREA,...]              print what is read and what becomes of each message (areas config,
                                     archive-iterator, bayes, learn)
          --use-ignores, -L          accepted for scripts and without effect
          -V, -h                     version, this text
        """
}
