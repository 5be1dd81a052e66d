internal import Bytes
package import MailModel

/// The keys under which an address is looked up in tables, the most specific first, in amavis's order (README.lookups):
/// `user+ext@sub.example.com`, `user@sub.example.com`, `user+ext@`, `user@`, `sub.example.com`, `.sub.example.com`,
/// `.example.com`, `.com`, `.`; the null reverse-path is the empty key, `@` and `.`.
///
/// Letters of ASCII are in lower case, and a local part in quotes is looked up as what it stands for: `"User"@Example.com` is
/// `user@example.com`.
package enum AddressKeys {
    /// What separates a mailbox from its extension (Postfix: `recipient_delimiter`).
    package static let delimiter: UInt8 = 0x2B

    /// The keys of an address. Their number is bounded by the labels of a domain, at most 127.
    package static func keys(_ path: MailPath) -> [[UInt8]] {
        if path.isNull { return [[], [at], [dot]] }
        let (local, domain) = split(path)
        let user = mailbox(local)
        var keys: [[UInt8]] = []
        func add(_ key: [UInt8]) { if !keys.contains(key) { keys.append(key) } }
        let suffix = domain.map { [at] + $0 } ?? []
        add(local + suffix)
        add(user + suffix)
        add(local + [at])
        add(user + [at])
        if let domain, !domain.isEmpty {
            keys.append(domain)
            keys.append([dot] + domain)
            // An address literal has no parents.
            if domain.first != 0x5B {
                for (index, octet) in domain.enumerated() where octet == dot && index > 0 && index + 1 < domain.count {
                    keys.append(Array(domain[index...]))
                }
            }
        }
        keys.append([dot])
        return keys
    }

    /// The address as patterns and regular expressions see it: lower case, without needless quotes.
    package static func normal(_ path: MailPath) -> [UInt8] {
        if path.isNull { return [] }
        let (local, domain) = split(path)
        return local + (domain.map { [at] + $0 } ?? [])
    }

    /// The domain in lower case; nil when there is none.
    package static func domain(_ path: MailPath) -> [UInt8]? { split(path).domain }

    /// The address without its extension, in lower case: `user@example.com` for `User+ext@Example.com`.
    package static func mailbox(_ path: MailPath) -> [UInt8] {
        if path.isNull { return [] }
        let (local, domain) = split(path)
        return mailbox(local) + (domain.map { [at] + $0 } ?? [])
    }

    private static let at: UInt8 = 0x40
    private static let dot: UInt8 = 0x2E

    private static func split(_ path: MailPath) -> (local: [UInt8], domain: [UInt8]?) {
        let bytes = path.bytes.map(asciiLower)
        guard let end = bytes.lastIndex(of: at) else { return (unquoted(bytes[...]), nil) }
        var domain = Array(bytes[(end + 1)...])
        if domain.last == dot { domain.removeLast() }
        return (unquoted(bytes[..<end]), domain)
    }

    /// What a quoted string stands for (RFC 5321 section 4.1.2); other text as it is.
    private static func unquoted(_ local: ArraySlice<UInt8>) -> [UInt8] {
        guard local.count >= 2, local.first == 0x22, local.last == 0x22 else { return Array(local) }
        var out: [UInt8] = []
        var isEscaped = false
        for octet in local.dropFirst().dropLast() {
            if octet == 0x5C, !isEscaped {
                isEscaped = true
                continue
            }
            isEscaped = false
            out.append(octet)
        }
        return out
    }

    /// Without the extension; a delimiter at the start separates nothing.
    private static func mailbox(_ local: [UInt8]) -> [UInt8] {
        guard let index = local.firstIndex(of: delimiter), index > 0 else { return local }
        return Array(local[..<index])
    }
}
