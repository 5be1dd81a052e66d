/// What happens for one recipient. Raw values are a contract (`scan --json`).
package enum DispositionKind: String, Hashable, Sendable, CaseIterable {
    case deliver
    case deliverMarked = "deliver-marked"
    case strip
    case quarantine
    case discard
    case reject
    case bounce
    case tempfail

    /// The message goes on to the next hop for this recipient.
    package var isDelivered: Bool {
        switch self {
        case .deliver, .deliverMarked, .strip: true
        case .quarantine, .discard, .reject, .bounce, .tempfail: false
        }
    }
}

/// Where a listener stands: before the MTA's queue a refusal reaches the sender; after the queue it would make the MTA
/// send a bounce to a possibly forged address.
package enum Placement: String, Hashable, Sendable, CaseIterable {
    case afterQueue = "after-queue"
    case beforeQueue = "before-queue"
}

/// How bare CR and LF in a message are treated, once, on entry (RFC 5321 section 2.3.8).
package enum LineEndings: String, Hashable, Sendable, CaseIterable {
    case reject
    case normalize
}

/// What a policy wants to become of a message of some category. Raw values are those of the configuration.
package enum Destiny: String, Hashable, Sendable, CaseIterable {
    /// Delivered, marked where it was not fully checked.
    case pass
    /// 250, not delivered; a copy in quarantine if the policy keeps one.
    case discard
    /// Not delivered, and the sender hears of it by a notification of ours where one may be sent.
    case bounce
    /// 5xx: the client gets the refusal.
    case reject
    /// 4xx: the client tries again.
    case tempfail
    /// 250, kept in quarantine always, not delivered.
    case quarantine
    /// Kept in quarantine always, and delivered marked.
    case quarantineAndPass = "quarantine-and-pass"
    /// Kept in quarantine always, and bounced.
    case quarantineAndBounce = "quarantine-and-bounce"
    /// Kept in quarantine always, and refused with 5xx.
    case quarantineAndReject = "quarantine-and-reject"
    /// Delivered without what is unwanted in it; the whole is kept in quarantine always.
    case strip

    /// The recipient gets the message, or what is left of it.
    package var isDelivered: Bool {
        switch self {
        case .pass, .quarantineAndPass, .strip: true
        case .discard, .bounce, .reject, .tempfail, .quarantine, .quarantineAndBounce, .quarantineAndReject: false
        }
    }

    /// A copy is kept whatever else the policy says.
    package var demandsCopy: Bool {
        switch self {
        case .quarantine, .quarantineAndPass, .quarantineAndBounce, .quarantineAndReject, .strip: true
        case .pass, .discard, .bounce, .reject, .tempfail: false
        }
    }

    /// All, the most careful first: what may still be checked is tried again, what is refused is in the sender's hands, what is
    /// kept can be looked at.
    package static let byCare: [Destiny] = [
        .tempfail, .quarantineAndReject, .reject, .quarantineAndBounce, .bounce, .quarantine, .strip, .discard,
        .quarantineAndPass, .pass,
    ]
}

/// What becomes of infected mail by the name of the virus.
package struct VirusDestiny: Hashable, Sendable, CustomStringConvertible {
    /// A part of the name, whatever its case.
    package var part: String
    package var destiny: Destiny

    package init(part: String, destiny: Destiny) {
        self.part = part
        self.destiny = destiny
    }

    package var description: String { "\(part) => \(destiny.rawValue)" }
}

/// What becomes of mail when a scanner outside the inspector does not answer. Raw values are those of the configuration.
package enum FailurePolicy: String, Hashable, Sendable, CaseIterable {
    case tempfail
    case passMarked = "pass-marked"
    case quarantine

    package var destiny: Destiny {
        switch self {
        case .tempfail: .tempfail
        case .passMarked: .pass
        case .quarantine: .quarantine
        }
    }
}
