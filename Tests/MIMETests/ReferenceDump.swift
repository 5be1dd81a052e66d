import Foundation

/// A `.ref` file of MIME-tools: for the message (`Msg`) and each part (`Part_2_1`) what its parser says of it, as nested
/// lists of keys and values in Perl's notation.
struct ReferenceDump {
    private(set) var entries: [String: [String: String]] = [:]

    init(_ text: String) {
        var name = ""
        for line in text.split(separator: "\n") {
            let fields = line.components(separatedBy: "=>")
            guard fields.count == 2 else { continue }
            let key = Self.plain(fields[0])
            if fields[1].trimmingCharacters(in: .whitespaces) == "{" {
                name = key
                entries[name] = [:]
            } else {
                entries[name]?[key] = Self.plain(fields[1])
            }
        }
    }

    /// Without quotes: `"text"`, `qq{text}`.
    private static func plain(_ text: String) -> String {
        var text = text.trimmingCharacters(in: CharacterSet(charactersIn: " \t\r,\""))
        if text.hasPrefix("qq{"), text.hasSuffix("}") { text = String(text.dropFirst(3).dropLast()) }
        // Characters by number: `\x{421}`.
        let pieces = text.components(separatedBy: "\\x{")
        text = pieces[0]
        for piece in pieces.dropFirst() {
            let halves = piece.split(separator: "}", maxSplits: 1, omittingEmptySubsequences: false)
            guard halves.count == 2, let scalar = UInt32(halves[0], radix: 16).flatMap(Unicode.Scalar.init) else {
                continue
            }
            text.unicodeScalars.append(scalar)
            text += halves[1]
        }
        return text.replacingOccurrences(of: "\\", with: "")
    }
}
