internal import MailModel

private typealias Setting = SchemaKey<Settings>

/// Keys of the spam scorer.
let bayesKeys: [SchemaKey<Settings>] = [
    Setting("bayes.enabled", \.bayes.enabled, .flag, "Judge mail by what mailreeve learn was taught."),
    Setting(
        "bayes.path", \.bayes.path, .path(orEmpty: "bayes in the state directory"),
        "Directory of the databases of learnt mail."),
    Setting(
        "bayes.databases", \.bayes.databases, .choice,
        "Whose database judges: one for all; the domain's where all recipients are of one; the only recipient's."),
    Setting(
        "bayes.open_databases", \.bayes.openDatabases, .count(1...10_000),
        "Databases of users and domains that are held open at one time."),
    Setting(
        "bayes.tokens", \.bayes.tokens, .count(10_000...1_000_000_000),
        "Tokens that are counted. Beyond it the least telling and oldest go."),
    Setting(
        "bayes.messages", \.bayes.messages, .count(100...1_000_000),
        "Learnt messages that are kept, as tokens, to learn from again. Beyond it the oldest of the larger class go."),
    Setting(
        "bayes.minimum", \.bayes.minimum, .count(1...1_000_000),
        "Messages of spam and of ham each below which nothing is judged."),
    Setting(
        "bayes.near_duplicates", \.bayes.nearDuplicates, .count(1...1_000_000),
        "Messages nearly alike that are learnt in one class. More of them teach nothing but to trust them too much."),
    Setting(
        "bayes.explain", \.bayes.explains, .flag,
        "Name the words that decided, where tests are shown: journal, quarantine, X-Spam-Report. Mail is quoted there then."
    ),
    Setting(
        "bayes.redis_server", \.bayes.redis.server,
        ValueType<ServerAddress>.redisAddress.orNull(meaning: "the databases are in bayes.path"),
        "A Redis server that keeps the databases: 127.0.0.1:6379, \"[::1]:6379\", a host name, or unix:/path."),
    Setting(
        "bayes.redis_user", \.bayes.redis.user, .redisUser,
        "The user of the server's access control list (Redis 6) whose password it is."),
    Setting(
        "bayes.redis_password_file", \.bayes.redis.passwordFile, .path(orEmpty: "no password"),
        "A file whose first line is the server's password."),
    Setting(
        "bayes.redis_database", \.bayes.redis.database, .count(0...1_000_000), "Number of the server's database."),
    Setting(
        "bayes.redis_prefix", \.bayes.redis.prefix, .keyPrefix, "Stands before the names of all keys in the server."),
    Setting(
        "bayes.redis_timeout", \.bayes.redis.timeout, .duration(1...60),
        "Connecting, and each answer. A server that fails is not asked again for 5 seconds."),
    Setting("bayes.autolearn", \.bayes.autolearn.enabled, .flag, "Learn from mail that tests are sure of."),
    Setting(
        "bayes.autolearn_spam", \.bayes.autolearn.spam, .points,
        "Points, without those of learnt mail, from which mail is learnt as spam: 3 of the header, 3 of the body among them."
    ),
    Setting(
        "bayes.autolearn_ham", \.bayes.autolearn.ham, .points,
        "Points, without those of learnt mail, below which mail is learnt as ham."),
    Setting(
        "bayes.autolearn_on_error", \.bayes.autolearn.onError, .flag,
        "Learn only what learnt mail gave no BAYES_99, or no BAYES_00 to ham."),
    Setting(
        "bayes.autolearn_per_sender", \.bayes.autolearn.perSender, .count(1...1_000_000),
        "Messages that one sender can teach in a day."),
    Setting(
        "bayes.autolearn_per_network", \.bayes.autolearn.perNetwork, .count(1...1_000_000),
        "Messages that clients in one network (/24, /64) can teach in a day."),
    Setting(
        "bayes.autolearn_per_day", \.bayes.autolearn.perDay, .count(1...1_000_000),
        "Messages that all mail together can teach in a day, for each database."),
    Setting(
        "bayes.autolearn_share", \.bayes.autolearn.share, .count(1...100),
        "Percent of bayes.messages that may have been learnt by itself; beyond it the oldest of it goes."),
]

extension ValueType where Value == ServerAddress {
    /// Where a Redis server listens.
    static let redisAddress = ValueType.scalar(
        "address", expected: "an address such as 127.0.0.1:6379",
        parse: { text throws(ValueError) in try ServerAddress(parsing: text) }, write: { yamlText($0.description) })
}

extension ValueType where Value == String {
    /// A user of a Redis server.
    static let redisUser = ValueType.scalar(
        "name; or \"\": the default user", expected: "at most 128 octets without blanks",
        parse: { text throws(ValueError) in
            guard text.utf8.count <= 128, text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
                throw ValueError("'\(shown(text))' is not a name of at most 128 octets without blanks")
            }
            return text
        }, write: { yamlText($0) })

    /// What keys of a shared server begin with.
    static let keyPrefix = ValueType.scalar(
        "text", expected: "1 to 100 letters, digits and :-_.",
        parse: { text throws(ValueError) in
            let isFit = text.utf8.allSatisfy { isNameOctet($0) || $0 == 0x3A || $0 == 0x2E }
            guard isFit, (1...100).contains(text.utf8.count) else {
                throw ValueError("'\(shown(text))' is not 1 to 100 letters, digits and :-_.")
            }
            return text
        }, write: { yamlText($0) })
}
