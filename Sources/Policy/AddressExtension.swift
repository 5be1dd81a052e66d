internal import Bytes
package import MailModel

/// An extension on a recipient's address (`user+spam@example.com`), by which the mailbox files the message.
package enum AddressExtension {
    /// The recipient with the extension in place of the one it has; the address it had goes along as `ORCPT` (RFC 3461 section
    /// 4.2), so that notifications name what the sender wrote. An address without domain, and one that is never taken apart
    /// (`mailer-daemon`), stay as they are; quotes stay, too.
    /// - Parameter delimiters: what separates a mailbox from its extension; the first is written. Without any nothing changes.
    package static func apply(_ text: String, to recipient: Recipient, delimiters: [UInt8]) -> Recipient {
        let bytes = recipient.path.bytes
        guard !text.isEmpty, let written = delimiters.first, let at = bytes.lastIndex(of: 0x40), at > 0 else {
            return recipient
        }
        let content = QuotedString.content(bytes[..<at])
        let local = content ?? Array(bytes[..<at])
        guard !AddressKeys.isWhole(local, delimiters) else { return recipient }
        let longer = AddressKeys.mailbox(local, delimiters) + [written] + Array(text.utf8)
        var extended = recipient
        extended.path = MailPath(bytes: (content == nil ? longer : QuotedString.quoted(longer)) + bytes[at...])
        if recipient.originalRecipient == nil {
            let type = recipient.path.isASCII ? "rfc822;" : "utf-8;"
            extended.originalRecipient = Array(type.utf8) + Xtext.encode(bytes)
        }
        return extended
    }

    /// The address without an extension; one that has none, or is never taken apart, as it is.
    package static func removed(from path: MailPath, delimiters: [UInt8]) -> MailPath {
        let bytes = path.bytes
        guard let at = bytes.lastIndex(of: 0x40), at > 0 else { return path }
        let content = QuotedString.content(bytes[..<at])
        let local = content ?? Array(bytes[..<at])
        let mailbox = AddressKeys.mailbox(local, delimiters)
        guard mailbox.count < local.count else { return path }
        return MailPath(bytes: (content == nil ? mailbox : QuotedString.quoted(mailbox)) + bytes[at...])
    }
}
