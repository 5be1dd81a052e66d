internal import Bytes

/// What a file is called once it has been saved: a name in a message is no name on a disk until an operating system has read
/// it in its own way, and people see it in a third (traps E-3, E-4 and E-7 of hidden names).
package enum ShownNames {
    /// Characters at the start and at the end of a name that are looked at: no file system has longer ones, but the last step
    /// of a path stands at the end. A name that is longer than both has no form of its middle, which is told as a limit.
    package static let longest = 1024

    /// True for a name that is not looked at as a whole.
    package static func isTooLong(_ name: String) -> Bool { name.unicodeScalars.prefix(longest + 1).count > longest }

    /// Every form of a name, each once, as it stands first: what Windows makes of it, what macOS and Linux make of it, and
    /// the name with characters that show nothing left out and wide ones as plain ones.
    package static func forms(of name: String) -> [String] {
        guard isTooLong(name) else { return forms(of: name, Array(name.unicodeScalars)) }
        var out = [name]
        for piece in [Array(name.unicodeScalars.prefix(longest)), Array(name.unicodeScalars.suffix(longest))] {
            var view = String.UnicodeScalarView()
            view.append(contentsOf: piece)
            for form in forms(of: String(view), piece) where !out.contains(form) { out.append(form) }
        }
        return out
    }

    private static func forms(of name: String, _ scalars: [Unicode.Scalar]) -> [String] {
        // Nothing that any system would change, as in most names.
        if scalars.allSatisfy(isPlain), scalars.last != ".", scalars.last != " ", scalars.first != " " { return [name] }
        var forms = [name]
        func add(_ form: [Unicode.Scalar]) {
            guard !form.isEmpty else { return }
            var text = String.UnicodeScalarView()
            text.append(contentsOf: form)
            let shown = String(text)
            if !forms.contains(where: { $0.unicodeScalars.elementsEqual(shown.unicodeScalars) }) { forms.append(shown) }
        }
        let unescaped = percentDecoded(scalars)
        for start in unescaped == scalars ? [scalars] : [scalars, unescaped] {
            let untilNUL = Array(start.prefix { $0.value != 0 })
            for text in untilNUL.count == start.count ? [start] : [start, untilNUL] {
                add(linux(text))
                add(windows(text))
                let seen = visible(text)
                add(linux(seen))
                add(windows(seen))
            }
        }
        return forms
    }

    /// Letters, digits and the few signs that no system changes, but for dots and blanks at the ends.
    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x20, 0x28, 0x29, 0x2B...0x2E, 0x5F: true
        default: false
        }
    }

    /// True for a name with characters that are not shown, or that turn the direction of writing.
    package static func isObscured(_ name: String) -> Bool {
        name.unicodeScalars.contains { isUnseen($0) || isControl($0) && $0.value != 0x09 }
    }

    /// The last step of the path. macOS shows a colon where the disk has a slash.
    private static func linux(_ name: [Unicode.Scalar]) -> [Unicode.Scalar] {
        Array(name.split(separator: "/", omittingEmptySubsequences: true).last ?? [])
    }

    /// The last step of the path, the stream behind a colon and dots and blanks at the end left out.
    private static func windows(_ name: [Unicode.Scalar]) -> [Unicode.Scalar] {
        var last = Array(name.split { $0 == "/" || $0 == "\\" }.last ?? [])
        // `C:name` is a name; `name:stream` is the file with that name.
        let drive = last.count > 1 && last[1] == ":" ? 2 : 0
        if let colon = last[drive...].firstIndex(of: ":") { last = Array(last[..<colon]) }
        if drive > 0 { last = Array(last[drive...]) }
        last.removeAll { isControl($0) || $0 == "\"" || $0 == "<" || $0 == ">" || $0 == "|" || $0 == "?" || $0 == "*" }
        while let end = last.last, end == "." || end.properties.isWhitespace { last.removeLast() }
        while let start = last.first, start.properties.isWhitespace { last.removeFirst() }
        return last
    }

    /// As people see it: without what is not shown, wide letters and dots as plain ones, blanks of all kinds as blanks.
    private static func visible(_ name: [Unicode.Scalar]) -> [Unicode.Scalar] {
        var out: [Unicode.Scalar] = []
        for scalar in name where !isUnseen(scalar) && !isControl(scalar) { out.append(plain(scalar)) }
        return out
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
    }

    /// Shows nothing, or turns the direction of writing (Unicode Standard Annex 9 and Default_Ignorable_Code_Point).
    static func isUnseen(_ scalar: Unicode.Scalar) -> Bool {
        guard scalar.value >= 0xAD else { return false }
        return scalar.properties.isDefaultIgnorableCodePoint || scalar.value == 0x061C
            || (0xFFF9...0xFFFB).contains(scalar.value)
    }

    /// Full-width forms as plain ones, dots that are no dots as dots.
    private static func plain(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        switch scalar.value {
        case 0xFF01...0xFF5E: Unicode.Scalar(UInt8(truncatingIfNeeded: scalar.value - 0xFF01 + 0x21))
        // One dot leader, middle dots, the ideographic full stops and the small one.
        case 0x2024, 0x00B7, 0x2027, 0x3002, 0xFF61, 0xFE52, 0x06D4, 0x0701, 0x0702, 0xA60E: "."
        case 0x2800: " "
        case 0x09: " "
        default: scalar.properties.generalCategory == .spaceSeparator ? " " : scalar
        }
    }

    /// `%2E` and its like as the octets that they stand for, where these are UTF-8.
    private static func percentDecoded(_ name: [Unicode.Scalar]) -> [Unicode.Scalar] {
        guard name.contains("%") else { return name }
        let octets = Hex.decoded(Array(String(String.UnicodeScalarView(name)).utf8)[...])
        return Array(String(decoding: octets, as: UTF8.self).unicodeScalars)
    }
}
