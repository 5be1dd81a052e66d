package import MailModel

/// An extension on a recipient's address (`user+spam@example.com`), by which the mailbox files the message.
package enum AddressExtension {
    /// The recipient with the extension in place of the one it has; the address it had goes along as `ORCPT` (RFC 3461 section
    /// 4.2), so that notifications name what the sender wrote. An address without domain or in quotes keeps its form.
    /// - Parameter delimiters: what separates a mailbox from its extension; the first is written. Without any nothing changes.
    package static func apply(_ text: String, to recipient: Recipient, delimiters: [UInt8]) -> Recipient {
        let bytes = recipient.path.bytes
        guard !text.isEmpty, let written = delimiters.first, let at = bytes.lastIndex(of: 0x40), at > 0 else {
            return recipient
        }
        var local = Array(bytes[..<at])
        let isQuoted = local.first == 0x22 && local.last == 0x22 && local.count >= 2
        if isQuoted { local.removeLast() }
        let start = isQuoted ? 1 : 0
        if let delimiter = local.firstIndex(where: delimiters.contains), delimiter > start {
            local.removeSubrange(delimiter...)
            // A backslash that stood before the delimiter has nothing to protect any more.
            if isQuoted, local.last == 0x5C { local.removeLast() }
        }
        local += [written] + Array(text.utf8)
        if isQuoted { local.append(0x22) }
        var extended = recipient
        extended.path = MailPath(bytes: local + bytes[at...])
        if recipient.originalRecipient == nil {
            let type = recipient.path.isASCII ? "rfc822;" : "utf-8;"
            extended.originalRecipient = Array(type.utf8) + Xtext.encode(bytes)
        }
        return extended
    }
}
