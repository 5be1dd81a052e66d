internal import Bytes
internal import MailModel

/// What the lists that Postfix does not have look up: texts made of what was decoded.
package enum DecodedTexts {
    /// Gives each line of a text that was decoded, without its line end, in pieces of about `line_length_limit` as a body line
    /// is; no character is cut.
    /// - Parameters:
    ///   - use: returns false when no more are wanted.
    package static func lines(
        _ text: Span<UInt8>, lineLength: Int, _ use: (Span<UInt8>) -> Bool
    ) {
        var start = 0
        while start < text.count {
            let end = text.firstIndex(of: 0x0A, from: start) ?? text.count
            var line = text.extracting(start..<end)
            if line.count > 0, line[line.count - 1] == 0x0D { line = line.extracting(0..<line.count - 1) }
            var piece = 0
            while piece < line.count {
                var next = line.count - piece > lineLength ? piece + max(1, lineLength) : line.count
                while next < line.count, line[next] & 0xC0 == 0x80 { next += 1 }
                guard use(line.extracting(piece..<next)) else { return }
                piece = next
            }
            start = end + 1
        }
    }

    /// A text as people see it: without characters that show nothing, which would part a word for the rules alone, and
    /// with a plain blank for each kind of blank.
    package static func seen(_ text: [UInt8]) -> [UInt8] {
        if text.allSatisfy({ $0 < 0x80 }) { return text }
        var out = String.UnicodeScalarView()
        for scalar in String(decoding: text, as: UTF8.self).unicodeScalars where !ShownNames.isUnseen(scalar) {
            let isBlank = scalar.value >= 0x80 && scalar.properties.generalCategory == .spaceSeparator
            out.append(isBlank ? " " : scalar)
        }
        return Array(String(out).utf8)
    }

    /// A header field on one line, before its encoded words are decoded.
    package static func unfolded(_ field: Span<UInt8>) -> [UInt8] {
        field.array.filter { $0 != 0x0A }
    }

    /// The texts of a part or file: `name: ` and each name, `type: ` and each type.
    package static func file(names: [String], types: [String]) -> [[UInt8]] {
        var kinds: [String] = []
        for type in types where !type.isEmpty && !kinds.contains(type) { kinds.append(type) }
        return names.map { Array("name: \(RawOctets.spelled($0))".utf8) } + kinds.map { Array("type: \($0)".utf8) }
    }
}
