internal import Bytes

/// Microsoft's Symbolic Link format (`.slk`): text that Excel opens, with macro sheets and names that run by themselves.
package enum SymbolicLinkFile {
    /// Octets of a line that are looked at.
    private static let longestLine = 4_096

    /// Lines that are looked at for a record.
    private static let linesTried = 1000

    /// `ID;` and behind it a record of a cell, a size, a name or options: a table of other programs may begin with a column
    /// called ID.
    package static func matches(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.hasBytes("ID;", at: 0) else { return false }
        var (at, lines) = (0, 0)
        while at < bytes.count, lines < linesTried {
            if isRecord(bytes, at) { return true }
            while at < bytes.count, bytes[at] != 10, bytes[at] != 13 { at += 1 }
            at += 1
            lines += 1
        }
        return false
    }

    private static func isRecord(_ bytes: Span<UInt8>, _ at: Int) -> Bool {
        if bytes.hasBytes("NN;N", at: at) { return true }
        guard at + 2 < bytes.count, bytes[at + 1] == UInt8(ascii: ";") else { return false }
        let next = at + 3 < bytes.count ? bytes[at + 3] : 10
        let isNumber = next >= UInt8(ascii: "0") && next <= UInt8(ascii: "9")
        let ends = next == 10 || next == 13 || next == UInt8(ascii: ";")
        switch (bytes[at], bytes[at + 2]) {
        case (UInt8(ascii: "C"), UInt8(ascii: "X")), (UInt8(ascii: "C"), UInt8(ascii: "Y")),
            (UInt8(ascii: "B"), UInt8(ascii: "X")),
            (UInt8(ascii: "B"), UInt8(ascii: "Y")):
            return isNumber
        case (UInt8(ascii: "C"), UInt8(ascii: "K")), (UInt8(ascii: "C"), UInt8(ascii: "E")):
            return true
        case (UInt8(ascii: "O"), UInt8(ascii: "A")...UInt8(ascii: "Z")):
            return ends || isNumber
        default:
            return false
        }
    }

    static func read(_ bytes: Span<UInt8>, _ extraction: Extraction) {
        var at = 0
        while at < bytes.count, extraction.countItem() {
            var end = at
            while end < bytes.count, bytes[end] != 10, bytes[end] != 13 { end += 1 }
            line(bytes.extracting(at..<min(end, at + longestLine)), extraction)
            at = end + 1
        }
    }

    /// `O;...;E` makes a macro sheet, `NN;N` gives a name, `C;...E` holds a formula.
    private static func line(_ line: Span<UInt8>, _ extraction: Extraction) {
        if line.hasBytes("O;", at: 0) {
            for index in 1..<line.count where line[index - 1] == UInt8(ascii: ";") && line[index] == UInt8(ascii: "E") {
                if index + 1 == line.count || line[index + 1] == UInt8(ascii: ";") { extraction.fact(.macroSheet) }
            }
        } else if line.hasBytes("NN;N", at: 0) {
            if line.hasPrefix(ignoringCase: "Auto_", from: 4) {
                extraction.fact(.openAction, Names.ansi(line.extracting(4..<line.count)))
            }
        } else if line.hasBytes("C;", at: 0), let bar = line.firstIndex(of: UInt8(ascii: "|")),
            line.firstIndex(of: ";E") != nil, bar > 2
        {
            extraction.fact(.dde, Names.ansi(line))
        }
    }
}
