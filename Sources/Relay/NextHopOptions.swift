package import MailModel
package import NIOSSL

/// How next hops are spoken to.
package struct NextHopOptions: Sendable {
    /// Name in HELO, EHLO and LHLO.
    package var heloName: String
    /// STARTTLS.
    package var tls = TLSMode.none
    /// Trust and client certificate; needed for every mode but `none`. See `TLSContexts.client`.
    package var tlsContext: NIOSSLContext?
    /// Send XFORWARD to peers that announce it.
    package var sendXForward = true
    /// Until a connection stands.
    package var connectTimeout = Duration.seconds(10)
    /// Until the reply to a command, the greeting included, and until the peer takes the next piece of the body.
    package var replyTimeout = Duration.seconds(60)
    /// From the final dot to the last reply (RFC 5321 section 4.5.3.2.6 asks for 600 s of a client that has no client
    /// of its own waiting).
    package var dataDoneTimeout = Duration.seconds(120)
    /// How long an unused connection is kept.
    package var idleTimeout = Duration.seconds(30)
    /// Messages over one connection.
    package var maximumUses = 100

    /// When the connection is put under TLS.
    package enum TLSMode: String, Hashable, Sendable, CaseIterable {
        /// Never.
        case none
        /// When the peer offers it; its certificate is not judged.
        case may
        /// Always; the certificate is not judged.
        case encrypt
        /// Always, and the certificate must be valid for the peer's name.
        case verify
    }

    package init(heloName: String) {
        self.heloName = heloName
    }
}

/// What became of `NextHopClient.prepare`.
package enum PreparationResult: Sendable {
    /// A next hop holds the envelope and waits for the end of the message.
    case ready(Prepared)
    /// A next hop answered, and nobody gets the message; one reply for each recipient.
    case refused(NextHop, [Reply])
    /// No next hop could be spoken to; nothing was delivered.
    case unavailable(NextHopFailure)
}

/// No next hop of a list could be spoken to: always temporary.
package struct NextHopFailure: Error, Hashable, CustomStringConvertible {
    /// One try of one next hop.
    package struct Attempt: Hashable, Sendable {
        /// The next hop.
        package let hop: NextHop
        /// What happened, escaped, in words for everybody.
        package let words: String
        /// What a library or the system says of it, escaped, for the log alone.
        package let detail: String?
        /// There was a connection, or it needs none.
        package let isConnected: Bool

        init(_ hop: NextHop, _ failure: Delivery.Failure) {
            self.hop = hop
            (words, detail, isConnected) = (failure.words, failure.detail, failure.isConnected)
        }
    }

    /// All tries in their order.
    package let attempts: [Attempt]
    /// None was asked: as many transactions as there may be were going on all the time.
    package let hadNoPlace: Bool

    package init(attempts: [Attempt]) {
        self.attempts = attempts
        hadNoPlace = false
    }

    private init() {
        attempts = []
        hadNoPlace = true
    }

    /// No place was free among the transactions that may go on at one time.
    package static let noPlace = NextHopFailure()

    /// For the log.
    package var description: String { text { [$0.words, $0.detail].compactMap(\.self).joined(separator: ": ") } }

    /// For the reply: configured hosts, and what they said.
    package var words: String { text(\.words) }

    /// None of them was reached.
    package var isOfConnecting: Bool { !attempts.isEmpty && attempts.allSatisfy { !$0.isConnected } }

    private func text(_ cause: (Attempt) -> String) -> String {
        if hadNoPlace { return "No place among limits.next_hop_transactions in time" }
        if attempts.isEmpty { return "No next hop answered in time" }
        let list = attempts.map { "\($0.hop) (\(cause($0)))" }.joined(separator: ", ")
        return "All attempts (\(attempts.count)) failed\(isOfConnecting ? " connecting to" : ":") \(list)"
    }
}
