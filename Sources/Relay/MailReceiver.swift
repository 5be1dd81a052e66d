package import MailModel
package import SMTP
package import Stores

/// Who takes messages from the front door. Called once for each message; the replies go to the client as they are, and then
/// it is told what became of them.
package protocol MailReceiver: Sendable {
    /// Takes responsibility for a message, or refuses it.
    ///
    /// Runs to its end even when the client has gone meanwhile. Returns one reply for SMTP, and for LMTP one for each
    /// recipient in the order of the envelope; any other number is answered with 451 4.5.0.
    func receive(_ message: ReceivedMessage) async -> MailAnswer
}

/// What is said to the client of a message.
package struct MailAnswer: Sendable {
    package var replies: [Reply]
    /// Runs once when the replies have been written, with true, or when they cannot be or their client had gone before, with
    /// false. The message is in flight until it returns.
    package let afterwards: @Sendable (_ isHeard: Bool) async -> Void

    package init(_ replies: [Reply], afterwards: @escaping @Sendable (_ isHeard: Bool) async -> Void = { _ in }) {
        self.replies = replies
        self.afterwards = afterwards
    }
}

/// A message that has come in whole and waits for its reply.
package struct ReceivedMessage: Sendable {
    /// Counts the messages of this process from 1 on.
    package let number: UInt64
    /// Sender, recipients and client.
    package var envelope: Envelope
    /// The content, canonical line ends, without dot-stuffing; it can no longer change.
    package var file: MessageFile
    /// What was seen while it came in.
    package let intake: IntakeFacts
    /// Name of the listener.
    package let listener: String
    /// The client speaks LMTP: one reply for each recipient.
    package let lmtp: Bool
    /// When its last octet arrived.
    package let arrived: ContinuousClock.Instant
    /// Whether the client still waits.
    package let presence: ClientPresence

    package init(
        number: UInt64, envelope: Envelope, file: MessageFile, intake: IntakeFacts, listener: String, lmtp: Bool,
        arrived: ContinuousClock.Instant = .now, presence: ClientPresence = ClientPresence()
    ) {
        self.number = number
        self.envelope = envelope
        self.file = file
        self.intake = intake
        self.listener = listener
        self.lmtp = lmtp
        self.arrived = arrived
        self.presence = presence
    }

    /// Replies that the client expects.
    package var expectedReplies: Int { lmtp ? envelope.recipients.count : 1 }

    /// `reply` as many times as the client expects replies.
    package func replies(_ reply: Reply) -> [Reply] {
        Array(repeating: reply, count: expectedReplies)
    }
}
