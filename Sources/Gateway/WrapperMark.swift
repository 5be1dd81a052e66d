internal import Digests
internal import Linux

/// The boundary of a message that this gateway put around another one: `mailreeve-NAME-TAG`. The tag is the first half of an
/// HMAC-SHA256 (RFC 2104) over the name: a stranger's mail cannot pass for one, and so cannot choose what `learn` takes out of
/// it. It says nothing of what is inside: whoever was sent such a message may use its boundary again.
enum WrapperMark {
    private static let start = "mailreeve-"
    /// Digits of a tag.
    private static let tagLength = 32

    /// - Parameters:
    ///   - key: nil for a message that does not leave the host.
    ///   - name: what no message can hold that was there before, at most 27 octets (RFC 2046 section 5.1.1: 70 in all).
    static func boundary(_ key: ReleaseKey?, _ name: String) -> String {
        guard let key else { return start + name }
        return "\(start)\(name)-\(tag(key, name))"
    }

    static func holds(_ key: ReleaseKey, _ boundary: [UInt8]) -> Bool {
        let text = String(decoding: boundary, as: UTF8.self)
        guard text.hasPrefix(start), let dash = text.lastIndex(of: "-") else { return false }
        let name = text[..<dash].dropFirst(start.count)
        return !name.isEmpty && text[dash...].dropFirst() == tag(key, String(name))
    }

    private static func tag(_ key: ReleaseKey, _ name: String) -> String {
        let signed = Array("mailreeve wrapper 1\n\(name)".utf8)
        return String(hexadecimal(MessageDigest.sha256.authentication(signed.span, key: key.bytes)).prefix(tagLength))
    }
}
