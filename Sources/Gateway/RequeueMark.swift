internal import Digests
internal import Linux
internal import MailModel
internal import Policy
internal import Relay
internal import Stores

/// The field on a message that goes back from the quarantine to a listener, with the client by which it came at first: the connection
/// it comes by now is one of our own, and nothing that a stranger wrote is to be believed for it.
///
///     X-Mailreeve-Release: t=1795240000; q=AbCdEfGhIj12; c=127.0.0.2=203.0.113.66=ESMTP; h=TAG
///
/// `c` has the address of the connection, and what XFORWARD said of address and protocol. The tag is the first half of an HMAC-SHA256
/// (RFC 2104) over all of it and over every octet below the field.
struct RequeueMark: Sendable {
    /// Unix time up to which it holds.
    let expiry: Int
    /// Name in the quarantine.
    let id: String
    /// The client, as far as the quarantine knows it.
    let client: ClientFacts
    private let tag: String

    /// Seconds that it holds: it is on its way to a listener of this host.
    private static let time = 600
    /// Digits of a tag.
    private static let tagLength = 32
    /// Octets of each value of `c` without their coding: `XFORWARD` allows 255 (XFORWARD_README).
    private static let longest = 255

    /// - Parameters:
    ///   - time: Unix time.
    ///   - digest: of every octet below the field.
    init(_ key: ReleaseKey, id: String, client: ClientFacts, time: Int, digest: [UInt8]) {
        expiry = time + Self.time
        (self.id, self.client) = (id, client)
        tag = Self.tag(key, expiry: expiry, id: id, client: Self.text(client), digest: digest)
    }

    /// Reads the value of a field; nil for what is no such mark.
    init?(value: ArraySlice<UInt8>) {
        let text = String(decoding: value.filter { $0 > 0x20 }, as: UTF8.self)
        let words = text.split(separator: ";", omittingEmptySubsequences: false)
        guard words.count == 4, words[0].hasPrefix("t="), words[1].hasPrefix("q="), words[2].hasPrefix("c="),
            words[3].hasPrefix("h="), let expiry = Int(words[0].dropFirst(2)),
            Quarantine.isValid(String(words[1].dropFirst(2))), let client = Self.client(words[2].dropFirst(2))
        else { return nil }
        (self.expiry, self.client) = (expiry, client)
        (id, tag) = (String(words[1].dropFirst(2)), String(words[3].dropFirst(2)))
    }

    /// The field with its CRLF.
    var field: [UInt8] {
        Array("\(HeaderEdits.releaseMark): t=\(expiry); q=\(id);\r\n\tc=\(Self.text(client));\r\n\th=\(tag)\r\n".utf8)
    }

    /// True when it was signed for this content. The time has to be looked at, too.
    func holds(_ key: ReleaseKey, digest: [UInt8]) -> Bool {
        tag == Self.tag(key, expiry: expiry, id: id, client: Self.text(client), digest: digest)
    }

    private static func tag(
        _ key: ReleaseKey, expiry: Int, id: String, client: String, digest: [UInt8]
    ) -> String {
        let text = Array("mailreeve requeue 1\n\(expiry)\n\(id)\n\(client)\n\(hexadecimal(digest))".utf8)
        return String(hexadecimal(MessageDigest.sha256.authentication(text.span, key: key.bytes)).prefix(tagLength))
    }

    /// Three values in xtext (RFC 3461 section 4), in which no `=` stands; one that is not known is empty.
    private static func text(_ client: ClientFacts) -> String {
        let values = [
            Array(client.address.utf8), client.forwarded?.recordedAddress ?? [], client.forwarded?.proto ?? [],
        ]
        return values.map { value in
            // What parts the words of the field is coded, too.
            String(decoding: Xtext.encode(value.prefix(longest)), as: UTF8.self).replacing(";", with: "+3B")
        }.joined(separator: "=")
    }

    private static func client(_ text: Substring) -> ClientFacts? {
        let values = text.split(separator: "=", omittingEmptySubsequences: false).map {
            Xtext.decode(Array($0.utf8)[...])
        }
        guard values.count == 3, let address = values[0], let forwarded = values[1], let proto = values[2],
            let connection = String(validating: address, as: UTF8.self)
        else { return nil }
        var client = ClientFacts(address: connection)
        if !forwarded.isEmpty || !proto.isEmpty {
            client.forwarded = ForwardedClient(
                recordedAddress: forwarded.isEmpty ? nil : forwarded, proto: proto.isEmpty ? nil : proto)
        }
        return client
    }
}

extension OutgoingMessage {
    /// The message with a mark of its first client on top. Blocks on a disk unless it is in memory.
    /// - Throws: what reading it throws.
    func requeued(_ key: ReleaseKey, id: String, client: ClientFacts, time: Int) throws -> OutgoingMessage {
        var message = self
        let mark = RequeueMark(key, id: id, client: client, time: time, digest: try arrivingDigest())
        message.body = body.headed(by: mark.field)
        return message
    }
}

extension MessageWork {
    /// Takes the client of a message that was requeued for the one by which it came at first.
    mutating func restoreClient() async {
        guard let key = setup.releaseKey, let field = facts.releaseMark, let mark = RequeueMark(value: field.value),
            time < mark.expiry
        else { return }
        let (file, start) = (message.file, field.place.upperBound)
        guard
            let digest = try? await setup.blocking(unless: file.inMemory, { try file.digest(without: 0..<start) }),
            mark.holds(key, digest: digest)
        else { return }
        // The name that the requeuing program said is not the client's.
        (message.envelope.client.address, message.envelope.client.port) = (mark.client.address, 0)
        (message.envelope.client.helo, message.envelope.client.forwarded) = ([], mark.client.forwarded)
    }
}
