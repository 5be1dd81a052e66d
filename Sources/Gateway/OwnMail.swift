internal import Configuration
internal import MailModel
internal import NIOPosix
internal import Relay
internal import Stores

extension OutgoingMessage {
    /// A message that the gateway has made, with a null sender.
    /// - Parameter needsUTF8: other addresses in it than the recipient's do (RFC 6531).
    static func own(_ body: OutgoingBody, to recipient: Recipient, needsUTF8: Bool = false) -> OutgoingMessage {
        OutgoingMessage(
            reversePath: .null,
            parameters: MailParameters(body: .eightBitMIME, smtputf8: needsUTF8 || !recipient.path.isASCII),
            recipients: [recipient], body: body, hasEightBit: true)
    }
}

extension PreparationResult {
    /// Ends the only transaction of a message.
    /// - Parameter deadline: for the reply; nil leaves it to the next hop's timeouts.
    /// - Returns: a reply for each recipient, from whichever command it is.
    func committed(until deadline: ContinuousClock.Instant? = nil) async -> Result<[Reply], NextHopFailure> {
        switch self {
        case .unavailable(let failure): .failure(failure)
        case .refused(_, let replies): .success(replies)
        case .ready(let prepared): .success(await prepared.commit(until: deadline))
        }
    }
}

extension SetupBuilder {
    /// Hands one message to next hops that are not those of a listener.
    /// - Returns: a reply for each recipient.
    /// - Throws: an explanation when none could be asked.
    func deliver(
        _ message: OutgoingMessage, hops: [NextHopAddress], tls: Settings.NextHopTLS
    ) async throws -> [Reply] {
        // Certificates that are trusted are read from the disk.
        let options = try await NIOThreadPool.singleton.runIfActive { try nextHopOptions(tls) }
        let client = await NextHopClient(
            group: .singletonMultiThreadedEventLoopGroup, options: options, disk: .singleton)
        defer { client.closeIdleConnections() }
        switch await client.prepare(message, hops: hops.map(Self.hop)).committed() {
        case .success(let replies): return replies
        case .failure(let failure): throw GatewayError(failure.description)
        }
    }
}
