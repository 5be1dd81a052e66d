package import Bayes
internal import Bytes
package import Configuration
internal import DomainNames
internal import Glibc
internal import Linux
internal import MailModel
internal import Policy
internal import Synchronization

/// The databases of learnt mail: the shared one, and those of users and domains. A process opens each once, and keeps it
/// open over reloads: LMDB's locks do not survive a second opening. Its calls block.
package final class LearntDatabases: Sendable {
    /// Where databases are.
    enum Place: Hashable, Sendable {
        case directory(String)
        case redis(RedisServer, prefix: String)
    }

    /// Octets of the map of a user's or domain's database at first.
    private static let ownMapSize = 16 << 20

    let place: Place
    private let isReadOnly: Bool
    /// Databases of users and domains that are held open.
    private let limit: Int
    private let table = Mutex(Table())

    private struct Entry {
        var store: any KeyValueStore
        var uses = 0
        var lastUse: UInt64 = 0
    }

    private struct Table {
        var entries: [String: Entry] = [:]
        var clock: UInt64 = 0
    }

    /// Opens nothing yet.
    /// - Parameters:
    ///   - directory: in place of that of the settings, and of their server.
    ///   - isReadOnly: databases that are not there are not made.
    /// - Throws: when the server's password cannot be read.
    package init(_ settings: Settings, directory: String? = nil, isReadOnly: Bool = false) throws {
        place = try Self.place(settings, directory)
        limit = settings.bayes.openDatabases
        self.isReadOnly = isReadOnly
    }

    static func place(_ settings: Settings, _ directory: String?) throws -> Place {
        if let directory { return .directory(directory) }
        let redis = settings.bayes.redis
        guard let server = redis.server else { return .directory(settings.bayesDirectory) }
        let address: RedisServer.Address =
            switch server {
            case .tcp(let host, let port): .tcp(host: host, port: port)
            case .unix(let path): .unix(path: path)
            }
        return .redis(
            RedisServer(
                address: address, user: redis.user, password: try password(redis.passwordFile),
                database: redis.database, timeout: redis.timeout * 1000), prefix: redis.prefix)
    }

    /// Octets of a file with a password.
    private static let passwordSize = 4096

    private static func password(_ path: String) throws -> String {
        if path.isEmpty { return "" }
        let bytes = try Descriptor.open(path, O_RDONLY).read(at: 0, count: passwordSize)
        return String(decoding: bytes.prefix { $0 != 0x0A && $0 != 0x0D }, as: UTF8.self)
    }

    // MARK: - Names

    /// The name of the database that belongs to all of these recipients; nil for the shared one. Addresses are told apart
    /// without regard to case and to extensions: a sender could write any.
    static func name(
        _ recipients: [Recipient], _ scope: Settings.BayesDatabaseScope, delimiters: String
    ) -> String? {
        if scope == .shared { return nil }
        var found: String?
        for recipient in recipients {
            let path = MailPath(bytes: DomainNames.inASCII(recipient.path.bytes))
            guard var domain = path.domain, !domain.isEmpty else { return nil }
            // The dot of the root, as of addresses that are looked up.
            if domain.last == 0x2E { domain.removeLast() }
            let name = name(
                scope == .user ? LookupAddress(path, delimiters: delimiters).mailbox : [0x40] + domain)
            if let found, found != name { return nil }
            found = name
        }
        return found
    }

    /// The name of the database that belongs to an address or `@domain`.
    package static func name(of user: String, _ settings: Settings) -> String? {
        name(
            [Recipient(path: MailPath(user))], settings.bayes.databases, delimiters: settings.recipientDelimiter)
    }

    /// The name of the database of an address or `@domain`, in whichever case and spelling.
    private static func name(_ address: [UInt8]) -> String {
        String(decoding: foldedCase(DomainNames.inASCII(address)), as: UTF8.self)
    }

    /// Below the shared database: where the database of a user or domain is.
    private static func ownDirectory(_ base: String, _ name: String) -> String {
        "\(base)/users/\(escaped(name))"
    }

    /// A name as one path component: whatever is no letter, digit, `-`, `_`, `@` or inner dot becomes `%XX`. A longer name
    /// is told from others by its digest.
    package static func escaped(_ name: String) -> String {
        var out = ""
        for (index, byte) in name.utf8.enumerated() {
            switch byte {
            case 0x30...0x39, 0x40...0x5A, 0x61...0x7A, 0x2D, 0x5F: out += String(UnicodeScalar(byte))
            case 0x2E where index > 0: out += "."
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                out += "%" + (digits.utf8.count == 1 ? "0" : "") + digits
            }
        }
        guard out.utf8.count > nameSize else { return out }
        return String(out.prefix(nameSize - 65)) + "%" + MessageIdentity.digest(Array(name.utf8))
    }

    /// Octets of a path component.
    private static let nameSize = 200

    // MARK: - Use

    /// The directory of a database; nil where a server keeps it.
    package func directory(_ name: String?) -> String? {
        guard case .directory(let base) = place else { return nil }
        return name.map { Self.ownDirectory(base, $0) } ?? base
    }

    /// A database for the rest of the process; made when it is not there.
    package func keep(_ name: String?) throws -> any KeyValueStore {
        let component = Self.component(name)
        guard try reserve(component, making: true), let store = table.withLock({ $0.entries[component]?.store }) else {
            throw GatewayError("\(name ?? "the shared database"): not there")
        }
        return store
    }

    /// Lends the database of each user and domain in turn.
    package func forEachOwn(_ body: (any KeyValueStore) throws -> Void) throws {
        let components =
            switch place {
            case .directory(let base): (try? directoryNames(base + "/users").filter { !$0.hasPrefix(".") }) ?? []
            case .redis(let server, let prefix): try RedisStore.ownComponents(server, prefix: prefix)
            }
        for component in components.sorted() { _ = try lend(component, making: false, body) }
    }

    /// Lends a database.
    /// - Parameters:
    ///   - name: of a user or domain; nil for the shared one.
    ///   - making: make it when it is not there.
    /// - Returns: nil when it is not there.
    func with<Result>(
        _ name: String?, making: Bool = false, _ body: (any KeyValueStore) throws -> Result
    ) throws -> Result? {
        BlockingCheck.mayBlock("a database of learnt mail")
        return try lend(Self.component(name), making: making && !isReadOnly, body)
    }

    private func lend<Result>(
        _ component: String, making: Bool, _ body: (any KeyValueStore) throws -> Result
    ) throws -> Result? {
        guard try reserve(component, making: making) else { return nil }
        defer { giveBack(component) }
        return try use(component, body)
    }

    /// The one place that holds a reference to a store that is lent: it ends with the call, before the store is given back.
    /// What is closed while somebody still held it could be opened a second time.
    @inline(never)
    private func use<Result>(
        _ component: String, _ body: (any KeyValueStore) throws -> Result
    ) throws -> Result? {
        guard let store = table.withLock({ $0.entries[component]?.store }) else { return nil }
        return try body(store)
    }

    private static func component(_ name: String?) -> String { name.map(escaped) ?? "" }

    /// Opens a database and holds it until `giveBack`.
    /// - Parameter component: the name as it stands in paths and keys; empty for the shared database.
    /// - Returns: false when it is not there.
    private func reserve(_ component: String, making: Bool) throws -> Bool {
        // Opening and closing under the lock: a database must not be opened while it is being closed.
        try table.withLock { table in
            table.clock += 1
            let clock = table.clock
            // One that was moved away under a daemon (restored from a copy, begun anew) would be judged by and taught for ever.
            let isGone = table.entries[component].map { $0.uses == 0 && $0.store.isReplaced } ?? false
            if isGone { table.entries[component] = nil }
            if table.entries[component] != nil {
                table.entries[component]?.uses += 1
                table.entries[component]?.lastUse = clock
                return true
            }
            guard let store = try open(component, making: making) else { return false }
            table.entries[component] = Entry(store: store, uses: 1, lastUse: clock)
            while table.entries.count > limit + 1 {
                let idle = table.entries.filter { !$0.key.isEmpty && $0.value.uses == 0 }
                guard let oldest = idle.min(by: { $0.value.lastUse < $1.value.lastUse }) else { break }
                table.entries[oldest.key] = nil
            }
            return true
        }
    }

    private func giveBack(_ component: String) {
        table.withLock { $0.entries[component]?.uses -= 1 }
    }

    private func open(_ component: String, making: Bool) throws -> (any KeyValueStore)? {
        switch place {
        case .redis(let server, let prefix):
            return RedisStore(server, prefix: component.isEmpty ? prefix : RedisStore.ownPrefix(prefix, component))
        case .directory(let base):
            let directory = component.isEmpty ? base : "\(base)/users/\(component)"
            guard making || access(directory + "/data.mdb", F_OK) == 0 else { return nil }
            return try LMDBStore(
                directory: directory, firstMapSize: component.isEmpty ? LMDBStore.firstMapSize : Self.ownMapSize,
                readOnly: isReadOnly)
        }
    }
}
