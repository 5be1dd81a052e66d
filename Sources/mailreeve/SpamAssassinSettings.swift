import Bytes
import Glibc
import Linux
import MailModel

/// What settings of SpamAssassin that the command line names say about learning. Of its default files none is read: they
/// describe another program's database.
struct SpamAssassinSettings {
    /// Where a command line names settings.
    enum Place: Equatable {
        /// `-p`, `-C` and `--siteconfigpath`: a file, or a directory of files `*.cf`.
        case path(OctetPath)
        /// `--cf`
        case line(String)
    }

    /// `use_bayes 0`: nothing is learnt.
    private(set) var isDisabled = false
    /// `bayes_path`, a directory here.
    private(set) var databasePath: String?
    /// Settings about learning that have no effect here, in their order, with the setting that has.
    private(set) var untaken: [String] = []

    /// Files of a directory.
    private static let fileLimit = 1000
    /// Octets of a file.
    private static let sizeLimit = 16 << 20

    private let debug: LearnDebug

    /// Reads all places: the later one holds.
    init(_ places: [Place], _ debug: LearnDebug) {
        self.debug = debug
        for place in places {
            switch place {
            case .path(let path): read(path)
            case .line(let line): take(Array(line.utf8)[...], from: "--cf")
            }
        }
    }

    private mutating func read(_ path: OctetPath) {
        var files = [path]
        if let names = try? entryNames(path) {
            files = names.filter { $0.hasSuffix(".cf") && !$0.hasPrefix(".") }.sorted().prefix(Self.fileLimit)
                .map(path.appending)
        }
        for file in files {
            let name = LearnSource.shown(file)
            do throws(SystemError) {
                let text = try LearnSource.whole(file, limit: Self.sizeLimit)
                debug.say(.config, "\(name): read")
                var depth = 0
                for line in text.split(separator: 0x0A) {
                    let words = Self.words(line)
                    switch words.name {
                    case "if", "ifplugin": depth += 1
                    case "endif": depth = max(0, depth - 1)
                    // Nobody evaluates conditions here.
                    default: take(line, from: name, isConditional: depth > 0)
                    }
                }
            } catch {
                LearnSource.complain("settings of SpamAssassin: \(error)")
            }
        }
    }

    private static func words(_ line: ArraySlice<UInt8>) -> (name: String, value: ArraySlice<UInt8>) {
        let text = line.prefix { $0 != 0x23 }.drop { $0 <= 0x20 }
        let name = text.prefix { $0 > 0x20 }
        var value = text[name.endIndex...].drop { $0 <= 0x20 }
        while let last = value.last, last <= 0x20 { value.removeLast() }
        return (String(decoding: name.map(asciiLower), as: UTF8.self), value)
    }

    private mutating func take(_ line: ArraySlice<UInt8>, from source: String, isConditional: Bool = false) {
        let (name, value) = Self.words(line)
        guard name.hasPrefix("bayes_") || name.hasPrefix("use_bayes") || name == "use_learner" else { return }
        let shown = "\(source): \(Escaping.text(Array(name.utf8))) \(Escaping.text(value))"
        if !isConditional {
            switch (name, String(validating: value, as: UTF8.self)) {
            case ("use_bayes", "0"), ("use_bayes", "1"):
                isDisabled = value.first == 0x30
                return debug.say(.config, shown)
            case ("bayes_path", .some(let path)) where !path.isEmpty:
                databasePath = Self.atHome(path)
                return debug.say(.config, shown)
            default: break
            }
        }
        debug.say(.config, "\(shown): not taken")
        let text = Escaping.text(Array(name.utf8)) + (Self.ours[name].map { " (here \($0))" } ?? "")
        if !untaken.contains(text), untaken.count < Self.fileLimit { untaken.append(text) }
    }

    /// `~` is the home of who runs the program.
    private static func atHome(_ path: String) -> String {
        guard path == "~" || path.hasPrefix("~/"), let home = getenv("HOME") else { return path }
        return String(cString: home) + path.dropFirst()
    }

    /// Our own settings that do what theirs do.
    private static let ours = [
        "bayes_min_spam_num": "bayes.minimum", "bayes_min_ham_num": "bayes.minimum",
        "bayes_expiry_max_db_size": "bayes.tokens", "bayes_auto_learn": "bayes.autolearn",
        "bayes_auto_learn_threshold_spam": "bayes.autolearn_spam",
        "bayes_auto_learn_threshold_nonspam": "bayes.autolearn_ham",
        "bayes_auto_learn_on_error": "bayes.autolearn_on_error", "bayes_store_module": "bayes.redis_server",
        "bayes_sql_dsn": "bayes.redis_server", "bayes_sql_override_username": "bayes.databases and -u",
    ]
}
