internal import Bytes
internal import MIME

/// Links that show an address, or a picture from there, and lead to another one. Asked before a page is scanned for them, which
/// costs as much as the page itself: whatever libclamav could object to (`Heuristics.Phishing.Email.*`) has to be among them, and
/// little else.
enum LinkDoubt {
    /// Octets of an address that are compared.
    private static let compared = 512

    static func isIn(_ html: HTMLContent) -> Bool {
        // Where the last anchor leads: what comes behind its tag may stand on it.
        var real: Address?
        return html.links.contains { link in
            switch link.kind {
            // libclamav takes the links within a form for what it shows.
            case .form: return Address(link.target).isWhole
            case .anchor:
                real = opensPage(link.target)
                guard let real, looksLikeAddress(link.text) else { return false }
                return differ(Address(link.text), real)
            case .resource:
                let picture = Address(link.target)
                guard let real, picture.isWhole else { return false }
                return differ(picture, real)
            case .refresh: return false
            }
        }
    }

    /// Where a link leads; nil for one that opens no page.
    private static func opensPage(_ target: [UInt8]) -> Address? {
        guard let first = target.first, first != UInt8(ascii: "#") else { return nil }
        let address = Address(target)
        let opensNone = ["mailto", "tel", "sms", "cid"].contains { address.opener.elementsEqual($0.utf8) }
        return opensNone ? nil : address
    }

    private static func differ(_ shown: Address, _ real: Address) -> Bool {
        shown.host != real.host || !shown.scheme.isEmpty && shown.scheme != real.scheme
    }

    /// A dot between two characters that names have, as in `example.org`.
    private static func looksLikeAddress(_ text: [UInt8]) -> Bool {
        guard text.count > 2 else { return false }
        return (1..<text.count - 1).contains { index in
            text[index] == UInt8(ascii: ".") && isOfName(text[index - 1]) && isOfName(text[index + 1])
        }
    }

    private static func isOfName(_ octet: UInt8) -> Bool {
        switch octet {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), 0x80...:
            true
        default: false
        }
    }

    /// Scheme and host, in lower case.
    private struct Address {
        /// What stands in front of the first colon.
        var opener: [UInt8] = []
        /// The same when `//` follows; else empty.
        var scheme: [UInt8] = []
        var host: [UInt8]

        /// It has a host of its own and is not joined with the page's.
        var isWhole: Bool { !scheme.isEmpty || isSchemeless }
        private var isSchemeless = false

        init(_ text: [UInt8]) {
            let lower = text.prefix(compared).map { octet in
                (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(octet) ? octet | 0x20 : octet
            }
            var rest = lower[...]
            if let colon = lower.firstIndex(of: UInt8(ascii: ":")) {
                opener = Array(lower[..<colon])
                let slashes = lower[(colon + 1)...].prefix { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") }
                if slashes.count >= 2 {
                    scheme = opener
                    rest = lower[slashes.endIndex...]
                }
            }
            if lower.starts(with: "//".utf8) {
                isSchemeless = true
                rest = lower[2...]
            }
            host = Array(rest.prefix { $0 > 0x20 && !Self.ends.contains($0) })
        }

        /// What ends a host's name.
        private static let ends: Set<UInt8> = [
            UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#"), UInt8(ascii: "\\"),
        ]
    }
}
