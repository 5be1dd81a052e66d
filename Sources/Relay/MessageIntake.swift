internal import MailModel
internal import NIOCore
internal import NIOPosix
internal import SMTP
internal import Stores

/// One message on its way from a connection into the spool. Confined to the connection's event loop; only the appends
/// that touch a disk run on the thread pool, one at a time, while the connection is not read.
final class MessageIntake {
    let envelope: Envelope
    private let writer: SpoolWriter
    private let pool: NIOThreadPool
    private let loop: any EventLoop
    /// Octets that came while an append was under way: at most what one read cycle brings.
    private var waiting: [UInt8] = []
    private var writing = false
    private var abandoned = false
    private var failure: SpoolError?
    private var facts: IntakeFacts?
    /// Called when reading may go on after a pause.
    var writable: () -> Void = {}
    /// Called once, after `end`, with the stored message or the reason why there is none.
    var completed: (Result<MessageFile, SpoolError>, IntakeFacts) -> Void = { _, _ in }

    init(envelope: Envelope, writer: SpoolWriter, pool: NIOThreadPool, loop: any EventLoop) {
        self.envelope = envelope
        self.writer = writer
        self.pool = pool
        self.loop = loop
    }

    /// The connection must not be read: a disk is being waited for.
    var isBusy: Bool { writing }

    /// Adds octets. After a failure they are dropped: the client finds out at the end of its data.
    func append(_ bytes: [UInt8]) {
        guard failure == nil, !abandoned else { return }
        if writing {
            waiting += bytes
        } else if writer.needsDisk(for: bytes.count) {
            write(bytes)
        } else {
            do throws(SpoolError) {
                try writer.append(bytes)
            } catch {
                failure = error
            }
        }
    }

    /// The last octet is there.
    func end(_ facts: IntakeFacts) {
        self.facts = facts
        if !writing { complete() }
    }

    /// Nobody wants the message any more; its place in the spool is free when the last append has ended.
    func abandon() {
        abandoned = true
        waiting = []
        writable = {}
        completed = { _, _ in }
    }

    private func write(_ bytes: [UInt8]) {
        writing = true
        let writer = writer
        let result = pool.runIfActive(eventLoop: loop) { () -> SpoolError? in
            do throws(SpoolError) {
                try writer.append(bytes)
                return nil
            } catch {
                return error
            }
        }
        result.assumeIsolated().whenComplete { outcome in
            switch outcome {
            case .success(let error): self.failure = error
            case .failure: self.failure = .full("the spool is closed")
            }
            self.written()
        }
    }

    private func written() {
        writing = false
        guard !abandoned else { return }
        if failure != nil { waiting = [] }
        if !waiting.isEmpty {
            let bytes = waiting
            waiting = []
            write(bytes)
        } else if facts != nil {
            complete()
        } else {
            writable()
        }
    }

    private func complete() {
        guard let facts else { return }
        let completed = completed
        abandon()
        if let failure {
            completed(.failure(failure), facts)
            return
        }
        do throws(SpoolError) {
            completed(.success(try writer.finish()), facts)
        } catch {
            completed(.failure(error), facts)
        }
    }
}

extension SpoolError {
    /// What the client is told: it keeps the message and tries again.
    var reply: Reply {
        switch self {
        case .full: Reply(452, EnhancedStatus(4, 3, 1), "Error: insufficient system storage", cause: cause)
        case .failed: Reply(451, EnhancedStatus(4, 3, 0), "Error: queue file write error", cause: cause)
        }
    }
}
