internal import Bytes

/// What the lists that Postfix does not have look up: texts made of what was decoded.
package enum DecodedTexts {
    /// Gives each line of a text that was decoded, without its line end, in pieces of `line_length_limit` as a body line is.
    /// - Parameters:
    ///   - size: lines that begin behind so many octets are not given (`body_checks_size_limit`); 0 for no limit.
    ///   - use: returns false when no more are wanted.
    package static func lines(
        _ text: Span<UInt8>, lineLength: Int, size: Int, _ use: (Span<UInt8>) -> Bool
    ) {
        var start = 0
        while start < text.count, size == 0 || start < size {
            let end = text.firstIndex(of: 0x0A, from: start) ?? text.count
            var line = text.extracting(start..<end)
            if line.count > 0, line[line.count - 1] == 0x0D { line = line.extracting(0..<line.count - 1) }
            var piece = 0
            while piece < line.count {
                let next = line.count - piece > lineLength ? piece + max(1, lineLength) : line.count
                guard use(line.extracting(piece..<next)) else { return }
                piece = next
            }
            start = end + 1
        }
    }

    /// A header field on one line, before its encoded words are decoded.
    package static func unfolded(_ field: Span<UInt8>) -> [UInt8] {
        field.array.filter { $0 != 0x0A }
    }

    /// The texts of a part or file: `name: ` and each name, `type: ` and each type.
    package static func file(names: [String], types: [String]) -> [[UInt8]] {
        var kinds: [String] = []
        for type in types where !type.isEmpty && !kinds.contains(type) { kinds.append(type) }
        return names.map { Array("name: \($0)".utf8) } + kinds.map { Array("type: \($0)".utf8) }
    }
}
