/// Files that mail readers open as messages whatever type they are sent with: they go by the name.
enum AttachedMessage {
    private static let endings: [[UInt8]] = [".eml", ".mht", ".mhtml", ".nws"].map { Array($0.utf8) }

    /// True when the name ends as those of saved messages and web archives do.
    static func isNamed(_ name: some Sequence<UInt8>) -> Bool {
        let end = Array(name.suffix(6).map(FieldBody.lower))
        return endings.contains { end.suffix($0.count).elementsEqual($0) }
    }

    /// True when the part is such a file.
    static func isIn(_ part: Part) -> Bool {
        part.mediaType == "application/x-mimearchive" || part.names.contains { isNamed($0.utf8) }
    }
}
