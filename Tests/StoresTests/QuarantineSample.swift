import Linux
import MailModel
import Stores

/// An entry with everything that an envelope can have, and its message.
enum QuarantineSample {
    static let content = Array("Subject: x\r\n\r\nbody\r\n".utf8)

    static func message(_ bytes: [UInt8] = content) throws -> Descriptor {
        let file = try Descriptor.memory("test")
        try file.write(bytes)
        try file.seal()
        return file
    }

    static func entry(_ id: String = Quarantine.newID(), time: Int = 1_795_232_846) -> Quarantine.Entry {
        var client = ClientFacts(address: "192.0.2.1")
        client.forwarded = ForwardedClient()
        client.forwarded?.address = Array("203.0.113.9".utf8)
        let recipients = [
            Recipient(path: MailPath("a@x")),
            Recipient(path: MailPath("\"b c\"@x"), notify: .never, originalRecipient: Array("rfc822;b+20c@x".utf8)),
            Recipient(path: MailPath("é@x"), notify: [.failure, .delay]),
        ]
        let parameters = MailParameters(
            body: .eightBitMIME, smtputf8: true, ret: .headers, envelopeID: Array("e+3D1".utf8))
        var entry = Quarantine.Entry(
            id: id, time: time, category: .infected, reason: "id=1-2 - INFECTED: Eicar",
            envelope: Envelope(
                reversePath: MailPath("s@y"), parameters: parameters, recipients: recipients, client: client),
            size: content.count)
        (entry.listener, entry.policy) = ("unix:/run/a b", "incoming+1")
        return entry
    }

    /// Where an entry lies, below the directory of the quarantine.
    static func place(_ id: String) -> String { "\(id.prefix(1))/\(id)" }
}

/// The message of an entry, proven to be whole.
func storedMessage(
    of entry: Quarantine.Entry, in quarantine: Quarantine
) throws(Quarantine.Failure) -> [UInt8] {
    var bytes: [UInt8] = []
    try quarantine.read(message: entry) { piece in
        piece.withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
        return true
    }
    return bytes
}
