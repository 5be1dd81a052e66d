internal import Bytes
internal import Members

/// Shortcuts that are text: `.url`, `.website`, `.scf`, desktop entries. Their lines `URL=`, `BaseURL=`, `IconFile=`,
/// `Command=`, `Exec=` say what is opened. Web queries (`.iqy`) have the address in their third line.
enum InternetShortcut {
    private static let sections: [StaticString] = ["[InternetShortcut", "[Shell]", "[Desktop Entry]", "[DEFAULT]"]
    private static let targets: [StaticString] = ["URL=", "BASEURL=", "IconFile=", "Command=", "Exec=", "URL[$e]="]

    /// Octets of a file that is looked at: real ones are much smaller.
    private static let length = 65_536

    static func matches(_ bytes: Span<UInt8>) -> Bool {
        var at = bytes.hasBytes("\u{FEFF}", at: 0) ? 3 : 0
        while at < bytes.count, at < 512, bytes[at] <= 0x20 { at += 1 }
        if isQuery(bytes, at) { return true }
        return sections.contains { bytes.hasPrefix(ignoringCase: $0, from: at) }
    }

    private static func isQuery(_ bytes: Span<UInt8>, _ at: Int) -> Bool {
        bytes.hasPrefix(ignoringCase: "WEB\n1\n", from: at) || bytes.hasPrefix(ignoringCase: "WEB\r\n1\r\n", from: at)
    }

    static func read(_ bytes: Span<UInt8>, _ extraction: Extraction) {
        let text = bytes.extracting(bytes.range(0, length))
        if text.count < bytes.count { extraction.problem(.note, "shortcut with more than its lines") }
        var at = 0
        while at < text.count, extraction.countItem() {
            var end = at
            while end < text.count, text[end] != 10, text[end] != 13 { end += 1 }
            let line = text.extracting(at..<end)
            if line.hasPrefix(ignoringCase: "http"), isQuery(text, 0) {
                extraction.fact(.shortcutTarget, Names.ansi(line))
            }
            for target in targets where line.hasPrefix(ignoringCase: target) {
                let value = line.extracting(target.utf8CodeUnitCount..<line.count)
                extraction.fact(.shortcutTarget, Names.ansi(value))
            }
            at = end + 1
        }
    }
}
