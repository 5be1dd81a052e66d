internal import Foundation
internal import Glibc
internal import Linux
internal import Synchronization

/// The processes of a PostgreSQL server that serve Mailreeve's connections to one database, stopped: they acknowledge what they get,
/// and answer nothing. They go on when the object ends, or after 30 seconds, so that code that waits for ever fails rather than hangs.
package final class HungBackends: Sendable {
    private let processes: [pid_t]
    private let isResumed = Mutex(false)

    /// - Throws: when there are no connections.
    package init(of database: String, on server: PostgreSQLServer) throws {
        let answer = try server.sql(
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'mailreeve' AND datname = current_database()",
            in: database)
        processes = answer.split(separator: "\n").compactMap { pid_t($0) }
        guard !processes.isEmpty else { throw TimedOut("a connection to \(database)") }
        for process in processes { kill(process, SIGSTOP) }
        DispatchQueue.global().asyncAfter(deadline: .now() + 30) { [weak self] in self?.resume() }
    }

    deinit { resume() }

    /// Whether they go on.
    package var isOver: Bool { isResumed.withLock { $0 } }

    package func resume() {
        isResumed.withLock { isResumed in
            if !isResumed { for process in processes { kill(process, SIGCONT) } }
            isResumed = true
        }
    }
}
