/// How much mail may teach by itself on one day: one sender, the network of one client, all mail together. Names of senders
/// are made up at will, networks less easily, and what both leave is bounded by the day (evasion H2: crafted mail that
/// teaches the filter).
package struct AutolearningQuota: Sendable {
    /// Messages of a day.
    package struct Limits: Hashable, Sendable {
        package var perSender: Int
        package var perNetwork: Int
        /// For each database.
        package var perDay: Int

        package init(perSender: Int, perNetwork: Int, perDay: Int) {
            self.perSender = perSender
            self.perNetwork = perNetwork
            self.perDay = perDay
        }
    }

    /// Whose message would teach, and what.
    package struct Teacher: Hashable, Sendable {
        /// The reverse-path.
        package var sender: [UInt8]
        /// Octets of the client's network; nil where the client is not known.
        package var network: [UInt8]?
        /// The database; empty for the shared one.
        package var database: String

        package init(sender: [UInt8], network: [UInt8]?, database: String) {
            self.sender = sender
            self.network = network
            self.database = database
        }
    }

    /// Senders, networks and databases, of each, that are remembered for a day.
    package static let remembered = 10_000

    /// More than are remembered came on the day: what is not remembered teaches nothing.
    package private(set) var isFull = false
    private var day = 0
    private var senders: [[UInt8]: Int] = [:]
    private var networks: [[UInt8]: Int] = [:]
    private var databases: [String: Int] = [:]

    package init() {}

    /// Begins a day, if it is another one; true then.
    package mutating func begin(day: Int) -> Bool {
        guard self.day != day else { return false }
        self = AutolearningQuota()
        self.day = day
        return true
    }

    /// True when the message may teach on the day that was begun: its share is taken then.
    package mutating func take(_ teacher: Teacher, _ limits: Limits) -> Bool {
        let isKnown =
            (senders[teacher.sender] != nil || senders.count < Self.remembered)
            && (teacher.network.map { networks[$0] != nil } ?? true || networks.count < Self.remembered)
            && (databases[teacher.database] != nil || databases.count < Self.remembered)
        guard isKnown else {
            isFull = true
            return false
        }
        guard senders[teacher.sender, default: 0] < limits.perSender,
            teacher.network.map({ networks[$0, default: 0] < limits.perNetwork }) ?? true,
            databases[teacher.database, default: 0] < limits.perDay
        else { return false }
        count(teacher, 1)
        return true
    }

    /// Gives back a share that was taken on a day.
    package mutating func giveBack(_ teacher: Teacher, day: Int) {
        guard self.day == day, senders[teacher.sender, default: 0] > 0 else { return }
        count(teacher, -1)
    }

    private mutating func count(_ teacher: Teacher, _ step: Int) {
        senders[teacher.sender, default: 0] += step
        if let network = teacher.network { networks[network, default: 0] += step }
        databases[teacher.database, default: 0] += step
    }
}
