internal import Bytes

/// Tags of machine-written XML, without a grammar: what documents hide must be found whether the XML is well formed or not.
enum XMLTag {
    /// Attributes of the first tag `name`, whatever its prefix. Values with references resolved for the five that XML has.
    static func attributes(_ name: StaticString, in bytes: Span<UInt8>) -> [String: String]? {
        var found: [String: String]?
        each(name, in: bytes) { attributes in
            found = attributes
            return false
        }
        return found
    }

    /// Calls `use` for each tag `name` until it returns false.
    static func each(_ name: StaticString, in bytes: Span<UInt8>, _ use: ([String: String]) -> Bool) {
        var from = 0
        let length = name.utf8CodeUnitCount
        while let place = bytes.first(name, from: from) {
            from = place + length
            guard place > 0, bytes[place - 1] == UInt8(ascii: "<") || bytes[place - 1] == UInt8(ascii: ":"),
                from < bytes.count, !isNameCharacter(bytes[from])
            else { continue }
            var attributes: [String: String] = [:]
            from = read(bytes, from, &attributes)
            if !use(attributes) { return }
        }
    }

    private static let mostAttributes = 64
    private static let longestValue = 65_536

    /// Reads attributes up to `>`; gives the place behind.
    private static func read(_ bytes: Span<UInt8>, _ start: Int, _ attributes: inout [String: String]) -> Int {
        var at = start
        while at < bytes.count, bytes[at] != UInt8(ascii: ">"), attributes.count < mostAttributes {
            guard isNameCharacter(bytes[at]) else {
                at += 1
                continue
            }
            let name = at
            while at < bytes.count, isNameCharacter(bytes[at]) { at += 1 }
            let key = String(decoding: bytes.extracting(name..<at).array, as: UTF8.self)
            while at < bytes.count, bytes[at] <= 0x20 { at += 1 }
            guard at < bytes.count, bytes[at] == UInt8(ascii: "=") else { continue }
            at += 1
            while at < bytes.count, bytes[at] <= 0x20 { at += 1 }
            guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") || bytes[at] == UInt8(ascii: "'") else { continue }
            let end = bytes.firstIndex(of: bytes[at], from: at + 1) ?? bytes.count
            let value = bytes.extracting(at + 1..<max(at + 1, min(end, at + 1 + longestValue))).array
            attributes[key] = resolved(value)
            at = min(end + 1, bytes.count)
        }
        return at
    }

    private static func isNameCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x3A, 0x5F, 0x80...: true
        default: false
        }
    }

    private static func resolved(_ value: [UInt8]) -> String {
        var text = String(decoding: value, as: UTF8.self)
        guard value.contains(UInt8(ascii: "&")) else { return text }
        for (reference, character) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")]
        {
            text = text.split(separator: reference, omittingEmptySubsequences: false).joined(separator: character)
        }
        return text
    }
}
