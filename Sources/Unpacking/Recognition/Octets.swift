internal import Bytes

/// Searches for octets that stand in an array.
extension Span<UInt8> {
    /// True when exactly these octets stand at `start`.
    func hasBytes(_ wanted: [UInt8], at start: Int) -> Bool { hasBytes(wanted.span, at: start) }

    /// Index of the first occurrence of octets that begins at or after `start` and ends before `limit`.
    func firstIndex(of wanted: [UInt8], from start: Int = 0, to limit: Int = .max) -> Int? {
        extracting(0..<Swift.min(limit, count)).firstIndex(of: wanted.span, from: start)
    }
}
