internal import MailModel

/// Turns bytes of a header value into text. Where its charset cannot explain some of them, all but ASCII stays as octets
/// (`RawOctets`): nothing is dropped, and two different names never become the same by loss.
enum HeaderText {
    /// `bytes` as text.
    /// - Parameter charset: the label that stands with them; nil or empty is UTF-8.
    static func text(_ bytes: [UInt8], charset: [UInt8]? = nil) -> String {
        guard let charset, !charset.isEmpty else {
            return String(validating: bytes, as: UTF8.self) ?? RawOctets.text(bytes)
        }
        var out: [UInt8] = []
        // No charset takes more than three octets of UTF-8 for one of its own.
        let result = Charsets.decode(bytes.span, label: charset, into: &out, limit: 4 * bytes.count)
        guard result.replacements == 0, !result.isLabelUnknown else { return RawOctets.text(bytes) }
        return String(decoding: out, as: UTF8.self)
    }
}
