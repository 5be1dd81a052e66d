internal import Linux
internal import MailModel
internal import NIOCore
internal import NIOPosix
internal import SMTP
internal import Stores

/// One message to one next hop. All state belongs to the event loop of its connections; the async side only enters by
/// `loop.execute`.
final class Delivery: @unchecked Sendable {
    enum Outcome: Sendable {
        /// Recipients are taken and the body is with the peer, or lies ready for one last write.
        case ready([Reply], offersDSN: Bool)
        case refused([Reply])
        case failed(Failure)
    }

    /// Why a next hop could not be spoken to, escaped.
    struct Failure: Sendable {
        /// For everybody.
        var words: String
        /// What a library or the system says, for the log.
        var detail: String?
        /// There was a connection.
        var isConnected = true
    }

    private enum State {
        case idle
        case preparing(CheckedContinuation<Outcome, Never>)
        case prepared
        case committing(CheckedContinuation<[Reply], Never>)
        case over
    }

    let transaction: ClientTransaction
    let loop: any EventLoop
    private let hop: NextHop
    private let endpoint: Endpoint
    private let body: OutgoingBody
    private let pool: NIOLoopBound<NextHopPool>
    private let disk: NIOThreadPool
    private var state = State.idle
    private var connection: NextHopConnection?
    private var retried = false
    private var attempt = 0
    private var recipientReplies: [Reply] = []
    private var offersDSN = false
    private var stuffer = DotStuffer()
    private var position = 0
    private var reading = false

    /// A body up to this size waits for the commit and leaves in one write with the final dot.
    private static let heldBody = 65_536

    init(
        _ message: OutgoingMessage, hop: NextHop, endpoint: Endpoint, pool: NIOLoopBound<NextHopPool>,
        loop: any EventLoop,
        disk: NIOThreadPool
    ) {
        transaction = ClientTransaction(
            reversePath: message.reversePath, parameters: message.parameters, recipients: message.recipients,
            forwarded: message.forwarded, messageSize: message.body.count, hasEightBit: message.hasEightBit)
        body = message.body
        self.hop = hop
        self.endpoint = endpoint
        self.pool = pool
        self.loop = loop
        self.disk = disk
    }

    // MARK: From the async side, on the loop

    func start(_ continuation: CheckedContinuation<Outcome, Never>) {
        guard case .idle = state else {
            continuation.resume(returning: .failed(Failure(words: "cancelled")))
            return
        }
        state = .preparing(continuation)
        if let unused = pool.value.takeIdle(hop) {
            connection = unused
            unused.begin(self)
        } else {
            pool.value.connect(hop, endpoint, for: self)
        }
    }

    func commit(_ continuation: CheckedContinuation<[Reply], Never>, until deadline: ContinuousClock.Instant?) {
        guard case .prepared = state, let connection else {
            let why = "Connection to the next hop was lost before the end of the message"
            continuation.resume(returning: merged(Reply(451, EnhancedStatus(4, 4, 2), why)))
            return
        }
        let left = deadline.map { ContinuousClock.now.duration(to: $0) }
        if let left, left <= .zero {
            state = .over
            abandonConnection()
            let why = "No time was left for the end of the message"
            continuation.resume(returning: merged(Reply(451, EnhancedStatus(4, 4, 2), why)))
            return
        }
        state = .committing(continuation)
        var rest: [UInt8] = []
        if position < body.count {
            do throws(SystemError) {
                let chunk = try body.read(at: position)
                stuffer.stuff(chunk.span, into: &rest)
            } catch {
                abandonConnection()
                finished(merged(Reply(451, EnhancedStatus(4, 3, 0), "Error in processing", cause: "\(error)")))
                return
            }
        }
        connection.commit(rest: rest, after: stuffer, within: left)
    }

    /// Gives the message up, if it is not committed yet.
    func abort() {
        switch state {
        case .over, .committing: return
        case .idle, .prepared:
            state = .over
        case .preparing(let continuation):
            state = .over
            continuation.resume(returning: .failed(Failure(words: "cancelled")))
        }
        abandonConnection()
    }

    // MARK: From the connection

    func use(_ connection: NextHopConnection) {
        self.connection = connection
    }

    func goAhead(_ replies: [Reply]) {
        recipientReplies = replies
        offersDSN = connection?.offersDSN ?? false
        position = 0
        stuffer = DotStuffer()
        if body.count == 0 || (body.file.inMemory && body.count <= Self.heldBody) {
            prepared(.ready(replies, offersDSN: offersDSN))
        } else {
            sendMore()
        }
    }

    func refused(_ replies: [Reply]) {
        connection = nil
        prepared(.refused(replies))
    }

    func finished(_ replies: [Reply]) {
        connection = nil
        guard case .committing(let continuation) = state else { return }
        state = .over
        continuation.resume(returning: replies)
    }

    /// The connection ended without a result. Before the final dot a reused one is replaced once: its end may be older
    /// than this message.
    func failed(_ failure: ClientFailure, reused: Bool) {
        connection = nil
        switch state {
        case .idle, .over: return
        case .preparing where reused && !retried:
            retried = true
            attempt += 1
            recipientReplies = []
            reading = false
            pool.value.connect(hop, endpoint, for: self)
        case .preparing:
            prepared(
                .failed(
                    Failure(
                        words: Escaping.text(failure.cause), detail: failure.detail.map { Escaping.text($0) },
                        isConnected: failure.kind != .notConnected)))
        case .prepared: state = .over
        case .committing: finished(repliesAfter(failure))
        }
    }

    func writable() {
        if case .preparing = state, !recipientReplies.isEmpty { sendMore() }
    }

    // MARK: The body

    private func sendMore() {
        guard !reading, position < body.count else { return }
        if body.file.inMemory {
            do throws(SystemError) {
                var more = true
                while more {
                    let chunk = try body.read(at: position)
                    more = send(chunk)
                }
            } catch {
                cannotRead(error)
            }
        } else {
            readFromDisk()
        }
    }

    private func readFromDisk() {
        reading = true
        let (body, position, attempt) = (body, position, attempt)
        let result = disk.runIfActive(eventLoop: loop) { () -> Result<[UInt8], SystemError> in
            do throws(SystemError) {
                return .success(try body.read(at: position))
            } catch {
                return .failure(error)
            }
        }
        result.assumeIsolated().whenComplete { outcome in
            guard self.attempt == attempt else { return }
            self.reading = false
            guard case .preparing = self.state, self.connection != nil else { return }
            switch outcome {
            case .success(.success(let chunk)): if self.send(chunk) { self.sendMore() }
            case .success(.failure(let error)): self.cannotRead(error)
            case .failure: self.cannotRead(SystemError("read of a stored message", code: 11))
            }
        }
    }

    /// Sends one chunk; false when the peer must catch up first or everything is sent.
    private func send(_ chunk: [UInt8]) -> Bool {
        guard let connection else { return false }
        var bytes: [UInt8] = []
        stuffer.stuff(chunk.span, into: &bytes)
        position += chunk.count
        guard position >= body.count else { return connection.sendBody(bytes) }
        let written = loop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenSuccess {
            if case .preparing = self.state {
                self.prepared(.ready(self.recipientReplies, offersDSN: self.offersDSN))
            }
        }
        _ = connection.sendBody(bytes, written: written)
        return false
    }

    private func cannotRead(_ error: SystemError) {
        abandonConnection()
        prepared(.failed(Failure(words: "the message cannot be read", detail: "\(error)")))
    }

    private func abandonConnection() {
        let connection = connection
        self.connection = nil
        connection?.abort()
    }

    // MARK: Results

    private func prepared(_ outcome: Outcome) {
        guard case .preparing(let continuation) = state else { return }
        if case .ready = outcome {
            state = .prepared
            connection?.hold()
        } else {
            state = .over
        }
        continuation.resume(returning: outcome)
    }

    /// After the final dot: what the peer has said stays; of the rest nobody knows.
    private func repliesAfter(_ failure: ClientFailure) -> [Reply] {
        let cause = Escaping.text(failure.cause)
        let unknown =
            failure.messageAtRisk
            ? Reply(
                451, EnhancedStatus(4, 4, 2),
                "No reply to the end of the message; it may have been delivered (\(cause))")
            : Reply(451, EnhancedStatus(4, 4, 2), "The next hop gave the message up: \(cause)")
        return failure.recipientReplies.map { $0 ?? unknown }
    }

    /// `reply` for those recipients that were taken.
    private func merged(_ reply: Reply) -> [Reply] {
        recipientReplies.map { $0.isPositive ? reply : $0 }
    }
}
