internal import Bytes
internal import Digests
internal import Glibc
internal import Linux
internal import MailModel
internal import Policy
internal import Relay
internal import Stores

/// The key with which this host, or several that have the same file, sign the marks of released mail.
///
/// `release.key` in the state directory: 32 random octets, made once, written beside and linked to its name.
struct ReleaseKey: Sendable {
    let bytes: [UInt8]

    private static let count = 32

    /// Reads the key; makes one where there is none. Blocks on a disk.
    /// - Throws: `GatewayError` when it cannot be made or is damaged.
    init(_ stateDirectory: String) throws {
        let path = "\(stateDirectory)/release.key"
        do {
            if access(path, F_OK) != 0 { try Self.make(path) }
            let file = try Descriptor.open(path, O_RDONLY | O_NOFOLLOW)
            bytes = try file.read(at: 0, count: Self.count + 1)
        } catch {
            throw GatewayError("\(error)")
        }
        guard bytes.count == Self.count else {
            throw GatewayError("\(path): not \(Self.count) octets; remove it, and a new one is made")
        }
    }

    /// The key that is there; nil where there is none, or none that this user may read. Blocks on a disk.
    static func existing(_ stateDirectory: String) -> ReleaseKey? {
        guard access("\(stateDirectory)/release.key", R_OK) == 0 else { return nil }
        return try? ReleaseKey(stateDirectory)
    }

    private static func make(_ path: String) throws(SystemError) {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        let temporary = "\(path).\(getpid()).tmp"
        let file = try Descriptor.open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW)
        defer { unlink(temporary) }
        try file.write(bytes)
        try file.synchronize()
        // Whoever comes second finds the key of the first.
        if link(temporary, path) != 0, errno != EEXIST { throw SystemError("link \(path)", code: errno) }
    }
}

/// The field that says that somebody has released a message for some recipients, so that it is not caught once more where its way
/// leads through the gateway again:
///
///     X-Mailreeve-Release: t=1795240000; q=AbCdEfGhIj12; h=TAG,TAG
///
/// A tag is the first half of an HMAC-SHA256 (RFC 2104) over everything that was signed for one recipient: the time `t` up to which
/// it holds, the name `q` in the quarantine, the recipient, and every octet below the field. Nobody can make one for
/// another content or another recipient.
struct ReleaseMark: Sendable {
    /// Unix time up to which it holds.
    let expiry: Int
    /// Name in the quarantine.
    let id: String
    private let tags: Set<String>

    /// Recipients of one release that are signed; further ones are judged again. As many tags are well below what MTAs allow a
    /// header (Postfix: `header_size_limit`).
    private static let recipientLimit = 1000
    /// Digits of a tag.
    private static let tagLength = 32

    /// Signs for the recipients of a message.
    /// - Parameter digest: of every octet below the field.
    init(_ key: ReleaseKey, id: String, expiry: Int, digest: [UInt8], recipients: [MailPath]) {
        (self.expiry, self.id) = (expiry, id)
        tags = Set(
            recipients.prefix(Self.recipientLimit).map {
                Self.tag(key, id: id, expiry: expiry, digest: digest, recipient: $0)
            })
    }

    /// Reads the value of a field; nil for what is none of ours.
    init?(value: ArraySlice<UInt8>) {
        let text = String(decoding: value.filter { $0 > 0x20 }, as: UTF8.self)
        let words = text.split(separator: ";", omittingEmptySubsequences: false)
        guard words.count == 3, words[0].hasPrefix("t="), words[1].hasPrefix("q="), words[2].hasPrefix("h="),
            let expiry = Int(words[0].dropFirst(2)), Quarantine.isValid(String(words[1].dropFirst(2)))
        else { return nil }
        let tags = words[2].dropFirst(2).split(separator: ",", maxSplits: Self.recipientLimit).map(String.init)
        guard tags.count <= Self.recipientLimit, tags.allSatisfy({ $0.utf8.count == Self.tagLength }) else {
            return nil
        }
        (self.expiry, id, self.tags) = (expiry, String(words[1].dropFirst(2)), Set(tags))
    }

    /// The field with its CRLF, a tag on a line.
    var field: [UInt8] {
        let lines = tags.sorted().joined(separator: ",\r\n\t")
        return Array("\(HeaderEdits.releaseMark): t=\(expiry); q=\(id);\r\n\th=\(lines)\r\n".utf8)
    }

    /// True when it was signed for this recipient and content. The time has to be looked at, too.
    func holds(_ key: ReleaseKey, digest: [UInt8], recipient: MailPath) -> Bool {
        // Who cannot make tags learns nothing from the time that looking one up takes: it is that of a digest with a key.
        tags.contains(Self.tag(key, id: id, expiry: expiry, digest: digest, recipient: recipient))
    }

    private static func tag(
        _ key: ReleaseKey, id: String, expiry: Int, digest: [UInt8], recipient: MailPath
    ) -> String {
        // MTAs may change the case of a domain on the way. No address holds a line end.
        let text = Array("mailreeve release 1\n\(expiry)\n\(id)\n\(hexadecimal(digest))\n".utf8)
        let signed = text + recipient.bytes.map(asciiLower)
        return String(hexadecimal(MessageDigest.sha256.authentication(signed.span, key: key.bytes)).prefix(tagLength))
    }
}

extension OutgoingMessage {
    /// The message with a mark on top. Blocks on a disk unless it is in memory.
    /// - Throws: what reading it throws.
    func marked(_ key: ReleaseKey, id: String, expiry: Int) throws -> OutgoingMessage {
        let mark = ReleaseMark(
            key, id: id, expiry: expiry, digest: try arrivingDigest(), recipients: recipients.map(\.path))
        var message = self
        message.body = body.headed(by: mark.field)
        return message
    }

    /// SHA-256 of the message as it arrives. Blocks on a disk unless it is in memory.
    func arrivingDigest() throws -> [UInt8] {
        var sum = SHA256()
        var position = 0
        var end: [UInt8] = []
        while position < body.count {
            let chunk = try body.read(at: position)
            guard !chunk.isEmpty else { throw SystemError("read of a stored message", code: 5) }
            chunk.withUnsafeBytes { sum.update($0) }
            position += chunk.count
            end = (end + chunk.suffix(2)).suffix(2)
        }
        // What does not end in a line end gets one on its way (RFC 5321 section 4.1.1.4).
        let lineEnd: [UInt8] = [0x0D, 0x0A]
        if end != lineEnd { lineEnd.withUnsafeBytes { sum.update($0) } }
        return sum.finish()
    }
}

extension MessageWork {
    /// Recipients whom a line of the log names.
    private static let releasedShown = 20

    /// Says in the log for whom the message was released before.
    var releaseLine: String {
        let paths = released.sorted().prefix(Self.releasedShown).map { "<\(message.envelope.recipients[$0].path)>" }
        let more = released.count > paths.count ? ",... (\(released.count) recipients)" : ""
        return "\(id): released before as \(releasedID): passed on to \(paths.joined(separator: ","))\(more)"
    }

    /// Places of recipients for whom somebody has released this message, and its name in the quarantine.
    mutating func findReleased() async {
        guard let key = setup.releaseKey, let field = facts.releaseMark, let mark = ReleaseMark(value: field.value),
            time < mark.expiry
        else { return }
        let (file, start) = (message.file, field.place.upperBound)
        guard
            let digest = try? await setup.blocking(unless: file.inMemory, { try file.digest(without: 0..<start) })
        else { return }
        let recipients = message.envelope.recipients
        released = Set(recipients.indices.filter { mark.holds(key, digest: digest, recipient: recipients[$0].path) })
        if !released.isEmpty { releasedID = mark.id }
    }
}
