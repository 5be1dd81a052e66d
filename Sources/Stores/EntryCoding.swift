internal import Digests
internal import MailModel

/// The `envelope` file of a quarantine entry: one `name value` a line, hostile values in xtext (RFC 3461 section 4), so
/// that a shell script reads it and no value can pretend to be another line. The last line is the digest of all before it:
/// a file that lost its end, and with it recipients, is not taken for a whole one.
enum EntryCoding {
    private static let firstLine = "mailreeve-quarantine 2"
    private static let lastLine = "sha256"
    /// Octets of the last line: the word, a blank, 64 digits, the line end.
    private static let lastLineLength = 72

    static func encode(_ entry: Quarantine.Entry) -> [UInt8] {
        let envelope = entry.envelope
        var lines = [
            firstLine, "id \(entry.id)", "secret \(entry.secret)", "time \(entry.time)",
            "category \(entry.category.rawValue)", "size \(entry.size)", "message-sha256 \(entry.digest)",
            "reason \(xtext(Array(entry.reason.utf8)))", "subject \(xtext(Array(entry.subject.utf8)))",
            "message-id \(xtext(Array(entry.messageID.utf8)))",
            "sender \(xtext(envelope.reversePath.bytes))", "client \(xtext(Array(envelope.client.address.utf8)))",
        ]
        if let digest = entry.reportDigest { lines.append("report-sha256 \(digest)") }
        if let listener = entry.listener { lines.append("listener \(xtext(Array(listener.utf8)))") }
        if let policy = entry.policy { lines.append("policy \(xtext(Array(policy.utf8)))") }
        if let forwarded = envelope.client.forwarded?.recordedAddress { lines.append("forwarded \(xtext(forwarded))") }
        if let proto = envelope.client.forwarded?.proto { lines.append("protocol \(xtext(proto))") }
        let parameters = envelope.parameters
        if let body = parameters.body { lines.append("body \(body.rawValue)") }
        if parameters.smtputf8 { lines.append("smtputf8 yes") }
        if let ret = parameters.ret { lines.append("ret \(ret.rawValue)") }
        if let envelopeID = parameters.envelopeID { lines.append("envid \(xtext(envelopeID))") }
        for recipient in envelope.recipients {
            var line = "recipient \(xtext(recipient.path.bytes))"
            if let notify = recipient.notify { line += " notify=\(notify.rawValue)" }
            if let original = recipient.originalRecipient { line += " orcpt=\(xtext(original))" }
            lines.append(line)
        }
        let text = Array((lines.joined(separator: "\n") + "\n").utf8)
        return text + Array("\(lastLine) \(digest(text))\n".utf8)
    }

    static func decode(_ bytes: [UInt8]) -> Quarantine.Entry? {
        let text = bytes.dropLast(lastLineLength)
        guard bytes.suffix(lastLineLength).elementsEqual("\(lastLine) \(digest(text))\n".utf8) else { return nil }
        let lines = String(decoding: text, as: UTF8.self).split(separator: "\n")
        guard lines.first.map(String.init) == firstLine else { return nil }
        var entry = Quarantine.Entry(
            id: "", secret: "", time: 0, category: .clean, reason: "",
            envelope: Envelope(reversePath: .null, recipients: []),
            size: 0)
        for line in lines.dropFirst() {
            let fields = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
            guard fields.count >= 2, apply(fields, to: &entry) else { return nil }
        }
        return entry.id.isEmpty ? nil : entry
    }

    /// The digest of the message, as far as an envelope that may be damaged has a line with one.
    static func messageDigest(_ bytes: [UInt8]) -> String? {
        word("message-sha256", of: bytes) { word in
            word.count == 64 && word.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
        }
    }

    /// The name of the entry, likewise. One that was cut is another's by chance.
    static func id(_ bytes: [UInt8]) -> String? {
        let whole = Array(bytes[..<(bytes.lastIndex(of: 0x0A) ?? 0)])
        return word("id", of: whole) { Quarantine.isValid(String(decoding: $0, as: UTF8.self)) }
    }

    private static func word(
        _ name: String, of bytes: [UInt8], where isValid: (ArraySlice<UInt8>) -> Bool
    ) -> String? {
        for line in bytes.split(separator: 0x0A) {
            let words = line.split(separator: 0x20)
            guard words.count == 2, words[0].elementsEqual(name.utf8), isValid(words[1]) else { continue }
            return String(decoding: words[1], as: UTF8.self)
        }
        return nil
    }

    private static func apply(_ fields: [String], to entry: inout Quarantine.Entry) -> Bool {
        let value = fields[1]
        switch fields[0] {
        case "id": entry.id = value
        case "secret": entry.secret = value
        case "message-sha256": entry.digest = value
        case "report-sha256": entry.reportDigest = value
        case "time":
            guard let time = Int(value) else { return false }
            entry.time = time
        case "size":
            guard let size = Int(value) else { return false }
            entry.size = size
        case "category":
            guard let category = Category(rawValue: value) else { return false }
            entry.category = category
        case "reason":
            guard let text = plain(value) else { return false }
            entry.reason = String(decoding: text, as: UTF8.self)
        case "subject":
            guard let text = plain(value) else { return false }
            entry.subject = String(decoding: text, as: UTF8.self)
        case "message-id":
            guard let text = plain(value) else { return false }
            entry.messageID = String(decoding: text, as: UTF8.self)
        case "listener":
            guard let text = plain(value) else { return false }
            entry.listener = String(decoding: text, as: UTF8.self)
        case "policy":
            guard let text = plain(value) else { return false }
            entry.policy = String(decoding: text, as: UTF8.self)
        case "client":
            guard let text = plain(value) else { return false }
            entry.envelope.client.address = String(decoding: text, as: UTF8.self)
        case "forwarded":
            guard let address = plain(value) else { return false }
            entry.envelope.client.forwarded = ForwardedClient(recordedAddress: address, proto: nil)
        case "protocol":
            guard let proto = plain(value) else { return false }
            let known = entry.envelope.client.forwarded ?? ForwardedClient(recordedAddress: nil, proto: nil)
            entry.envelope.client.forwarded = known
            entry.envelope.client.forwarded?.proto = proto
        case "sender":
            guard let path = plain(value) else { return false }
            entry.envelope.reversePath = MailPath(bytes: path)
        case "body":
            guard let body = BodyType(rawValue: value) else { return false }
            entry.envelope.parameters.body = body
        case "smtputf8": entry.envelope.parameters.smtputf8 = true
        case "ret":
            guard let ret = ReturnContent(rawValue: value) else { return false }
            entry.envelope.parameters.ret = ret
        case "envid":
            guard let envelopeID = plain(value) else { return false }
            entry.envelope.parameters.envelopeID = envelopeID
        case "recipient":
            guard let recipient = recipient(fields) else { return false }
            entry.envelope.recipients.append(recipient)
        default: return false
        }
        return true
    }

    private static func recipient(_ fields: [String]) -> Recipient? {
        guard let path = plain(fields[1]) else { return nil }
        var recipient = Recipient(path: MailPath(bytes: path))
        for field in fields.dropFirst(2) {
            if field.hasPrefix("notify="), let bits = UInt8(field.dropFirst(7)) {
                recipient.notify = NotifyConditions(rawValue: bits)
            } else if field.hasPrefix("orcpt="), let original = plain(String(field.dropFirst(6))) {
                recipient.originalRecipient = original
            } else {
                return nil
            }
        }
        return recipient
    }

    private static func xtext(_ bytes: [UInt8]) -> String {
        String(decoding: Xtext.encode(bytes), as: UTF8.self)
    }

    private static func plain(_ text: String) -> [UInt8]? {
        Xtext.decode(Array(text.utf8)[...])
    }

    private static func digest(_ bytes: some Collection<UInt8>) -> String {
        hexadecimal(Array(bytes).withUnsafeBytes { SHA256.digest($0) })
    }
}
