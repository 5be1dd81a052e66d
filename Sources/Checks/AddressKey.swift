internal import Bytes

/// A key of addresses as settings and tables write it, in the form in which addresses are looked up: amavis's keys
/// (`user+ext@example.com`, `user@example.com`, `user+ext@`, `user@`, `example.com`, `.example.com`, `.`), and what else is
/// common for the same (`@example.com`, `@.example.com`, `@.` of amavis's SQL and of Postfix's tables).
package enum AddressKey {
    /// The octets of a key; a longer one is refused.
    package static let longest = 1024

    /// Reads a key; the empty one is the null reverse-path (`<>`, amavis's `@`).
    /// - Throws: what is no key, or one that no address has, with what to write instead.
    package static func read(_ text: [UInt8]) throws(Fault) -> [UInt8] {
        var key = foldedCase(text)
        if key == Array("<>".utf8) || key == [at] { return [] }
        guard !key.isEmpty, key.count <= longest, key.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }), key.first != 0x3C else {
            throw .noKey
        }
        guard String(validating: key, as: UTF8.self) != nil, !key.starts(with: [0xEF, 0xBB, 0xBF]) else {
            throw .encoding
        }
        if key.first == at, key.lastIndex(of: at) == 0 { key.removeFirst() }
        if key == [dot] { return key }
        // The root's dot, which addresses are looked up without.
        if key.last == dot, key.dropLast().last != at { key.removeLast() }
        if let end = key.lastIndex(of: at), key.first == quote {
            // Addresses are looked up by what their local part stands for.
            guard let local = QuotedString.content(key[..<end]) else { throw .quotes }
            key = local + key[end...]
        }
        let end = key.lastIndex(of: at)
        let local = end.map { key[..<$0] } ?? []
        let domain = end.map { key[($0 + 1)...] } ?? key[...]
        guard !key.contains(0x2A) || local.contains(0x2A) && local.count > 1 else { throw .asterisk }
        guard end == nil || domain.first != dot else { throw .domains }
        guard key.first != at, !domain.isEmpty || end != nil,
            !domain.split(separator: dot, omittingEmptySubsequences: false).dropFirst().contains(where: \.isEmpty)
        else { throw .noKey }
        return key
    }

    /// Why a text is no key that an address could have.
    package enum Fault: Error, Hashable, Sendable, CustomStringConvertible {
        case noKey
        case asterisk
        case quotes
        case domains
        case encoding

        package var description: String {
            switch self {
            case .noKey: "write user@example.com, user@, example.com, .example.com, . or <>"
            case .asterisk:
                "an asterisk stands for nothing here: .example.com is a domain with all below it, . everybody"
            case .quotes: "a local part that begins with a quote ends with one"
            case .encoding: "write it in UTF-8, without a byte order mark"
            case .domains: "write the domains without a local part, .example.com, or one whole address"
            }
        }
    }

    private static let at: UInt8 = 0x40
    private static let quote: UInt8 = 0x22
    private static let dot: UInt8 = 0x2E
}
