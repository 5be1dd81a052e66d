/// A value of PDF (ISO 32000-2 section 7.3), as far as embedded files need it.
enum PDFValue {
    /// null, and whatever is none of the others.
    case other
    case boolean(Bool)
    /// Without its fraction.
    case number(Int)
    case name(String)
    case string([UInt8])
    /// Object number and generation.
    case reference(Int, Int)
    case array([PDFValue])
    case dictionary([String: PDFValue])

    var boolean: Bool? {
        if case .boolean(let value) = self { value } else { nil }
    }

    var number: Int? {
        if case .number(let value) = self { value } else { nil }
    }

    var name: String? {
        if case .name(let value) = self { value } else { nil }
    }

    var string: [UInt8]? {
        if case .string(let value) = self { value } else { nil }
    }

    var reference: Int? {
        if case .reference(let number, _) = self { number } else { nil }
    }

    var dictionary: [String: PDFValue]? {
        if case .dictionary(let value) = self { value } else { nil }
    }

    /// Elements of an array; the value itself otherwise.
    var elements: [PDFValue] {
        if case .array(let values) = self { values } else { [self] }
    }

    /// A text string (section 7.9.2.2) as UTF-8.
    static func text(_ string: [UInt8]) -> [UInt8] {
        let span = string.span
        if string.starts(with: [0xFE, 0xFF]) { return Names.utf16Big(span.extracting(2..<span.count)) }
        if string.starts(with: [0xFF, 0xFE]) { return Names.utf16(span.extracting(2..<span.count)) }
        return Names.ansi(span)
    }
}
