internal import Bytes

/// Passwords of PDF as revisions 2 to 4 of the security handler want them: in PDFDocEncoding (ISO 32000-2 annex D.3). Programs
/// take the code page of Western Europe or UTF-8 instead, too.
enum PDFPassword {
    /// Characters of PDFDocEncoding that are elsewhere than in Latin-1, by their octet.
    private static let document: [UInt32: UInt8] = table(
        [
            (0x18, "\u{2D8}\u{2C7}\u{2C6}\u{2D9}\u{2DD}\u{2DB}\u{2DA}\u{2DC}"),
            (0x80, "•†‡…—–ƒ⁄‹›−‰„“”‘’‚™ﬁﬂŁŒŠŸŽıłœšž"), (0xA0, "€"),
        ])
    /// The same of Windows' code page 1252.
    private static let windows: [UInt32: UInt8] = table(
        [(0x80, "€"), (0x82, "‚ƒ„…†‡ˆ‰Š‹Œ"), (0x8E, "Ž"), (0x91, "‘’“”•–—˜™š›œ"), (0x9E, "žŸ")])

    private static func table(_ runs: [(first: UInt8, characters: String)]) -> [UInt32: UInt8] {
        var table: [UInt32: UInt8] = [:]
        for run in runs {
            for (index, scalar) in run.characters.unicodeScalars.enumerated() {
                table[scalar.value] = run.first + UInt8(truncatingIfNeeded: index)
            }
        }
        return table
    }

    /// The octets to try: as they are, and where they have characters beyond ASCII, in each encoding that has them all.
    static func forms(_ password: [UInt8]) -> [[UInt8]] {
        guard password.contains(where: { $0 >= 0x80 }), let text = String(validating: password, as: UTF8.self) else {
            return [password]
        }
        var forms = [password]
        for table in [document, windows] {
            var octets: [UInt8] = []
            for scalar in text.unicodeScalars {
                switch scalar.value {
                case 0..<0x80, 0xA1...0xFF: octets.append(UInt8(scalar.value))
                default: if let octet = table[scalar.value] { octets.append(octet) }
                }
            }
            if octets.count == text.unicodeScalars.count, !forms.contains(octets) { forms.append(octets) }
        }
        return forms
    }
}
