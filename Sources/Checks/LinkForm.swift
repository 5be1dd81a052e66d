internal import Bytes

/// A link in the one form in which `link_checks` looks it up, whatever way it was written in: the scheme and the host in lower
/// case, two slashes before the host whatever stood there (WHATWG URL section 4.4: browsers take `\` and any number) and one
/// behind it, the host as `LinkAuthority` has it, a path without `.` and `..`, and `%XX` decoded where that is a printable character. `%25`, `%20` and controls
/// stay, so that nothing can be decoded twice. A host in letters of other scripts stays in them, one in A-labels (`xn--`) too.
package enum LinkForm {
    /// Octets of a link that are looked up.
    package static let sizeLimit = 16_384

    /// - Parameters:
    ///   - link: as it was found, without blanks around it.
    ///   - base: what `<base>` says, in this form too; nil where nothing does.
    /// - Returns: empty for a place in the message itself (`#top`).
    package static func normalised(_ link: [UInt8], base: [UInt8]? = nil) -> [UInt8] {
        let link = Array(link.prefix(sizeLimit))
        guard let first = link.first, first != 0x23 else { return [] }
        let joined = Array(joined(link, base).prefix(sizeLimit))
        var rest = joined[...]
        guard let length = schemeLength(rest) else { return finished(decoded(rest)) }
        let scheme = rest.prefix(length).map(asciiLower)
        rest = rest.dropFirst(length + 1)
        guard hasHost(scheme) else { return finished(scheme + [0x3A] + decoded(rest)) }
        rest = rest.drop { isSlash($0) }
        let end = rest.firstIndex { isSlash($0) || $0 == 0x3F || $0 == 0x23 } ?? rest.endIndex
        let path = rest[end...]
        let query = path.firstIndex { $0 == 0x3F || $0 == 0x23 } ?? path.endIndex
        // Behind ? and # a backslash is one.
        let slashed = path[..<query].map { isSlash($0) ? 0x2F : $0 }
        let authority = LinkAuthority.normalised(rest[..<end], scheme: scheme)
        let root: [UInt8] = slashed.isEmpty && !authority.isEmpty ? [0x2F] : []
        let folders = withoutDots(decoded(slashed))
        return finished(scheme + Array("://".utf8) + authority + root + folders + decoded(path[query...]))
    }

    /// The octets of a scheme before its colon (RFC 3986 section 3.1); nil where there is none.
    private static func schemeLength(_ link: ArraySlice<UInt8>) -> Int? {
        guard let colon = link.firstIndex(of: 0x3A), let first = link.first, isLetter(first) else { return nil }
        let isScheme = link[..<colon].allSatisfy { octet in
            isLetter(octet) || (0x30...0x39).contains(octet) || octet == 0x2B || octet == 0x2D || octet == 0x2E
        }
        return isScheme ? colon - link.startIndex : nil
    }

    /// Schemes whose links name a host, however many slashes stand there, and their ports.
    private static let ports = ["http": 80, "https": 443, "ftp": 21, "ws": 80, "wss": 443]

    private static func hasHost(_ scheme: [UInt8]) -> Bool { port(of: scheme) != nil }

    /// The port that a scheme means where none is said; nil for schemes without host.
    static func port(of scheme: [UInt8]) -> Int? { ports[String(decoding: scheme, as: UTF8.self)] }

    /// A path without the segments `.` and `..`, as browsers go it (WHATWG URL section 4.4, path state).
    private static func withoutDots(_ path: [UInt8]) -> [UInt8] {
        guard path.span.firstIndex(of: "/.", from: 0) != nil else { return path }
        var kept: [ArraySlice<UInt8>] = []
        let segments = path.dropFirst().split(separator: 0x2F, omittingEmptySubsequences: false)
        for (index, segment) in segments.enumerated() {
            let dots = segment.allSatisfy { $0 == 0x2E } && segment.count <= 2 ? segment.count : 0
            if dots == 0 { kept.append(segment) }
            if dots == 2 { _ = kept.popLast() }
            // What it leads to is a folder.
            if dots > 0, index == segments.count - 1 { kept.append([]) }
        }
        return [0x2F] + kept.joined(separator: [0x2F])
    }

    /// A link without scheme, laid upon the base; without base as it is, but for one that begins with a host. The scheme of the
    /// base without a host behind it says nothing (WHATWG URL section 4.4, special relative or authority state).
    private static func joined(_ link: [UInt8], _ base: [UInt8]?) -> [UInt8] {
        let base = base ?? []
        let scheme = schemeLength(base[...]).map { Array(base.prefix($0)) }
        guard let length = schemeLength(link[...]) else { return relative(link, base, scheme) }
        let rest = Array(link[(length + 1)...])
        guard let scheme, hasHost(scheme), link.prefix(length).map(asciiLower) == scheme, !namesHost(rest) else {
            return link
        }
        return relative(rest, base, scheme)
    }

    private static func namesHost(_ link: [UInt8]) -> Bool { link.count > 1 && link.prefix(2).allSatisfy(isSlash) }

    /// A link without scheme, laid upon the base.
    private static func relative(_ link: [UInt8], _ base: [UInt8], _ scheme: [UInt8]?) -> [UInt8] {
        if namesHost(link) { return (scheme ?? Array("http".utf8)) + [0x3A] + link }
        let isRooted = link.first.map(isSlash) ?? false
        guard let scheme, hasHost(scheme) else { return link }
        let host = min(base.count, scheme.count + 3)
        let end = base[host...].firstIndex { $0 == 0x2F || $0 == 0x3F || $0 == 0x23 } ?? base.endIndex
        if isRooted { return base[..<end] + link }
        let pathEnd = base[end...].firstIndex { $0 == 0x3F || $0 == 0x23 } ?? base.endIndex
        if link.isEmpty || link.first == 0x23 { return base + link }
        if link.first == 0x3F { return base[..<pathEnd] + link }
        let slash = base[end..<pathEnd].lastIndex(of: 0x2F) ?? end
        return base[..<slash] + [0x2F] + link
    }

    /// `%XX` as what it stands for, where that is a printable character and none of `but`.
    static func decoded(_ octets: some Collection<UInt8>, but kept: [UInt8] = []) -> [UInt8] {
        let octets = Array(octets)
        guard octets.contains(0x25) else { return octets }
        var out: [UInt8] = []
        out.reserveCapacity(octets.count)
        var index = 0
        // Octets of characters beyond ASCII, until it is known whether they are such.
        var waiting: [UInt8] = []
        func flush() {
            guard !waiting.isEmpty else { return }
            if String(validating: waiting, as: UTF8.self) != nil {
                out += waiting
            } else {
                for octet in waiting { out += [0x25] + hexadecimal(octet) }
            }
            waiting.removeAll()
        }
        while index < octets.count {
            guard octets[index] == 0x25, index + 2 < octets.count, let high = hexadecimalValue(octets[index + 1]),
                let low = hexadecimalValue(octets[index + 2])
            else {
                flush()
                out.append(octets[index])
                index += 1
                continue
            }
            let octet = high << 4 | low
            if octet >= 0x80 {
                waiting.append(octet)
            } else {
                flush()
                if octet > 0x20, octet != 0x25, octet != 0x7F, !kept.contains(octet) {
                    out.append(octet)
                } else {
                    out += [0x25] + hexadecimal(octet)
                }
            }
            index += 3
        }
        flush()
        return out
    }

    /// A link in its form with what was escaped twice as what it stands for.
    static func unescapedOnce(_ link: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(link.count)
        var index = 0
        while index < link.count {
            out.append(link[index])
            index += link.span.hasBytes("%25", at: index) ? 3 : 1
        }
        return decoded(out)
    }

    /// Without characters that show nothing, which would part a word for the rules alone.
    private static func finished(_ link: [UInt8]) -> [UInt8] { DecodedTexts.seen(link) }

    private static func isSlash(_ octet: UInt8) -> Bool { octet == 0x2F || octet == 0x5C }
    private static func isLetter(_ octet: UInt8) -> Bool { (0x61...0x7A).contains(octet | 0x20) }

    private static func hexadecimal(_ octet: UInt8) -> [UInt8] {
        let digits = Array("0123456789ABCDEF".utf8)
        return [digits[Int(octet >> 4)], digits[Int(octet & 15)]]
    }
}
