package import Linux
package import MailModel
package import NIOPosix

/// Puts copies of messages into files of this host.
package struct CopyFiles: Sendable {
    private let hostname: String
    private let disk: NIOThreadPool

    /// Between two tries to lock an mbox file. No thread waits meanwhile.
    private static let lockDelay = Duration.milliseconds(100)

    /// - Parameters:
    ///   - hostname: becomes part of the names of files, and the name of the client in batch SMTP.
    ///   - disk: threads that write; not shut down here.
    package init(hostname: String, disk: NIOThreadPool) {
        self.hostname = hostname
        self.disk = disk
    }

    /// Stores a copy in a Maildir, below a `Return-Path`; when this returns it is on the disk.
    package func store(_ copy: FiledCopy, inMaildir path: String) async throws {
        let maildir = Maildir(path: path, hostname: hostname)
        try await disk.runIfActive {
            let stored = try maildir.store(copy.body, below: Maildir.returnPath(copy.reversePath))
            do {
                try stored.commit()
            } catch {
                stored.abort()
                throw error
            }
        }
    }

    /// Stores a copy in a directory of batch SMTP files, with its envelope; when this returns it is on the disk.
    /// - Parameter id: becomes the name of the file.
    package func store(_ copy: OutgoingMessage, id: String, inBatches path: String) async throws {
        let directory = BatchDirectory(path: path, hostname: hostname)
        try await disk.runIfActive { try directory.store(copy, id: id) }
    }

    /// Removes what a crash left of files that nobody was told of, while nobody writes any. Blocks on a disk.
    package static func removeUnfinished(in places: some Sequence<CopyPlace>) throws(SystemError) {
        for case .bsmtp(let path) in places { try BatchDirectory.removeUnfinished(in: path) }
    }

    /// Appends a copy to an mbox file; when this returns it is on the disk.
    /// - Parameter deadline: until when another program's lock is waited for.
    /// - Returns: remarks for the log.
    package func append(
        _ copy: FiledCopy, toMbox path: String, until deadline: ContinuousClock.Instant
    ) async throws -> [String] {
        while true {
            do {
                return try await disk.runIfActive { try Mbox(path: path).append(copy) }
            } catch Mbox.Failure.locked(let path) {
                guard .now + Self.lockDelay < deadline else { throw Mbox.Failure.locked(path: path) }
            }
            try await Task.sleep(for: Self.lockDelay)
        }
    }
}
