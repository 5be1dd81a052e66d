internal import Linux
internal import Logging
package import MailModel
package import NIOCore
package import NIOPosix
internal import Synchronization

/// The back door: hands messages to next hops.
///
/// A message is prepared first (a next hop took the envelope and holds the body) and committed then, so that several
/// transactions of one message can all be taken before the first is final.
package final class NextHopClient: Sendable {
    private struct Lane: Sendable {
        let loop: any EventLoop
        let pool: NIOLoopBound<NextHopPool>
    }

    private let options: NextHopOptions
    private let lanes: [Lane]
    private let disk: NIOThreadPool
    private let turn = Atomic<Int>(0)

    /// - Parameters:
    ///   - group: event loops of the connections; not shut down here.
    ///   - disk: threads that read large messages and write Maildirs; not shut down here.
    package init(group: any EventLoopGroup, options: NextHopOptions, disk: NIOThreadPool) async {
        self.options = options
        self.disk = disk
        var lanes: [Lane] = []
        for loop in group.makeIterator() {
            let made = loop.submit {
                Lane(loop: loop, pool: NIOLoopBound(NextHopPool(loop: loop, options: options), eventLoop: loop))
            }
            if let lane = try? await made.get() { lanes.append(lane) }
        }
        self.lanes = lanes
    }

    deinit {
        closeIdleConnections()
    }

    /// Offers a message to the next hops in their order until one answers. One that cannot be spoken to (connect,
    /// greeting, EHLO, TLS, a connection lost before the final dot) makes room for the next; a refusal of the
    /// transaction is an answer and goes to the caller. Cancelling the task gives the message up.
    package func prepare(_ message: OutgoingMessage, hops: [NextHop]) async -> PreparationResult {
        var attempts: [NextHopFailure.Attempt] = []
        for hop in hops {
            switch hop {
            case .maildir(let path):
                let outcome = await prepareMaildir(message, hop, path)
                switch outcome {
                case .ready(let prepared): return .ready(prepared)
                case .failed(let failure): attempts.append(NextHopFailure.Attempt(hop, failure))
                }
            case .smtp(let endpoint), .lmtp(let endpoint):
                guard let lane = nextLane() else { break }
                let delivery = Delivery(
                    message, hop: hop, endpoint: endpoint, pool: lane.pool, loop: lane.loop, disk: disk)
                switch await prepare(delivery) {
                case .ready(let replies, let offersDSN):
                    return .ready(
                        Prepared(
                            hop: hop, recipientReplies: replies, offersDSN: offersDSN, way: .delivery(delivery)))
                case .refused(let replies): return .refused(hop, replies)
                case .failed(let failure): attempts.append(NextHopFailure.Attempt(hop, failure))
                }
            }
            if Task.isCancelled { break }
        }
        return .unavailable(NextHopFailure(attempts: attempts))
    }

    /// Closes the connections that nobody uses.
    package func closeIdleConnections() {
        for lane in lanes {
            lane.loop.execute { lane.pool.value.closeIdle() }
        }
    }

    private func nextLane() -> Lane? {
        guard !lanes.isEmpty else { return nil }
        let number = turn.wrappingAdd(1, ordering: .relaxed).newValue
        return lanes[(number & Int.max) % lanes.count]
    }

    private func prepare(_ delivery: Delivery) async -> Delivery.Outcome {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                delivery.loop.execute { delivery.start(continuation) }
            }
        } onCancel: {
            delivery.loop.execute { delivery.abort() }
        }
    }

    private enum MaildirOutcome {
        case ready(Prepared)
        case failed(Delivery.Failure)
    }

    private func prepareMaildir(_ message: OutgoingMessage, _ hop: NextHop, _ path: String) async -> MaildirOutcome {
        let maildir = Maildir(path: path, hostname: options.heloName)
        do {
            let stored = try await disk.runIfActive { try maildir.store(message) }
            let reply = Reply(250, EnhancedStatus(2, 1, 5), "Ok")
            let replies = message.recipients.map { _ in reply }
            let prepared = Prepared(
                hop: hop, recipientReplies: replies, offersDSN: false, way: .maildir(stored, disk))
            return .ready(prepared)
        } catch {
            return .failed(Delivery.Failure(words: "it cannot be written", detail: "\(error)"))
        }
    }
}

/// A next hop holds the envelope and the body and waits. Dropping it without `commit` gives the message up.
package final class Prepared: Sendable {
    enum Way: Sendable {
        case delivery(Delivery)
        case maildir(Maildir.Stored, NIOThreadPool)
    }

    /// Which next hop it is.
    package let hop: NextHop
    /// One for each recipient; at least one of them is positive.
    package let recipientReplies: [Reply]
    /// It tells the sender by itself of what becomes of the message (RFC 3461); else that is left to us.
    package let offersDSN: Bool
    private let way: Way
    private let settled = Atomic<Bool>(false)

    init(hop: NextHop, recipientReplies: [Reply], offersDSN: Bool, way: Way) {
        self.hop = hop
        self.recipientReplies = recipientReplies
        self.offersDSN = offersDSN
        self.way = way
    }

    deinit {
        abort()
    }

    /// Ends the message. Returns one reply for each recipient: refused ones keep the reply to their RCPT. When the
    /// connection ends without a reply, the reply is temporary and says that the message may have been delivered; it
    /// is not sent again. A second call returns 451 for everybody.
    /// - Parameter deadline: for all replies, within `NextHopOptions.dataDoneTimeout`; when it has passed already, the message is given
    ///   up before the final dot, so that nobody gets it whose client is told to try again. A Maildir, where nobody waits for a reply,
    ///   takes it all the same.
    package func commit(until deadline: ContinuousClock.Instant? = nil) async -> [Reply] {
        guard settled.compareExchange(expected: false, desired: true, ordering: .acquiringAndReleasing).exchanged else {
            return recipientReplies.map { _ in
                Reply(451, EnhancedStatus(4, 5, 0), "Error in processing", cause: "the message was settled before")
            }
        }
        switch way {
        case .delivery(let delivery):
            return await withCheckedContinuation { continuation in
                delivery.loop.execute { delivery.commit(continuation, until: deadline) }
            }
        case .maildir(let stored, let disk):
            let reply: Reply
            do {
                try await disk.runIfActive { try stored.commit() }
                reply = Reply(250, EnhancedStatus(2, 0, 0), "Ok: queued as \(stored.name)")
            } catch {
                reply = Reply(451, EnhancedStatus(4, 3, 0), "Error: queue file write error", cause: "\(error)")
            }
            return recipientReplies.map { _ in reply }
        }
    }

    /// Gives the message up; without effect after `commit`.
    package func abort() {
        guard settled.compareExchange(expected: false, desired: true, ordering: .acquiringAndReleasing).exchanged else {
            return
        }
        switch way {
        case .delivery(let delivery): delivery.loop.execute { delivery.abort() }
        case .maildir(let stored, let disk): disk.submit { _ in stored.abort() }
        }
    }
}
