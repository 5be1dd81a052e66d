package import MailModel

/// The line that a rule leaves in the log, in the shape of Postfix's cleanup(8), which log readers know:
/// `ID: reject: header Subject: x from host[ip]; from=<..> to=<..> proto=.. helo=<..>: text`.
package enum RuleLogLine {
    /// Octets of the text that fired.
    private static let contentShown = 200

    /// The line.
    /// - Parameters:
    ///   - verb: `reject`, `warning`, ...
    ///   - place: `header` or `body`, or what else was looked up.
    ///   - content: the text that fired.
    ///   - text: the rule's own words; empty for none.
    package static func text(
        id: String, verb: String, place: String, content: [UInt8], text: [UInt8], envelope: Envelope
    ) -> String {
        let client = envelope.client
        let forwarded = client.forwarded
        let name = printable(forwarded?.name ?? Array("unknown".utf8), limit: 255)
        let address =
            client.originalAddress.isEmpty ? "unknown" : printable(Array(client.originalAddress.utf8), limit: 60)
        let proto = forwarded?.proto.map { printable($0, limit: 20) } ?? client.transmission.rawValue
        let helo = printable(forwarded?.helo ?? client.helo, limit: 255)
        var out = "\(id): \(verb): \(place) \(printable(content, limit: contentShown))"
        out += " from \(name)[\(address)]; from=<\(printable(envelope.reversePath.bytes, limit: 320))>"
        if let first = envelope.recipients.first { out += " to=<\(printable(first.path.bytes, limit: 320))>" }
        out += " proto=\(proto) helo=<\(helo)>"
        if !text.isEmpty { out += ": \(printable(text, limit: 1000))" }
        return out
    }

    /// As Postfix prints text into its log: controls, and what is not UTF-8, become `?`.
    private static func printable(_ bytes: [UInt8], limit: Int) -> String {
        var out = String.UnicodeScalarView()
        for scalar in String(decoding: bytes.prefix(limit), as: UTF8.self).unicodeScalars {
            let isControl = scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value) || scalar.value == 0xFFFD
            // Characters that turn the direction of a line round could make it say something else (attack A4).
            let isHidden =
                scalar.properties.generalCategory == .format
                || scalar.properties.generalCategory == .lineSeparator
                || scalar.properties.generalCategory == .paragraphSeparator
            out.append(isControl || isHidden ? "?" : scalar)
        }
        return String(out)
    }
}
