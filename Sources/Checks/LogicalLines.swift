/// The logical lines of a table (`postmap(1)`, "INPUT FILE FORMAT"): empty lines and lines whose first character after
/// blanks is `#` are skipped, wherever they stand; a line that begins with white space continues the one before.
package struct LogicalLines {
    /// One logical line, and the number of the line in the file where it begins, from 1.
    package struct Line {
        package var number: Int
        package var text: [UInt8]
        /// It begins with white space, so there is nothing that it could continue: Postfix ignores it.
        package var isStray: Bool { text.first.map(isSpace) ?? false }
    }

    private let bytes: [UInt8]
    private var position = 0
    private var number = 0

    /// Reads a whole file.
    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The next logical line; nil at the end.
    package mutating func next() -> Line? {
        var line = Line(number: 0, text: [])
        while position < bytes.count {
            let end = bytes[position...].firstIndex(of: 0x0A) ?? bytes.endIndex
            let piece = bytes[position..<end]
            position = min(end + 1, bytes.count)
            number += 1
            if let first = piece.first(where: { !isSpace($0) }), first != 0x23 {
                if line.text.isEmpty { line.number = number }
                line.text += piece
            }
            guard !line.text.isEmpty, position < bytes.count else { continue }
            if bytes[position] != 0x23, !isSpace(bytes[position]) { break }
        }
        return line.text.isEmpty ? nil : line
    }
}
