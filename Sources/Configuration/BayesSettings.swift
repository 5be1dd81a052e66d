package import MailModel

extension Settings {
    /// The spam scorer.
    package struct Bayes: Sendable, Equatable {
        package var enabled = true
        /// Directory of the databases; empty means `bayes` in the state directory.
        package var path = ""
        /// Whose database judges a message.
        package var databases = BayesDatabaseScope.shared
        /// Databases of users and domains that are held open.
        package var openDatabases = 64
        /// Tokens that are counted; beyond it the least telling and oldest go.
        package var tokens = 2_000_000
        /// Learnt messages that are kept to learn from again.
        package var messages = 20_000
        /// Messages of spam and of ham each below which nothing is judged.
        package var minimum = 200
        /// Messages nearly alike of one class that are learnt.
        package var nearDuplicates = 50
        /// The words that decided are kept with what is kept of a message.
        package var explains = false
        package var redis = Redis()
        package var autolearn = Autolearn()
        package init() {}
    }

    /// A Redis server that keeps the databases.
    package struct Redis: Sendable, Equatable {
        /// nil keeps them in the directory.
        package var server: ServerAddress?
        /// Who logs in with the password; empty is the server's default user.
        package var user = ""
        /// A file whose first line is the password; empty without.
        package var passwordFile = ""
        package var database = 0
        /// Before the names of all keys.
        package var prefix = "mailreeve:bayes:"
        /// Seconds for connecting and for each answer.
        package var timeout = 2
        package init() {}
    }

    /// Learning from mail that other tests are sure of.
    package struct Autolearn: Sendable, Equatable {
        package var enabled = false
        /// Points from which a message is learnt as spam.
        package var spam = 12.0
        /// Points below which a message is learnt as ham.
        package var ham = 0.1
        /// Learn only where learnt mail was not yet sure.
        package var onError = false
        /// Messages of one sender that are learnt in a day.
        package var perSender = 20
        /// Messages of clients in one network that are learnt in a day.
        package var perNetwork = 50
        /// Messages that are learnt in a day, for each database.
        package var perDay = 500
        /// Percent of the learnt messages that are kept which may have been learnt so.
        package var share = 50
        package init() {}
    }

    /// Whose database judges a message.
    package enum BayesDatabaseScope: String, Sendable, Equatable, CaseIterable {
        /// One for all.
        case shared
        /// That of the domain, where all recipients are of one.
        case domain
        /// That of the recipient, where there is one alone.
        case user
    }
}
