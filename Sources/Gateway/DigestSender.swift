internal import Configuration
package import MailModel
internal import NIOPosix
internal import Relay
internal import Stores

/// Sends digests one after the other to the next hops behind the gateway.
package final class DigestSender {
    private let digest: QuarantineDigest
    private let builder: SetupBuilder
    private let spool: Spool
    private var clients: [Settings.NextHopTLS: NextHopClient] = [:]

    package init(_ digest: QuarantineDigest) {
        self.digest = digest
        builder = SetupBuilder(digest.settings)
        spool = QuarantineRelease.ownSpool(builder.spoolLimits)
    }

    /// Sends a letter by the next hops of the policy under which its newest message came, of `default` where that one is no more.
    /// - Returns: the reply for its recipient.
    /// - Throws: an explanation when no next hop was there.
    package func send(_ letter: QuarantineDigest.Letter) async throws -> Reply {
        let policies = digest.settings.policies
        let policy = letter.policy.flatMap { policies[$0] } ?? policies["default"] ?? Settings.PolicySettings()
        let client = try await client(policy.nextHopTLS)
        let (digest, spool) = (digest, spool)
        let file = try await NIOThreadPool.singleton.runIfActive { try spool.store(digest.message(letter)) }
        let message = OutgoingMessage(
            reversePath: .null,
            parameters: MailParameters(body: .eightBitMIME, smtputf8: !letter.recipient.isASCII),
            recipients: [Recipient(path: letter.recipient, notify: .never)], body: OutgoingBody(file: file),
            hasEightBit: true)
        let replies: [Reply]
        switch await client.prepare(message, hops: policy.nextHops.map(SetupBuilder.hop)) {
        case .unavailable(let failure): throw GatewayError(failure.description)
        case .refused(_, let refusals): replies = refusals
        case .ready(let prepared): replies = await prepared.commit()
        }
        guard let reply = replies.first else { throw GatewayError("no reply") }
        return reply
    }

    /// Closes connections.
    package func close() {
        for client in clients.values { client.closeIdleConnections() }
    }

    private func client(_ tls: Settings.NextHopTLS) async throws -> NextHopClient {
        if let known = clients[tls] { return known }
        let client = await NextHopClient(
            group: .singletonMultiThreadedEventLoopGroup, options: try builder.nextHopOptions(tls, .afterQueue),
            disk: .singleton)
        clients[tls] = client
        return client
    }
}
