internal import Bytes

/// Cells of text tables (`.csv`) that start programs by DDE: `=cmd|'/c calc'!A0`.
enum CellFormula {
    /// Octets from the beginning of a cell to the bar, and from there to the end of the topic.
    private static let longestService = 64
    private static let longestTopic = 1_024

    static func read(_ text: Span<UInt8>, _ extraction: Extraction) {
        var from = 0
        while let bar = text.firstIndex(of: "|'", from: from) {
            from = bar + 2
            guard let start = cell(text, bar) else { continue }
            let rest = text.extracting(text.range(bar, longestTopic))
            guard let end = rest.firstIndex(of: "'!"), extraction.countItem() else { continue }
            extraction.fact(.dde, text.extracting(start..<bar + end + 1).array)
        }
    }

    /// Where the cell that ends before `bar` begins, if it is a formula.
    private static func cell(_ text: Span<UInt8>, _ bar: Int) -> Int? {
        var at = bar
        while at > 0, bar - at < longestService {
            let byte = text[at - 1]
            if byte == 10 || byte == 13 || byte == 0x2C || byte == 0x3B || byte == 9 || byte == 0x22 { break }
            at -= 1
        }
        guard at < bar, [0x3D, 0x2B, 0x2D, 0x40].contains(text[at]) else { return nil }
        return at
    }
}
