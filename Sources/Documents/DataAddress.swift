internal import Bytes

/// `data:` addresses (RFC 2397).
enum DataAddress {
    /// Types that pages show or use themselves.
    private static let shown: [StaticString] = [
        "image/", "font/", "audio/", "video/", "text/css", "text/plain", "application/font", "application/x-font",
        "application/vnd.ms-fontobject", "application/json",
    ]
    private static let scheme: StaticString = "data:"
    private static let longestType = 128

    /// What an address holds in its octets, not in base64: where the address and its content begin, and whether its media type
    /// is one that is not shown. Nil where no such address is in a part of a text.
    static func content(_ text: Span<UInt8>, _ range: Range<Int>) -> (scheme: Int, start: Int, isFile: Bool)? {
        let part = text.extracting(range)
        guard let scheme = part.firstIndex(ignoringCase: Self.scheme) else { return nil }
        let type = scheme + Self.scheme.utf8CodeUnitCount
        guard let comma = part.firstIndex(of: UInt8(ascii: ","), from: type) else { return nil }
        let hasType = part.extracting(type..<comma).firstIndex(of: UInt8(ascii: "/")) != nil
        let first = range.lowerBound + type
        guard !isFile(text, at: first) else { return nil }
        let isShown = !hasType || shown.contains { text.hasPrefix(ignoringCase: $0, from: first) }
        return (range.lowerBound + scheme, range.lowerBound + comma + 1, !isShown)
    }

    /// A media type that is not shown and `;base64,` stand at a place behind `data:`.
    static func isFile(_ text: Span<UInt8>, at start: Int) -> Bool {
        for type in shown where text.hasPrefix(ignoringCase: type, from: start) { return false }
        for index in start..<max(start, min(text.count, start + longestType)) {
            if text[index] == UInt8(ascii: ",") { return false }
            if text.hasPrefix(ignoringCase: ";base64,", from: index) { return true }
        }
        return false
    }

    /// The same for the address whose content begins at a place.
    static func isFile(_ text: Span<UInt8>, endingAt end: Int) -> Bool {
        let length = scheme.utf8CodeUnitCount
        var at = end - length
        while at >= 0, end - at <= length + longestType {
            if text.hasPrefix(ignoringCase: scheme, from: at) { return isFile(text, at: at + length) }
            at -= 1
        }
        return false
    }
}
