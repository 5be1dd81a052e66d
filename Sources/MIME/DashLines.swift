internal import Bytes

/// Finds lines that begin with two dashes. Searches for the dash alone, which base64 has not and text has seldom: much
/// faster than a search for the whole sequence.
enum DashLines {
    /// The first line at or after `start` that begins with two dashes, behind LF or behind a CR alone; nil when there is
    /// none. A line at `start` itself is not looked at.
    static func next(_ bytes: Span<UInt8>, after start: Int) -> Int? {
        var from = start + 1
        while let dash = bytes.firstIndex(of: 0x2D, from: from) {
            if bytes[dash - 1] == 0x0A || bytes[dash - 1] == 0x0D, dash + 1 < bytes.count, bytes[dash + 1] == 0x2D {
                return dash
            }
            // Within a row of dashes no line begins.
            from = dash + 1
            while from < bytes.count, bytes[from] == 0x2D { from += 1 }
        }
        return nil
    }
}
