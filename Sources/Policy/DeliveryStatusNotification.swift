internal import Bytes
package import MailModel

/// A delivery status notification (RFC 3464): for recipients who do not get the message while the SMTP client, which hears only
/// one reply, was told 250; and for those of whose success the sender wants to hear, where nobody behind us will tell him.
package enum DeliveryStatusNotification {
    /// What was done for the recipients (RFC 3464 section 2.3.3).
    package enum Action: String, Hashable, Sendable {
        case failed
        /// The message was handed to a server that does not say what becomes of it (RFC 3461 section 5.2.2).
        case relayed
        /// It was handed to what keeps it for the recipient: an LMTP server or a Maildir.
        case delivered
    }

    /// What the notification is about.
    package struct Subject: Sendable {
        package var hostname: String
        package var id: String
        package var envelope: Envelope
        package var action: Action
        package var recipients: [RecipientOutcome]
        /// Octets of the header block that are quoted.
        package var quotedLimit: Int
        /// The header block of the message, without its body; the notification quotes it.
        package var headers: [UInt8]
        /// The whole message, where the sender asked for it (`RET=FULL`) and may have it; nil: the header block is quoted.
        package var content: [UInt8]?
        /// Words for people: a subject, and a text with a place for the recipients.
        package var templates: NoticeTemplates
        /// `Subject:` of the message, for people; escaped.
        package var messageSubject = ""
        /// Tells the notifications of one message apart.
        package var number = 0
        /// Unix time.
        package var time: Int

        package init(
            hostname: String, id: String, envelope: Envelope, action: Action = .failed, recipients: [RecipientOutcome],
            headers: [UInt8], quotedLimit: Int = 16_384, templates: NoticeTemplates, time: Int
        ) {
            self.hostname = hostname
            self.id = id
            self.envelope = envelope
            self.action = action
            self.recipients = recipients
            self.quotedLimit = quotedLimit
            self.headers = headers
            self.templates = templates
            self.time = time
        }
    }

    /// Recipients of `refused` for whom the sender wants to hear of a failure; none when the sender is null.
    package static func wanted(_ refused: [RecipientOutcome], sender: MailPath) -> [RecipientOutcome] {
        if sender.isNull { return [] }
        return refused.filter { $0.recipient.notify?.contains(.failure) ?? true }
    }

    /// Recipients who have the message and of whom the sender wants to hear that; none when the sender is null.
    package static func wantedOfSuccess(_ outcomes: [RecipientOutcome], sender: MailPath) -> [RecipientOutcome] {
        if sender.isNull { return [] }
        return outcomes.filter { $0.hasMessage && $0.recipient.notify?.contains(.success) ?? false }
    }

    /// The message, CRLF, ready to be sent to the sender with a null reverse-path.
    package static func message(_ subject: Subject) -> [UInt8] {
        let name = "\(subject.id)-\(subject.time)-\(subject.number)"
        let boundary = "mailreeve-\(name)"
        let notice = words(subject)
        let status = fields(subject)
        let isGlobal = subject.envelope.addressesNeedSMTPUTF8 || !status.utf8.allSatisfy { $0 < 0x80 }
        // One that holds our boundary would end its part early (attack B8).
        let content = subject.content.flatMap { holds($0, Array("--\(boundary)".utf8)) ? nil : $0 }
        let original = content ?? subject.headers
        let hasEightBit = original.contains { $0 >= 0x80 }
        // RFC 6533 section 6: a header in UTF-8 is message/global-headers.
        let isGlobalOriginal = hasEightBit && subject.envelope.parameters.smtputf8
        var out = """
            From: MAILER-DAEMON@\(subject.hostname)
            To: \(address(subject.envelope.reversePath))
            Subject: \(HeaderText.encoded(notice.subject))
            Date: \(DateText.rfc5322(subject.time))
            Message-ID: <dsn-\(name)@\(subject.hostname)>
            Auto-Submitted: auto-replied
            MIME-Version: 1.0
            Content-Transfer-Encoding: \(isGlobal || isGlobalOriginal || content != nil && hasEightBit ? "8bit" : "7bit")
            Content-Type: multipart/report; report-type=delivery-status;
            \tboundary="\(boundary)"

            --\(boundary)
            \(TextPart.whole(notice.text))
            """
        out += "\n--\(boundary)\nContent-Type: message/\(isGlobal ? "global-" : "")delivery-status\n"
        if isGlobal { out += "Content-Transfer-Encoding: 8bit\n" }
        out += "\n\(status)\n--\(boundary)\n"
        if let content {
            let kind = subject.envelope.parameters.smtputf8 ? "global" : "rfc822"
            out += "Content-Type: message/\(kind)\nContent-Transfer-Encoding: \(hasEightBit ? "8bit" : "7bit")\n\n"
            return crlf(out) + content + crlf("\n--\(boundary)--\n")
        }
        // A quoted header line that looks like our boundary would end the part early (attack B8).
        let headers = quoted(subject.headers.prefix(subject.quotedLimit), boundary: boundary)
        out +=
            isGlobalOriginal
            ? "Content-Type: message/global-headers\nContent-Transfer-Encoding: 8bit\n\n\(headers)"
            : TextPart.whole(headers, type: "text/rfc822-headers\(hasEightBit ? "; charset=utf-8" : "")")
        return crlf(out + "\n--\(boundary)--\n")
    }

    private static func holds(_ content: [UInt8], _ needle: [UInt8]) -> Bool {
        content.span.firstIndex(of: needle.span) != nil
    }

    private static func words(_ subject: Subject) -> NoticeTemplates.Notice {
        let recipients = subject.recipients.map {
            "<\(address($0.recipient.path))>: \(Escaping.reason($0.reply.summary, limit: 450))"
        }.joined(separator: "\n")
        return subject.templates.notice(
            subject.action == .failed ? .dsn : .relayed,
            [
                .id: subject.id, .hostname: subject.hostname, .sender: address(subject.envelope.reversePath),
                .recipients: recipients, .subject: subject.messageSubject,
            ])
    }

    /// The fields of the message and of each recipient (RFC 3464 section 2.1).
    private static func fields(_ subject: Subject) -> String {
        var out = "Reporting-MTA: dns; \(subject.hostname)\n"
        // ENVID and ORCPT are xtext in SMTP and plain here (RFC 3461 section 6.3).
        if let envelopeID = subject.envelope.parameters.envelopeID {
            out += "Original-Envelope-Id: \(plain(envelopeID))\n"
        }
        for outcome in subject.recipients {
            let type = outcome.recipient.path.isASCII ? "rfc822" : "utf-8"
            out += "\n"
            if let original = outcome.recipient.originalRecipient {
                out += "Original-Recipient: \(plain(original))\n"
            }
            out += "Final-Recipient: \(type); \(address(outcome.recipient.path))\nAction: \(subject.action.rawValue)\n"
            let status = EnhancedStatus(subject.action == .failed ? 5 : 2, 0, 0)
            out += "Status: \(outcome.reply.enhanced ?? status)\n"
            out += "Diagnostic-Code: smtp; \(Escaping.reason(outcome.reply.summary, limit: 450))\n"
        }
        return out
    }

    /// A parameter of the client's as it was before it became xtext, backslashes and all (RFC 3464 sections 2.2.1, 2.3.1); as it came,
    /// where that is no text: controls would end the field.
    private static func plain(_ xtext: [UInt8]) -> String {
        let bytes = Xtext.decodeWherePossible(xtext[...])
        let text = String(validating: bytes, as: UTF8.self) ?? ""
        let isText = !text.isEmpty && !text.unicodeScalars.contains { $0.properties.generalCategory == .control }
        return Escaping.reason(isText ? text : String(decoding: xtext, as: UTF8.self), limit: 500)
    }

    private static func quoted(_ headers: ArraySlice<UInt8>, boundary: String) -> String {
        let text = String(decoding: headers, as: UTF8.self)
        var out = ""
        for line in text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false) {
            let shown = String(String.UnicodeScalarView(line.filter { $0 == "\t" || $0.value >= 0x20 }))
            // An empty line would end the quoted header block.
            if shown.isEmpty { continue }
            // Octets are compared: a combining mark behind the boundary makes another character of its end.
            out += shown.utf8.starts(with: "--\(boundary)".utf8) ? " \(shown)\n" : "\(shown)\n"
        }
        return out
    }

    private static func address(_ path: MailPath) -> String {
        // The SMTP grammar has let no control character into a path.
        String(decoding: path.bytes, as: UTF8.self)
    }
}

/// Text with the line ends of mail.
func crlf(_ text: String) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(text.utf8.count + 200)
    for byte in text.utf8 {
        if byte == 0x0A { out.append(0x0D) }
        out.append(byte)
    }
    return out
}
