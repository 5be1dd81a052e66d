package import MailModel

/// The paths of `MAIL FROM:` and `RCPT TO:` (RFC 5321 section 4.1.2, RFC 6531 section 3.3).
///
/// As tolerant as Postfix with its defaults, because what the MTA before us took must not bounce here: dots may stand
/// anywhere in a local part, a domain may be missing (`<root>`) or end in a dot, labels may hold `_`, brackets may be missing.
package enum PathGrammar {
    /// Octets between the brackets, source route included. RFC 5321 section 4.5.3.1.3 asks for at least 256.
    package static let pathLimit = 1024
    /// Octets of a domain or address literal (RFC 1035 section 2.3.4).
    package static let domainLimit = 255
    /// Octets of one label (RFC 1035 section 2.3.4).
    package static let labelLimit = 63

    /// Why a path is refused.
    package enum Fault: Error, Hashable, Sendable {
        case syntax
        /// Longer than one of the limits.
        case tooLong
    }

    /// Parts of the argument of MAIL or RCPT after the colon.
    package struct Argument: Hashable, Sendable {
        /// What stands between the brackets.
        package var path: ArraySlice<UInt8>
        /// What follows the closing bracket, without spaces at its ends.
        package var parameters: ArraySlice<UInt8>
    }

    /// Finds the end of the path; a `>` inside a quoted string does not end it.
    package static func split(_ argument: ArraySlice<UInt8>) throws(Fault) -> Argument {
        let text = argument.trimmed
        let bracketed = text.first == 0x3C
        let start = text.startIndex + (bracketed ? 1 : 0)
        var index = start
        var quoted = false
        scan: while index < text.endIndex {
            let byte = text[index]
            guard !byte.isControl else { throw .syntax }
            switch byte {
            case 0x5C where quoted: index += 1
            case 0x22: quoted.toggle()
            case 0x3E where !quoted, 0x20 where !quoted, 0x3C where !quoted: break scan
            default: break
            }
            index += 1
        }
        guard !quoted, index <= text.endIndex else { throw .syntax }
        let path = text[start..<index]
        if bracketed {
            guard index < text.endIndex, text[index] == 0x3E else { throw .syntax }
            index += 1
        } else if path.isEmpty {
            throw .syntax
        }
        guard index == text.endIndex || text[index] == 0x20 else { throw .syntax }
        return Argument(path: path, parameters: text[index...].trimmed)
    }

    /// Checks a path and removes its source route; an empty path is `MailPath.null`.
    package static func parse(_ path: ArraySlice<UInt8>) throws(Fault) -> MailPath {
        guard path.count <= pathLimit else { throw .tooLong }
        if path.isEmpty { return .null }
        guard path.isUTF8 else { throw .syntax }
        let mailbox = try withoutRoute(path)
        let end = try endOfLocalPart(mailbox)
        if end < mailbox.endIndex {
            guard mailbox[end] == 0x40 else { throw .syntax }
            try checkDomain(mailbox[(end + 1)...])
        } else if mailbox.first == 0x22 {
            // A quoted local part may hold `@`: without a domain behind it, it could be read as one.
            throw .syntax
        }
        return MailPath(bytes: Array(mailbox))
    }

    /// `@a,@b:user@c` becomes `user@c` (RFC 5321 appendix C: accepted and ignored).
    private static func withoutRoute(_ path: ArraySlice<UInt8>) throws(Fault) -> ArraySlice<UInt8> {
        guard path.first == 0x40 else { return path }
        guard let colon = routeEnd(path) else { throw .syntax }
        for hop in path[..<colon].split(separator: 0x2C, omittingEmptySubsequences: false) {
            guard hop.first == 0x40 else { throw .syntax }
            try checkDomain(hop.dropFirst())
        }
        return path[(colon + 1)...]
    }

    /// Index of the colon that ends the route; colons inside address literals do not.
    private static func routeEnd(_ path: ArraySlice<UInt8>) -> Int? {
        var literal = false
        for index in path.indices {
            switch path[index] {
            case 0x5B: literal = true
            case 0x5D: literal = false
            case 0x3A where !literal: return index
            default: break
            }
        }
        return nil
    }

    /// Index after the local part: a dot-string with dots anywhere, or a quoted string.
    private static func endOfLocalPart(_ mailbox: ArraySlice<UInt8>) throws(Fault) -> Int {
        var index = mailbox.startIndex
        guard mailbox.first == 0x22 else {
            while index < mailbox.endIndex, mailbox[index].isAtomText || mailbox[index] == 0x2E { index += 1 }
            guard index > mailbox.startIndex else { throw .syntax }
            return index
        }
        index += 1
        while index < mailbox.endIndex {
            let byte = mailbox[index]
            guard !byte.isControl else { throw .syntax }
            if byte == 0x22 { return index + 1 }
            if byte == 0x5C {
                index += 1
                guard index < mailbox.endIndex, !mailbox[index].isControl, !mailbox[index].isEightBit else {
                    throw .syntax
                }
            }
            index += 1
        }
        throw .syntax
    }

    private static func checkDomain(_ domain: ArraySlice<UInt8>) throws(Fault) {
        guard !domain.isEmpty else { throw .syntax }
        guard domain.count <= domainLimit else { throw .tooLong }
        if domain.first == 0x5B {
            try checkLiteral(domain)
            return
        }
        // The dot of the root, which Postfix strips (trivial-rewrite).
        let name = domain.count > 1 && domain.last == 0x2E ? domain.dropLast() : domain
        for label in name.split(separator: 0x2E, omittingEmptySubsequences: false) {
            guard !label.isEmpty else { throw .syntax }
            guard label.count <= labelLimit else { throw .tooLong }
            for byte in label where !(byte.isLetter || byte.isDigit || byte.isEightBit || byte == 0x2D || byte == 0x5F)
            {
                throw .syntax
            }
        }
    }

    /// `[192.0.2.1]`, `[IPv6:...]`, `[tag:...]` (RFC 5321 section 4.1.3).
    private static func checkLiteral(_ domain: ArraySlice<UInt8>) throws(Fault) {
        guard domain.count > 2, domain.last == 0x5D else { throw .syntax }
        for byte in domain.dropFirst().dropLast() {
            guard byte > 0x20, byte < 0x7F, byte != 0x40, byte < 0x5B || byte > 0x5D else { throw .syntax }
        }
    }
}
