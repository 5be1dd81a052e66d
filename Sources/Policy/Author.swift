internal import Bytes

/// The author of a message (RFC 5322 section 3.6.2), as far as it can be relied on.
package enum Author {
    /// Tokens of a field that are read.
    private static let limit = 200

    /// The one address of a `From:` field: `addr`, `Name <addr>`. Folded octets of the address as they came.
    /// - Returns: nil for several addresses, groups, source routes, and whatever is written in a way that readers may disagree on.
    package static func address(_ value: ArraySlice<UInt8>) -> [UInt8]? {
        let signs = Set("<>,:;@".utf8)
        guard let tokens = StructuredField(value, signs: signs, limit: limit)?.tokens else { return nil }
        guard let open = tokens.firstIndex(of: .sign(0x3C)) else { return address(tokens[...]) }
        // The name is words and strings; an `@` in it would be a second address to some.
        let name = tokens[..<open]
        guard tokens.last == .sign(0x3E), name.allSatisfy({ if case .sign = $0 { false } else { true } }) else {
            return nil
        }
        return address(tokens[(open + 1)..<(tokens.count - 1)])
    }

    private static func address(_ tokens: ArraySlice<StructuredField.Token>) -> [UInt8]? {
        guard tokens.count == 3, tokens[tokens.startIndex + 1] == .sign(0x40),
            case .word(let local)? = tokens.first, case .word(let domain)? = tokens.last
        else { return nil }
        return local + [0x40] + domain
    }

    /// True when one of the domains that signed the message answers for its author's: it is that domain, or one above it, but no
    /// top-level domain.
    /// - Parameters:
    ///   - domain: of the author, in the form in which domains are compared.
    ///   - signers: in the same form.
    package static func isVouched(_ domain: ArraySlice<UInt8>, by signers: [[UInt8]]) -> Bool {
        signers.contains { signer in
            guard signer.contains(0x2E), domain.count >= signer.count, domain.suffix(signer.count).elementsEqual(signer)
            else { return false }
            return domain.count == signer.count || domain[domain.endIndex - signer.count - 1] == 0x2E
        }
    }
}
