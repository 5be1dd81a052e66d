/// What the client said outside the message: who sends, to whom, with which parameters, and who the client is.
package struct Envelope: Hashable, Sendable {
    /// `MAIL FROM`; `MailPath.null` for `<>`.
    package var reversePath: MailPath
    /// Parameters of `MAIL FROM`.
    package var parameters: MailParameters
    /// The accepted recipients, in the order of their `RCPT TO`.
    package var recipients: [Recipient]
    /// Who handed the message over.
    package var client: ClientFacts

    package init(
        reversePath: MailPath, parameters: MailParameters = MailParameters(), recipients: [Recipient],
        client: ClientFacts = ClientFacts()
    ) {
        self.reversePath = reversePath
        self.parameters = parameters
        self.recipients = recipients
        self.client = client
    }

    /// True when an address of the envelope cannot travel without SMTPUTF8 (RFC 6531 section 3.2).
    package var addressesNeedSMTPUTF8: Bool {
        !reversePath.isASCII || recipients.contains { !$0.path.isASCII }
    }
}

/// Parameters of `MAIL FROM` that are carried to the next hop.
package struct MailParameters: Hashable, Sendable {
    /// `SIZE=` in octets as declared (RFC 1870); nil when absent.
    package var declaredSize: Int?
    /// `BODY=` (RFC 6152); nil when absent.
    package var body: BodyType?
    /// `SMTPUTF8` was given (RFC 6531).
    package var smtputf8: Bool
    /// `RET=` (RFC 3461); nil when absent.
    package var ret: ReturnContent?
    /// `ENVID=` as received, still in xtext (RFC 3461 section 4.4); nil when absent.
    package var envelopeID: [UInt8]?

    package init(
        declaredSize: Int? = nil, body: BodyType? = nil, smtputf8: Bool = false, ret: ReturnContent? = nil,
        envelopeID: [UInt8]? = nil
    ) {
        self.declaredSize = declaredSize
        self.body = body
        self.smtputf8 = smtputf8
        self.ret = ret
        self.envelopeID = envelopeID
    }
}

/// `BODY=` of RFC 6152.
package enum BodyType: String, Hashable, Sendable {
    case sevenBit = "7BIT"
    case eightBitMIME = "8BITMIME"
}

/// `RET=` of RFC 3461.
package enum ReturnContent: String, Hashable, Sendable {
    case full = "FULL"
    case headers = "HDRS"
}

/// One accepted `RCPT TO`.
package struct Recipient: Hashable, Sendable {
    /// The forward-path.
    package var path: MailPath
    /// `NOTIFY=` (RFC 3461 section 4.1); nil when absent.
    package var notify: NotifyConditions?
    /// `ORCPT=` as received: `addr-type;xtext` (RFC 3461 section 4.2); nil when absent.
    package var originalRecipient: [UInt8]?

    package init(path: MailPath, notify: NotifyConditions? = nil, originalRecipient: [UInt8]? = nil) {
        self.path = path
        self.notify = notify
        self.originalRecipient = originalRecipient
    }
}

/// `NOTIFY=` of RFC 3461: the empty set is `NEVER`.
package struct NotifyConditions: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }
    package static let success = NotifyConditions(rawValue: 1)
    package static let failure = NotifyConditions(rawValue: 2)
    package static let delay = NotifyConditions(rawValue: 4)
    /// No notification at all.
    package static let never: NotifyConditions = []
}

/// Who handed a message over: the connection itself and, where an allowed network said so, what XFORWARD told.
package struct ClientFacts: Hashable, Sendable {
    /// Text of the connection's remote address (`127.0.0.1`, `::1`, `unix`).
    package var address: String
    /// Remote port; 0 for Unix sockets.
    package var port: Int
    /// The name given with HELO, EHLO or LHLO; empty before.
    package var helo: [UInt8]
    /// Protocol word for `Received:` and logs (RFC 3848).
    package var transmission: TransmissionType
    /// The connection is under TLS.
    package var secured: Bool
    /// Attributes from XFORWARD; nil when the client sent none.
    package var forwarded: ForwardedClient?

    /// Text of the original client's address: that which XFORWARD names, or the connection's where there is no XFORWARD, or it says
    /// that the mail was made on the MTA's own host; empty where an MTA does not know it.
    package var originalAddress: String {
        guard let forwarded else { return address }
        return forwarded.address.map { String(decoding: $0, as: UTF8.self) } ?? (forwarded.isLocal ? address : "")
    }

    package init(
        address: String = "unix", port: Int = 0, helo: [UInt8] = [], transmission: TransmissionType = .smtp,
        secured: Bool = false, forwarded: ForwardedClient? = nil
    ) {
        self.address = address
        self.port = port
        self.helo = helo
        self.transmission = transmission
        self.secured = secured
        self.forwarded = forwarded
    }
}

/// `with` protocol types (RFC 3848, RFC 6531 section 4.3).
package enum TransmissionType: String, Hashable, Sendable {
    case smtp = "SMTP"
    case esmtp = "ESMTP"
    case lmtp = "LMTP"
}

/// The original client's attributes (XFORWARD, Postfix `XFORWARD_README`). Values are decoded from xtext; nil means
/// `[UNAVAILABLE]`. They are never mixed with facts of the real connection.
package struct ForwardedClient: Hashable, Sendable {
    package var name: [UInt8]?
    /// Without the prefix that XFORWARD gives to those of IPv6.
    package var address: [UInt8]?
    package var port: [UInt8]?
    package var proto: [UInt8]?
    package var helo: [UInt8]?
    package var ident: [UInt8]?
    package var source: [UInt8]?

    package init() {
        (name, address, port, proto, helo, ident, source) = (nil, nil, nil, nil, nil, nil, nil)
    }

    /// The mail was made on the host of the MTA (Postfix: pickup(8)), and not taken from a client.
    package var isLocal: Bool { source.map { String(decoding: $0, as: UTF8.self).uppercased() == "LOCAL" } ?? false }

    private static let unavailable = Array("[UNAVAILABLE]".utf8)

    /// The address as records keep it, from which `init(recordedAddress:proto:)` makes the client again; nil where the mail was made
    /// on the host of the MTA.
    package var recordedAddress: [UInt8]? { address ?? (isLocal ? nil : Self.unavailable) }

    /// A client of whom a record has no more.
    package init(recordedAddress: [UInt8]?, proto: [UInt8]?) {
        self.init()
        address = recordedAddress == Self.unavailable ? nil : recordedAddress
        if recordedAddress == nil { source = Array("LOCAL".utf8) }
        self.proto = proto
    }
}
