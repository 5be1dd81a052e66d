package import MailModel

/// A report on a message in the Abuse Reporting Format (RFC 5965), for whoever is in charge where it came from.
package struct FeedbackReport: Sendable {
    package var hostname: String
    /// Identifier in the quarantine.
    package var id: String
    /// The only addressee; nil when there are several.
    package var recipient: MailPath?
    package var category: Category
    /// From mail, escaped here.
    package var envelope: Envelope
    package var reason: String
    /// Unix times of now and of when the message came in.
    package var time: Int
    package var arrived: Int
    /// What ends a part; random, so that no message can contain it.
    package var boundary: String

    package init(
        hostname: String, id: String, recipient: MailPath?, category: Category, envelope: Envelope, reason: String,
        time: Int, arrived: Int, boundary: String
    ) {
        self.hostname = hostname
        self.id = id
        self.recipient = recipient
        self.category = category
        self.envelope = envelope
        self.reason = reason
        self.time = time
        self.arrived = arrived
        self.boundary = boundary
    }

    /// The kind of report (RFC 5965 section 7.3).
    private var kind: String {
        switch category {
        case .infected: "virus"
        case .spam, .spammy: "abuse"
        case .banned, .rule, .unchecked, .badHeader, .oversized, .clean: "other"
        }
    }

    /// What stands before the message, CRLF.
    /// - Parameter hasEightBit: the message has octets above 0x7F.
    package func head(hasEightBit: Bool) -> [UInt8] {
        let paths = [envelope.reversePath] + envelope.recipients.map(\.path)
        let isGlobal = envelope.parameters.smtputf8 || paths.contains { !$0.isASCII }
        let fields = fields(paths)
        let text = """
            From: "Mail quarantine" <postmaster@\(hostname)>
            To: \(recipient.map { "<\($0)>" } ?? "undisclosed-recipients:;")
            Subject: Report on a message (\(id))
            Date: \(DateText.rfc5322(time))
            Message-ID: <report-\(id)-\(boundary.suffix(12))@\(hostname)>
            Auto-Submitted: auto-generated
            MIME-Version: 1.0
            Content-Type: multipart/report; report-type=feedback-report;
            \tboundary="\(boundary)"
            Content-Transfer-Encoding: \(isGlobal || hasEightBit ? "8bit" : "7bit")

            --\(boundary)
            \(TextPart.whole(words))
            --\(boundary)
            Content-Type: message/feedback-report\(isGlobal ? "\nContent-Transfer-Encoding: 8bit" : "")

            \(fields)
            --\(boundary)
            Content-Type: message/rfc822
            Content-Disposition: inline
            Content-Transfer-Encoding: \(hasEightBit ? "8bit" : "7bit")


            """
        return crlf(text)
    }

    private var words: String {
        """
        This is a report on a message that the mail gateway \(hostname) held back. It is
        attached as it was received: it may be dangerous.

        Received: \(DateText.rfc5322(arrived))
        Reason:   \(Escaping.text(reason, limit: 450))

        """
    }

    /// The fields for machines (RFC 5965 section 3), each with its line end.
    private func fields(_ paths: [MailPath]) -> String {
        var out = """
            Feedback-Type: \(kind)
            User-Agent: mailreeve
            Version: 1
            Original-Mail-From: <\(paths[0])>

            """
        for path in paths.dropFirst() { out += "Original-Rcpt-To: <\(path)>\n" }
        out += "Arrival-Date: \(DateText.rfc5322(arrived))\nReporting-MTA: dns; \(hostname)\n"
        let address = Escaping.text(envelope.client.originalAddress, limit: 60)
        let isAddress = !address.isEmpty && address.utf8.allSatisfy { $0 == 0x2E || $0 == 0x3A || isHexadecimal($0) }
        return isAddress ? out + "Source-IP: \(address)\n" : out
    }

    private func isHexadecimal(_ octet: UInt8) -> Bool {
        (0x30...0x39).contains(octet) || (0x41...0x46).contains(octet) || (0x61...0x66).contains(octet)
    }

    /// What stands behind the message, which may or may not end with a line end.
    package var tail: [UInt8] { crlf("\n--\(boundary)--\n") }
}
