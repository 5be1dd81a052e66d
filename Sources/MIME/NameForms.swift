/// Forms of a file name that people do not see as they are.
enum NameForms {
    /// True when the name holds controls, or characters that are not shown or turn the direction of writing. A tab is none
    /// of them: unfolding leaves it where a long name was folded.
    static func areObscured(_ name: String) -> Bool {
        var isEscape = false
        for scalar in name.unicodeScalars {
            // ISO-2022 as it stands, which old software of East Asia writes: an escape that changes the set of characters.
            if isEscape, scalar != "$", scalar != "(" { return true }
            isEscape = scalar.value == 0x1B
            if !isEscape, isUnseen(scalar.value) { return true }
        }
        return isEscape
    }

    private static func isUnseen(_ code: UInt32) -> Bool {
        switch code {
        case 0x09: false
        case 0...0x1F, 0x7F...0x9F: true
        // Of no width, or with a direction (Unicode Standard Annex 9).
        case 0x200B...0x200F, 0x202A...0x202E, 0x2066...0x2069, 0xFEFF: true
        default: false
        }
    }

    /// Octets of the name without dots and blanks at its end, which file systems drop.
    static func withoutTail(_ name: String) -> [UInt8] {
        var octets = Array(name.utf8)
        while let last = octets.last, last == 0x2E || FieldBody.isBlank(last) { octets.removeLast() }
        return octets
    }
}
