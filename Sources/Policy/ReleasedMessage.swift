package import MailModel

/// The message that carries a released one, for recipients who should see what it is before they open it.
package struct ReleasedMessage: Sendable {
    /// How it carries it.
    package enum Form: Hashable, Sendable {
        /// As an attachment, which mail readers open.
        case attached
        /// As text that shows its octets: no mail reader opens what is in it (amavis: `plain`).
        case plain
    }

    package var form: Form
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
        _ form: Form = .attached, hostname: String, id: String, recipient: MailPath?, sender: MailPath, subject: String,
        reason: String, time: Int, kept: Int, boundary: String
    ) {
        self.form = form
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
            Message-ID: <release-\(id)-\(boundary.suffix(12))@\(hostname)>
            Auto-Submitted: auto-generated
            MIME-Version: 1.0
            Content-Type: multipart/mixed; boundary="\(boundary)"
            Content-Transfer-Encoding: \(hasEightBit ? "8bit" : "7bit")

            --\(boundary)
            \(TextPart.whole(words))
            --\(boundary)
            Content-Type: \(type(hasEightBit))
            Content-Disposition: \(form == .attached ? "attachment" : "inline")
            Content-Transfer-Encoding: \(hasEightBit ? "8bit" : "7bit")


            """
        return crlf(text)
    }

    private var words: String {
        let how =
            switch form {
            case .attached: "It is attached as it was received"
            case .plain: "It is shown as it was received, as text"
            }
        return """
            The message below was held back and has now been released.
            \(how): look at it before you trust it.

            From:     <\(sender)>
            Subject:  \(Escaping.text(subject, limit: 200))
            Received: \(DateText.rfc5322(kept))
            Reason:   \(Escaping.reason(reason, limit: 450))

            """
    }

    /// The octets of a message may be in any charset; most are ASCII.
    private func type(_ hasEightBit: Bool) -> String {
        switch form {
        case .attached: "message/rfc822"
        case .plain: "text/plain; charset=\(hasEightBit ? "utf-8" : "us-ascii")"
        }
    }

    /// What stands behind the message, which may or may not end with a line end.
    package var tail: [UInt8] { crlf("\n--\(boundary)--\n") }
}
