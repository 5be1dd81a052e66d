internal import MailModel

/// The client side of a transaction with a server that takes everything (RFC 2442, `application/batch-SMTP`).
package enum BatchSMTP {
    /// What stands in front of the message: EHLO, MAIL with all parameters that are known, RCPT for each recipient, DATA.
    /// - Throws: why no server could be asked so, such as a path with a line end in it.
    package static func beginning(_ transaction: ClientTransaction, heloName: String) throws(Refusal) -> [UInt8] {
        var capabilities = ServerCapabilities()
        capabilities.size = true
        capabilities.eightBitMIME = true
        capabilities.smtputf8 = true
        capabilities.dsn = true
        if let reply = transaction.refusal(by: capabilities) { throw Refusal(reply) }
        var commands = Array("EHLO \(heloName)\r\n".utf8) + transaction.mailCommand(capabilities)
        for recipient in transaction.recipients { commands += transaction.rcptCommand(recipient, capabilities) }
        return commands + Array("DATA\r\n".utf8)
    }

    /// What stands behind it: the lone dot, and QUIT.
    /// - Parameter stuffer: the message went through it.
    package static func end(after stuffer: DotStuffer) -> [UInt8] {
        stuffer.terminator + Array("QUIT\r\n".utf8)
    }
}
