package import MailModel

/// The message that carries a released one as an attachment, for recipients who should see what it is before they open it.
package struct ReleasedMessage: Sendable {
    package var hostname: String
    /// Identifier in the quarantine.
    package var id: String
    /// The only recipient; nil when there are several.
    package var recipient: MailPath?
    /// What is told of the message; from mail, escaped here.
    package var sender: MailPath
    package var subject: String
    package var reason: String
    /// Unix times of now and of when it was kept.
    package var time: Int
    package var kept: Int
    /// What ends a part; random, so that no message can contain it.
    package var boundary: String

    package init(
        hostname: String, id: String, recipient: MailPath?, sender: MailPath, subject: String, reason: String,
        time: Int,
        kept: Int, boundary: String
    ) {
        self.hostname = hostname
        self.id = id
        self.recipient = recipient
        self.sender = sender
        self.subject = subject
        self.reason = reason
        self.time = time
        self.kept = kept
        self.boundary = boundary
    }

    /// What stands before the message, CRLF.
    /// - Parameter hasEightBit: the message has octets above 0x7F.
    package func head(hasEightBit: Bool) -> [UInt8] {
        let to = recipient.map { "<\($0)>" } ?? "undisclosed-recipients:;"
        let text = """
            From: "Mail quarantine" <postmaster@\(hostname)>
            To: \(to)
            Subject: Message released from quarantine (\(id))
            Date: \(DateText.rfc5322(time))
            Message-ID: <release-\(id)-\(time)@\(hostname)>
            Auto-Submitted: auto-generated
            MIME-Version: 1.0
            Content-Type: multipart/mixed; boundary="\(boundary)"
            Content-Transfer-Encoding: 8bit

            --\(boundary)
            Content-Type: text/plain; charset=utf-8
            Content-Transfer-Encoding: 8bit

            The attached message was held back and has now been released.
            It is attached as it was received: look at it before you trust it.

            From:     <\(sender)>
            Subject:  \(Escaping.text(subject, limit: 200))
            Received: \(DateText.rfc5322(kept))
            Reason:   \(Escaping.reason(reason, limit: 450))

            --\(boundary)
            Content-Type: message/rfc822
            Content-Disposition: attachment
            Content-Transfer-Encoding: \(hasEightBit ? "8bit" : "7bit")


            """
        return crlf(text)
    }

    /// What stands behind the message, which may or may not end with a line end.
    package var tail: [UInt8] { crlf("\n--\(boundary)--\n") }
}
