internal import Bytes
internal import DomainNames

/// The authority of a link (RFC 3986 section 3.2) as browsers understand it (WHATWG URL sections 3.5 and 4.4): letters that stand
/// for those of ASCII as these, numbers that are addresses with four parts, no port where the scheme says it already.
enum LinkAuthority {
    /// User and host. What stands before the last `@` is not where the link leads, and stays.
    static func normalised(_ octets: ArraySlice<UInt8>, scheme: [UInt8]) -> [UInt8] {
        let at = octets.lastIndex(of: 0x40).map { $0 + 1 } ?? octets.startIndex
        // What is escaped here begins no path, and ends no name.
        let user = LinkForm.decoded(octets[..<at], but: Array("/?#\\@".utf8))
        var name = name(LinkForm.decoded(octets[at...], but: Array("/?#\\@:".utf8)))
        var port: [UInt8] = []
        if let colon = name.lastIndex(of: 0x3A), name[(colon + 1)...].allSatisfy({ (0x30...0x39).contains($0) }) {
            port = Array(name[(colon + 1)...])
            name.removeSubrange(colon...)
        }
        if name.count > 1, name.last == 0x2E { name.removeLast() }
        if let address = LinkAddress.normalised(name) { name = address }
        let number = Int(String(decoding: port, as: UTF8.self))
        let isSaid = port.isEmpty || number != nil && number == LinkForm.port(of: scheme)
        return user + name + (isSaid && !name.isEmpty ? [] : port.isEmpty ? [] : [0x3A] + port)
    }

    /// A host in one form, in lower case.
    private static func name(_ host: [UInt8]) -> [UInt8] {
        let seen = DecodedTexts.seen(host)
        let name = seen.allSatisfy { $0 < 0x80 } ? seen : DomainNames.mapped(seen)
        return Array(String(decoding: name, as: UTF8.self).lowercased().utf8)
    }
}
