internal import Bytes

/// Microsoft's Symbolic Link format (`.slk`): text that Excel opens, with macro sheets and names that run by themselves.
enum SymbolicLinkFile {
    /// Octets of a line that are looked at.
    private static let longestLine = 4_096

    static func matches(_ bytes: Span<UInt8>) -> Bool { bytes.hasBytes("ID;", at: 0) }

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
