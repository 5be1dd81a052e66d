internal import Bytes
internal import MIME
internal import Members

/// Passwords as programs of Windows and DOS write them into zip archives: in the code page of the system (APPNOTE.TXT says
/// nothing of it).
enum CodePagePasswords {
    private static let narrow = [
        "windows-1251", "ibm866", "koi8-r", "windows-1252", "ibm850", "ibm437", "windows-1250", "ibm852",
        "windows-1253",
        "windows-1254", "windows-1255", "windows-1256",
    ].compactMap { CharsetCoding(label: $0.utf8) }
    private static let wide = ["gb18030", "shift_jis", "big5", "euc-kr"].compactMap { CharsetCoding(label: $0.utf8) }
    /// First character of the scripts that have pairs of octets.
    private static let firstOfPairs: UInt32 = 0x2E80

    /// Octets by character, for each code page.
    private static let narrowTables: [[UInt32: [UInt8]]] = narrow.map { coding in
        table(coding, (0x80...0xFF).map { [UInt8($0)] })
    }
    private static let wideTables: [[UInt32: [UInt8]]] = wide.map { coding in
        table(coding, (0x81...0xFE).flatMap { lead in (0x40...0xFE).map { [UInt8(lead), UInt8($0)] } })
    }

    private static func table(_ coding: CharsetCoding, _ octets: [[UInt8]]) -> [UInt32: [UInt8]] {
        var table: [UInt32: [UInt8]] = [:]
        for pair in octets {
            var text: [UInt8] = []
            guard Charsets.decode(pair.span, as: coding, into: &text, limit: .max).replacements == 0 else { continue }
            let scalars = String(decoding: text, as: UTF8.self).unicodeScalars
            if scalars.count == 1, let scalar = scalars.first, table[scalar.value] == nil { table[scalar.value] = pair }
        }
        return table
    }

    /// All candidates, and behind them those beyond ASCII in every code page that has their characters; no more of these
    /// than there are candidates at most.
    static func all(_ passwords: Passwords) -> [Passwords.Candidate] {
        var all = passwords.candidates
        var others: Set<[UInt8]> = []
        for candidate in passwords.candidates where candidate.password.contains(where: { $0 >= 0x80 }) {
            for password in readings(candidate.password) where others.count < passwords.limit {
                guard others.insert(password).inserted else { continue }
                all.append(Passwords.Candidate(password: password, source: candidate.source))
            }
        }
        return all
    }

    /// A text that is not UTF-8, in each code page in which all of it is characters; nothing where it is.
    static func readings(of text: Span<UInt8>) -> [[UInt8]] {
        guard String(validating: text.array, as: UTF8.self) == nil else { return [] }
        return (narrow + wide).compactMap { coding in
            var out: [UInt8] = []
            let result = Charsets.decode(text, as: coding, into: &out, limit: DocumentWords.size)
            return result.replacements == 0 ? out : nil
        }
    }

    private static func readings(_ password: [UInt8]) -> [[UInt8]] {
        guard let text = String(validating: password, as: UTF8.self) else { return [] }
        let hasPairs = text.unicodeScalars.contains { $0.value >= firstOfPairs }
        var readings: [[UInt8]] = []
        for table in hasPairs ? wideTables : narrowTables {
            var octets: [UInt8] = []
            var isWhole = true
            for scalar in text.unicodeScalars {
                if scalar.isASCII {
                    octets.append(UInt8(scalar.value))
                } else if let known = table[scalar.value] {
                    octets += known
                } else {
                    isWhole = false
                }
            }
            if isWhole, octets != password { readings.append(octets) }
        }
        return readings
    }
}
