package import MailModel

/// The fields of amavis's on top of a copy that goes to a quarantine mailbox: the envelope of the message.
package enum CopyFields {
    /// Recipients in one field: MTAs cut a field that is too long (Postfix: `header_size_limit`).
    private static let recipientsShown = 100

    /// `X-Envelope-From` and `X-Envelope-To`, as often as it takes.
    /// - Parameter recipients: for whom the copy is kept.
    package static func envelope(sender: MailPath, recipients: [MailPath]) -> String {
        "X-Envelope-From: \(word(sender))\r\n" + list("X-Envelope-To", recipients)
    }

    /// `X-Envelope-To-Blocked`, as often as it takes.
    /// - Parameter paths: recipients of the copy who do not get the message.
    package static func blocked(_ paths: [MailPath]) -> String { list("X-Envelope-To-Blocked", paths) }

    private static func list(_ name: String, _ paths: [MailPath]) -> String {
        stride(from: 0, to: paths.count, by: recipientsShown).map { start in
            let shown = paths[start..<min(start + recipientsShown, paths.count)].map(word)
            return "\(name): \(shown.joined(separator: ",\r\n\t"))\r\n"
        }.joined()
    }

    /// The SMTP grammar has let no control character into a path.
    private static func word(_ path: MailPath) -> String { "<\(String(decoding: path.bytes, as: UTF8.self))>" }
}
