internal import Configuration
package import MailModel
internal import NIOPosix
internal import Relay
internal import Stores

/// Sends digests one after the other to the next hops behind the gateway, as many as one run may, and as long as these answer.
package final class DigestSender {
    /// What became of a letter.
    package enum Outcome: Sendable {
        /// The next hop's reply for its recipient.
        case answered(Reply)
        /// No next hop was there, or it could not be made.
        case failed(String)
        /// It was not tried, and why: the same words for all of one cause.
        case notTried(String)
    }

    private let digest: QuarantineDigest
    private let builder: SetupBuilder
    private let spool: Spool
    private var clients: [Settings.NextHopTLS: NextHopClient] = [:]
    /// Letters that may still be tried.
    private var left: Int
    /// Failures in a row, of the next hops of policies.
    private var failures: [[NextHopAddress]: Int] = [:]

    package init(_ digest: QuarantineDigest) {
        self.digest = digest
        left = digest.settings.digests.letters
        builder = SetupBuilder(digest.settings)
        spool = QuarantineRelease.ownSpool(builder.spoolLimits)
    }

    /// Sends a letter by the next hops of the policy under which its newest message came, of `default` where that one is no more.
    package func send(_ letter: QuarantineDigest.Letter) async -> Outcome {
        let settings = digest.settings
        let policy =
            letter.policy.flatMap { settings.policies[$0] } ?? settings.policies["default"] ?? Settings.PolicySettings()
        guard left > 0 else { return .notTried("digests.letters is reached") }
        guard failures[policy.nextHops, default: 0] < settings.digests.failures else {
            let names = policy.nextHops.map(\.description).joined(separator: ", ")
            return .notTried("\(names) failed \(settings.digests.failures) times in a row")
        }
        left -= 1
        do {
            let reply = try await answer(letter, policy)
            failures[policy.nextHops] = Self.isOfHost(reply) ? failures[policy.nextHops, default: 0] + 1 : 0
            return .answered(reply)
        } catch {
            failures[policy.nextHops, default: 0] += 1
            return .failed("\(error)")
        }
    }

    /// The mail system or the network fails (RFC 3463 sections 3.4 and 3.5), not this mailbox.
    private static func isOfHost(_ reply: Reply) -> Bool {
        reply.isTemporary && (reply.enhanced?.subject == 3 || reply.enhanced?.subject == 4)
    }

    private func answer(_ letter: QuarantineDigest.Letter, _ policy: Settings.PolicySettings) async throws -> Reply {
        let client = try await client(policy.nextHopTLS)
        let (digest, spool) = (digest, spool)
        let file = try await NIOThreadPool.singleton.runIfActive { try spool.store(digest.message(letter)) }
        let message = OutgoingMessage.own(
            OutgoingBody(file: file), to: Recipient(path: letter.recipient, notify: .never))
        switch await client.prepare(message, hops: policy.nextHops.map(SetupBuilder.hop)).committed() {
        case .failure(let failure): throw GatewayError(failure.description)
        case .success(let replies):
            guard let reply = replies.first else { throw GatewayError("no reply") }
            return reply
        }
    }

    /// Closes connections.
    package func close() {
        for client in clients.values { client.closeIdleConnections() }
    }

    private func client(_ tls: Settings.NextHopTLS) async throws -> NextHopClient {
        if let known = clients[tls] { return known }
        let client = await NextHopClient(
            group: .singletonMultiThreadedEventLoopGroup, options: try builder.nextHopOptions(tls),
            disk: .singleton)
        clients[tls] = client
        return client
    }
}
