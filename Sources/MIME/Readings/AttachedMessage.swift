internal import Bytes

/// Files that mail readers open as messages whatever type they are sent with: they go by the name.
enum AttachedMessage {
    private static let endings: [[UInt8]] = [".eml", ".mht", ".mhtml", ".nws"].map { Array($0.utf8) }

    /// RFC 2046 section 5.2.2.
    private static let partial = "message/partial"

    /// True for a piece with the number that joining needs; bounces call what they return so without one.
    static func isPiece(_ part: Part, _ bytes: Span<UInt8>) -> Bool {
        guard part.mediaType == partial else { return false }
        let header = bytes.extracting(part.header).array
        return !LooseValue.parameters(Array("number".utf8), in: header).isEmpty
    }

    /// True when the name ends as those of saved messages and web archives do.
    static func isNamed(_ name: some Sequence<UInt8>) -> Bool {
        let end = Array(name.suffix(6).map(FieldBody.lower))
        return endings.contains { end.suffix($0.count).elementsEqual($0) }
    }

    /// True when the part is such a file, or a piece of a message, which may be the only one.
    static func isIn(_ part: Part) -> Bool {
        part.mediaType == "application/x-mimearchive" || part.mediaType == partial
            || part.names.contains { isNamed($0.utf8) }
    }
}
