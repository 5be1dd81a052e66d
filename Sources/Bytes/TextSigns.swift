internal import CBytes

/// What few texts have, and a reader looks for in all of them: it has nothing to do where its sign does not stand.
package struct TextSigns: OptionSet, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let percent = TextSigns(rawValue: UInt32(CBYTES_PERCENT))
    package static let ampersand = TextSigns(rawValue: UInt32(CBYTES_AMPERSAND))
    /// `(`
    package static let parenthesis = TextSigns(rawValue: UInt32(CBYTES_PARENTHESIS))
    /// `[`
    package static let bracket = TextSigns(rawValue: UInt32(CBYTES_BRACKET))
    package static let backslash = TextSigns(rawValue: UInt32(CBYTES_BACKSLASH))
    /// `|`
    package static let bar = TextSigns(rawValue: UInt32(CBYTES_BAR))
    /// Five hyphens in a row, with which labels begin (RFC 7468). Four may be taken for five.
    package static let label = TextSigns(rawValue: UInt32(CBYTES_LABEL))
    /// A control character that texts do not have, which are all but HT, LF, FF, CR and ESC.
    package static let foreignControl = TextSigns(rawValue: UInt32(CBYTES_FOREIGN_CONTROL))

    /// What is to be taken for the signs of content of which nothing is known.
    package static let all = TextSigns(rawValue: UInt32(CBYTES_TEXT_SIGNS))

    /// There is no control character in it but those of text.
    package var isText: Bool { !contains(.foreignControl) }
}

extension Span<UInt8> {
    /// The signs that may stand in it, found in one pass. In what is no text all but the label are taken to be there.
    package var textSigns: TextSigns {
        let found = withUnsafeBufferPointer { bytes in
            bytes.baseAddress.map { TextSigns(rawValue: cbytes_text_signs($0, count)) } ?? []
        }
        return found.isText ? found : found.union(.all.subtracting(.label))
    }
}
