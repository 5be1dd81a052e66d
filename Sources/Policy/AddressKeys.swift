internal import Bytes
package import MailModel

/// The keys under which an address is looked up in tables, the most specific first, in amavis's order (README.lookups):
/// `user+ext@sub.example.com`, `user@sub.example.com`, `user+ext@`, `user@`, `sub.example.com`, `.sub.example.com`,
/// `.example.com`, `.com`, `.`; the null reverse-path is the empty key, `@` and `.`.
///
/// Letters are in lower case, and a local part in quotes is looked up as what it stands for: `"User"@Example.com` is
/// `user@example.com`.
package enum AddressKeys {
    /// The keys of an address. Their number is bounded by the labels of a domain, at most 127.
    /// - Parameter delimiters: what separates a mailbox from its extension (Postfix: `recipient_delimiter`).
    package static func keys(_ path: MailPath, delimiters: [UInt8]) -> [[UInt8]] {
        if path.isNull { return [[], [at], [dot]] }
        let (local, domain) = split(path)
        let user = mailbox(local, delimiters)
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

    /// The address without its extension, in lower case: `user@example.com` for `User+ext@Example.com`.
    package static func mailbox(_ path: MailPath, delimiters: [UInt8]) -> [UInt8] {
        if path.isNull { return [] }
        let (local, domain) = split(path)
        return mailbox(local, delimiters) + (domain.map { [at] + $0 } ?? [])
    }

    private static let at: UInt8 = 0x40
    private static let dot: UInt8 = 0x2E

    private static func split(_ path: MailPath) -> (local: [UInt8], domain: [UInt8]?) {
        let bytes = foldedCase(path.bytes)
        guard let end = bytes.lastIndex(of: at) else { return (QuotedString.content(bytes[...]) ?? bytes, nil) }
        var domain = Array(bytes[(end + 1)...])
        if domain.last == dot { domain.removeLast() }
        return (QuotedString.content(bytes[..<end]) ?? Array(bytes[..<end]), domain)
    }

    /// Without the extension; a delimiter at the start separates nothing.
    static func mailbox(_ local: [UInt8], _ delimiters: [UInt8]) -> [UInt8] {
        guard !isWhole(local, delimiters), let index = local.firstIndex(where: delimiters.contains), index > 0 else {
            return local
        }
        return Array(local[..<index])
    }

    /// Local parts that are never taken apart: those of the mail system, and where `-` separates those of owners of lists and of
    /// their robots (Postfix: `recipient_delimiter`, `owner_request_special`).
    static func isWhole(_ local: [UInt8], _ delimiters: [UInt8]) -> Bool {
        let name = String(decoding: foldedCase(local), as: UTF8.self)
        if ["postmaster", "mailer-daemon", "double-bounce"].contains(name) { return true }
        guard delimiters.contains(0x2D) else { return false }
        return name.hasPrefix("owner-") || name.hasSuffix("-request") && name.utf8.count > "-request".utf8.count
    }
}
