internal import Bytes
package import MailModel

/// What a next hop is asked to take: an envelope, and what is known of the message.
package struct ClientTransaction: Hashable, Sendable {
    package var reversePath: MailPath
    package var parameters: MailParameters
    package var recipients: [Recipient]
    /// The original client for XFORWARD; nil sends none.
    package var forwarded: ForwardedClient?
    /// Octets that will be sent, before dot-stuffing: for `SIZE=`.
    package var messageSize: Int
    /// The message holds octets above 0x7F.
    package var hasEightBit: Bool

    package init(
        reversePath: MailPath, parameters: MailParameters = MailParameters(), recipients: [Recipient],
        forwarded: ForwardedClient? = nil, messageSize: Int, hasEightBit: Bool
    ) {
        self.reversePath = reversePath
        self.parameters = parameters
        self.recipients = recipients
        self.forwarded = forwarded
        self.messageSize = messageSize
        self.hasEightBit = hasEightBit
    }

    /// Why no next hop with these capabilities can be asked; nil when it can.
    func refusal(by capabilities: ServerCapabilities) -> Reply? {
        let paths = [reversePath] + recipients.map(\.path)
        // Paths from the SMTP grammar hold no control characters; those from a command line might, and a CRLF in one
        // would be a command of its own.
        if paths.contains(where: { $0.bytes.contains { $0.isControl } }) {
            return Reply(501, EnhancedStatus(5, 1, 3), "Bad address syntax")
        }
        if !capabilities.smtputf8, paths.contains(where: { !$0.isASCII }) {
            return Reply(553, EnhancedStatus(5, 6, 7), "Address needs SMTPUTF8, which the next hop does not offer")
        }
        return nil
    }

    /// The MAIL command with its CRLF; parameters only as announced. When 8BITMIME is missing, 8-bit content is sent
    /// without BODY: the peer is one of our own next hops, and a conversion would break signatures.
    func mailCommand(_ capabilities: ServerCapabilities) -> [UInt8] {
        var line = Array("MAIL FROM:<".utf8) + reversePath.bytes + [0x3E]
        if capabilities.size { line += Array(" SIZE=\(messageSize)".utf8) }
        if capabilities.eightBitMIME {
            if hasEightBit {
                line += Array(" BODY=8BITMIME".utf8)
            } else if let body = parameters.body {
                line += Array(" BODY=\(body.rawValue)".utf8)
            }
        }
        let needed = !reversePath.isASCII || recipients.contains { !$0.path.isASCII }
        if capabilities.smtputf8, parameters.smtputf8 || needed {
            line += Array(" SMTPUTF8".utf8)
        }
        if capabilities.dsn {
            if let ret = parameters.ret { line += Array(" RET=\(ret.rawValue)".utf8) }
            if let id = parameters.envelopeID, Xtext.decode(id[...]) != nil { line += Array(" ENVID=".utf8) + id }
        }
        return line + [0x0D, 0x0A]
    }

    /// The RCPT command with its CRLF.
    func rcptCommand(_ recipient: Recipient, _ capabilities: ServerCapabilities) -> [UInt8] {
        var line = Array("RCPT TO:<".utf8) + recipient.path.bytes + [0x3E]
        if capabilities.dsn {
            if let notify = recipient.notify { line += Array(" NOTIFY=\(notify.text)".utf8) }
            if let original = recipient.originalRecipient,
                original.allSatisfy({ $0 > 0x20 && $0 != 0x7F && ($0 < 0x80 || capabilities.smtputf8) })
            {
                line += Array(" ORCPT=".utf8) + original
            }
        }
        return line + [0x0D, 0x0A]
    }
}

extension NotifyConditions {
    /// The value of `NOTIFY=`.
    package var text: String {
        var words: [String] = []
        if contains(.success) { words.append("SUCCESS") }
        if contains(.failure) { words.append("FAILURE") }
        if contains(.delay) { words.append("DELAY") }
        return words.isEmpty ? "NEVER" : words.joined(separator: ",")
    }
}
