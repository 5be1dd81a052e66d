internal import Digests
internal import MailModel
internal import Stores

/// What a link of a digest carries in the subject of the mail that it makes: that one recipient wants one message of the quarantine.
///
///     mailreeve.ACTION.ID.PLACE.EXPIRY.TAG
///
/// The tag is the first half of an HMAC-SHA256 (RFC 2104) over everything before it and the recipient, who is named by his place in the
/// entry's envelope: it holds for nobody else, and says nobody's address.
struct DigestToken: Hashable, Sendable {
    /// What the recipient wants. Raw values are those of the token.
    enum Action: String, Hashable, Sendable, CaseIterable {
        case release = "r"
        /// And its sender's mail is no spam from now on.
        case releaseAndAllow = "a"
    }

    let action: Action
    /// Name of the entry.
    let id: String
    /// Place of the recipient in the entry's envelope.
    let place: Int
    /// Unix time up to which it holds.
    let expiry: Int
    private let tag: String

    private static let firstWord = "mailreeve"
    /// Digits of a tag.
    private static let tagLength = 32
    /// Octets of a token at most.
    private static let lengthLimit = 160

    /// Signs.
    /// - Parameter recipient: in the form in which addresses are looked up.
    init(_ key: ReleaseKey, _ action: Action, id: String, place: Int, recipient: [UInt8], expiry: Int) {
        (self.action, self.id, self.place, self.expiry) = (action, id, place, expiry)
        tag = Self.tag(key, action, id, place, recipient, expiry)
    }

    /// Reads the first token of a text; nil where there is none. It may be anybody's: `holds` says whose it is.
    init?(in text: String) {
        let allowed = { (octet: UInt8) in
            (0x30...0x39).contains(octet) || (0x41...0x5A).contains(octet) || (0x61...0x7A).contains(octet)
                || octet == 0x2E
        }
        guard let start = text.utf8.firstRange(of: "\(Self.firstWord).".utf8)?.lowerBound else { return nil }
        let octets = text.utf8[start...].prefix(Self.lengthLimit).prefix(while: allowed)
        let words = String(decoding: octets, as: UTF8.self).split(separator: ".", omittingEmptySubsequences: false)
        guard words.count >= 6, let action = Action(rawValue: String(words[1])), Quarantine.isValid(String(words[2])),
            let place = Int(words[3]), place >= 0, let expiry = Int(words[4]), words[5].utf8.count == Self.tagLength
        else { return nil }
        (self.action, id, self.place, self.expiry, tag) = (action, String(words[2]), place, expiry, String(words[5]))
    }

    var text: String { "\(Self.firstWord).\(action.rawValue).\(id).\(place).\(expiry).\(tag)" }

    /// True when it was signed for this recipient. The time has to be looked at, too.
    func holds(_ key: ReleaseKey, recipient: [UInt8]) -> Bool {
        isSame(Array(tag.utf8), Array(Self.tag(key, action, id, place, recipient, expiry).utf8))
    }

    private static func tag(
        _ key: ReleaseKey, _ action: Action, _ id: String, _ place: Int, _ recipient: [UInt8], _ expiry: Int
    ) -> String {
        // The first line tells it from the marks that the same key signs. No address holds a line end.
        let text = Array("mailreeve digest 1\n\(action.rawValue)\n\(id)\n\(place)\n\(expiry)\n".utf8) + recipient
        let digest = MessageDigest.sha256.authentication(text.span, key: key.bytes)
        return String(hexadecimal(digest).prefix(tagLength))
    }
}

/// Compares a secret without telling by the time how much was right. What is empty is the same as nothing.
func isSame(_ given: [UInt8], _ secret: [UInt8]) -> Bool {
    guard given.count == secret.count, !secret.isEmpty else { return false }
    return zip(given, secret).reduce(0 as UInt8) { $0 | ($1.0 ^ $1.1) } == 0
}
