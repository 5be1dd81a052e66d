/// Octets that are written for one another in words that are to be read and not to be found: `v1agr@`. What is searched for
/// and the text are both brought to one form, so that a pattern that spells a word with such stand-ins is one short text and
/// not hundreds; the pattern itself then tells them apart.
enum LookAlikes {
    /// The form of an octet: its letter in lower case, and for a stand-in the letter that it stands for.
    @inline(__always)
    static func form(_ byte: UInt8) -> UInt8 {
        // Without a branch, so that the compiler can take many octets at a time.
        var out = byte &- 0x41 < 26 ? byte | 0x20 : byte
        out = out == 0x40 || out == 0x34 ? 0x61 : out
        out = out == 0x33 ? 0x65 : out
        out = out == 0x30 ? 0x6F : out
        out = out == 0x24 || out == 0x35 ? 0x73 : out
        out = out == 0x37 ? 0x74 : out
        // `1`, `|` and `!` stand for two letters.
        return out == 0x7C || out == 0x21 ? 0x31 : out
    }

    /// Octets that are not their own form, and their forms.
    static let pairs: [(UInt8, UInt8)] = (0...255).map { UInt8($0) }.filter { form($0) != $0 }.map { ($0, form($0)) }
}
