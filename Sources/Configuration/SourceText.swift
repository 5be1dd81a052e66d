/// The lines of a configuration file, with the checks that come before YAML: valid UTF-8, no control characters, no tab
/// in an indentation.
struct SourceText: Sendable {
    /// Unicode scalars of each line, without the line end. A byte order mark at the start is left out.
    private(set) var lines: [[Unicode.Scalar]] = []
    /// What makes the file unreadable as YAML; at most `SourceText.faultLimit`.
    private(set) var faults: [Fault] = []

    /// Faults collected from one file before the rest is not looked at: a binary file must not print a page a line.
    static let faultLimit = 20

    init(_ bytes: [UInt8]) {
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        var line: [Unicode.Scalar] = []
        var afterCarriageReturn = false
        var first = true
        decoding: while faults.count < SourceText.faultLimit {
            let here = Position(line: lines.count + 1, column: line.count + 1)
            switch decoder.decode(&iterator) {
            case .emptyInput:
                break decoding
            case .error:
                faults.append(Fault(position: here, message: "not valid UTF-8"))
                line.append("\u{FFFD}")
            case .scalarValue(let scalar):
                let wasCarriageReturn = afterCarriageReturn
                afterCarriageReturn = scalar == "\r"
                if scalar == "\n" && wasCarriageReturn { continue }
                if first && scalar == "\u{FEFF}" { break }
                if scalar == "\n" || scalar == "\r" {
                    lines.append(line)
                    line = []
                    break
                }
                if let fault = SourceText.complaint(about: scalar, after: line) {
                    faults.append(Fault(position: here, message: fault))
                }
                line.append(scalar)
            }
            first = false
        }
        lines.append(line)
    }

    /// Characters that YAML refuses (YAML 1.1 section 5.1), and line separators that no editor counts as lines: they
    /// would make every position after them wrong.
    private static func complaint(about scalar: Unicode.Scalar, after line: [Unicode.Scalar]) -> String? {
        switch scalar.value {
        case 0x09:
            let indenting = line.allSatisfy { $0 == " " }
            return indenting ? "tab in the indentation; YAML wants spaces" : nil
        case 0x00:
            return "NUL character"
        case 0x01..<0x20, 0x7F..<0xA0, 0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF:
            return "character U+\(hexadecimal(scalar.value)) is not allowed"
        default:
            return nil
        }
    }

    /// The scalar at a place; nil beyond the text.
    subscript(position: Position) -> Unicode.Scalar? {
        guard lines.indices.contains(position.line - 1) else { return nil }
        let line = lines[position.line - 1]
        return line.indices.contains(position.column - 1) ? line[position.column - 1] : nil
    }

    /// The whole text with LF line ends, as the YAML parser gets it.
    var text: String {
        var all = String.UnicodeScalarView()
        for (index, line) in lines.enumerated() {
            if index > 0 { all.append("\n") }
            all.append(contentsOf: line)
        }
        return String(all)
    }

    /// Overwrites `count` scalars with `scalar`, so that every position stays what it is.
    mutating func overwrite(at position: Position, count: Int, with scalar: Unicode.Scalar) {
        let line = position.line - 1
        for column in (position.column - 1)..<(position.column - 1 + count) where lines[line].indices.contains(column) {
            lines[line][column] = scalar
        }
    }
}

/// `value` with at least four digits, as Unicode writes it.
private func hexadecimal(_ value: UInt32) -> String {
    let digits = String(value, radix: 16, uppercase: true)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
}
