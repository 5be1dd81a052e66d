internal import Bytes

/// `Authentication-Results:` (RFC 8601).
package enum AuthenticationResults {
    /// The name of who wrote a field, in lower case: the first word of its value, comments left out; nil when there is none that
    /// could be read.
    package static func server(_ value: ArraySlice<UInt8>) -> [UInt8]? {
        var depth = 0
        var index = value.startIndex
        var word: [UInt8] = []
        var isQuoted = false
        while index < value.endIndex {
            let octet = value[index]
            switch octet {
            case 0x5C where depth > 0 || isQuoted:
                index += 1
                if isQuoted, index < value.endIndex { word.append(value[index]) }
            case 0x28 where !isQuoted: depth += 1
            case 0x29 where depth > 0: depth -= 1
            case 0x22 where depth == 0:
                if isQuoted || !word.isEmpty { return word.isEmpty ? nil : word.map(asciiLower) }
                isQuoted = true
            case 0x3B where depth == 0 && !isQuoted:
                return word.isEmpty ? nil : word.map(asciiLower)
            case 0x09, 0x0A, 0x0D, 0x20:
                if depth == 0, !isQuoted, !word.isEmpty { return word.map(asciiLower) }
                if isQuoted { word.append(octet) }
            default:
                if depth == 0 { word.append(octet) }
            }
            index += 1
        }
        return depth > 0 || isQuoted || word.isEmpty ? nil : word.map(asciiLower)
    }
}

extension AuthenticationResults {
    /// Tokens of a field that are read.
    private static let limit = 1000

    /// Domains whose owners answer for the message by what a field says: those of DKIM signatures that hold
    /// (`dkim=pass header.d=example.com`, else the domain of `header.i`), and the author's domain where DMARC passed
    /// (`dmarc=pass header.from=example.com`), as they are written (RFC 8601 sections 2.2, 2.7.1, RFC 7489 section 11.2).
    /// - Returns: none for a field that is not wholly in the form of the RFC, or names an identity that is not of the domain that signed.
    package static func vouchers(_ value: ArraySlice<UInt8>) -> [[UInt8]] {
        guard let tokens = StructuredField(value, signs: Set("=;".utf8), limit: limit)?.tokens else { return [] }
        // Who wrote it, and the version, which is 1; then results, each behind a semicolon.
        let results = tokens.split(separator: .sign(0x3B), omittingEmptySubsequences: false)
        guard let head = results.first, (1...2).contains(head.count), !head.contains(.sign(0x3D)),
            head.count == 1 || head.last == .word([0x31])
        else { return [] }
        var domains: [[UInt8]] = []
        for (index, result) in results.dropFirst().enumerated() {
            // A semicolon at the end, as some write it.
            if result.isEmpty, index == results.count - 2 { continue }
            guard let pairs = pairs(result) else {
                if result.elementsEqual([.word(Array("none".utf8))]) { continue }
                return []
            }
            guard isConsistent(pairs) else { return [] }
            if let domain = voucher(pairs) { domains.append(domain) }
        }
        return domains
    }

    /// `method=result property=value ...`; nil for anything else.
    private static func pairs(_ result: ArraySlice<StructuredField.Token>) -> [(name: [UInt8], value: [UInt8])]? {
        var pairs: [(name: [UInt8], value: [UInt8])] = []
        var rest = result
        while !rest.isEmpty {
            guard rest.count >= 3, case .word(let name)? = rest.popFirst(), rest.popFirst() == .sign(0x3D) else {
                return nil
            }
            switch rest.popFirst() {
            case .word(let value), .quoted(let value): pairs.append((name.map(asciiLower), value))
            default: return nil
            }
            // Values in base64 may end in signs (header.b).
            while rest.first == .sign(0x3D) { rest.removeFirst() }
        }
        return pairs.isEmpty ? nil : pairs
    }

    /// The identity of a DKIM result is `@domain` with a local part or none, of the domain that signed. What a signer puts into it
    /// to look like a result of its own cuts it off before that (forgery).
    private static func isConsistent(_ pairs: [(name: [UInt8], value: [UInt8])]) -> Bool {
        let signers = pairs.filter { $0.name.elementsEqual("header.d".utf8) }.map { $0.value.map(asciiLower) }
        return pairs.allSatisfy { pair in
            guard pair.name.elementsEqual("header.i".utf8) else { return true }
            guard let at = pair.value.lastIndex(of: 0x40) else { return false }
            let domain = pair.value[(at + 1)...].map(asciiLower)
            return signers.allSatisfy { Author.isVouched(domain[...], by: [$0]) }
        }
    }

    private static func voucher(_ pairs: [(name: [UInt8], value: [UInt8])]) -> [UInt8]? {
        /// What a property says; nil where it says nothing, or two things.
        func value(_ name: String) -> [UInt8]? {
            let values = pairs.filter { $0.name.elementsEqual(name.utf8) }.map(\.value)
            return values.count == 1 ? values[0] : nil
        }
        guard let method = pairs.first, method.value.map(asciiLower).elementsEqual("pass".utf8) else { return nil }
        switch String(decoding: method.name, as: UTF8.self) {
        case "dkim", "dkim/1":
            if pairs.contains(where: { $0.name.elementsEqual("header.d".utf8) }) { return value("header.d") }
            guard let identity = value("header.i"), let at = identity.lastIndex(of: 0x40) else { return nil }
            return Array(identity[(at + 1)...])
        case "dmarc", "dmarc/1": return value("header.from")
        default: return nil
        }
    }
}
