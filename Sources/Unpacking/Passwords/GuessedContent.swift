internal import Bytes
internal import MIME

/// Whether what a guessed password opened shows by its content that it was the right one.
///
/// Checksums do not: a sender can make one for the noise that a well-known password gives and keep the real password for the
/// reader, whose program warns of the checksum and writes the file out all the same. So content that looks like noise, but for
/// the few octets which make its type, stays encrypted for all that is known.
enum GuessedContent {
    /// For reports.
    static let doubt = "what a password opened may be noise"

    /// Octets at the start of the content that are compared with noise: heads of formats are in the first, text in both.
    private static let heads = [64, 512]

    /// - Parameter types: of the content, as it was recognised.
    static func isProved(_ content: Span<UInt8>, _ types: [FileType]) -> Bool {
        // Readers of archives report what does not fit, as noise does not.
        content.isEmpty || types.contains(where: \.opening.isArchive) || !isNoise(content)
    }

    /// The same for content, or its first octets, of which nothing is known yet.
    static func isProved(_ content: Span<UInt8>) -> Bool {
        isProved(content, Recognition.types(of: content, isText: content.hasOnlyControlsOfText))
    }

    // MARK: Text

    /// Octets of the longest character of UTF-8 that the end of a head may cut.
    private static let cutCharacter = 3
    /// Octets of a text of East Asia from which on noise is none: it has no control characters and none that do not exist once in
    /// more than 10^9 tries.
    private static let eastAsian = 128
    private static let eastAsianCharsets = [CharsetCoding.gb18030, .big5, .shiftJIS, .eucJP, .eucKR]

    /// The head is text.
    private static func isText(_ content: Span<UInt8>) -> Bool {
        let most = heads.max() ?? 0
        let head = content.extracting(0..<min(most, content.count)).array
        let cuts = content.count > most ? 0...cutCharacter : 0...0
        if cuts.contains(where: { String(validating: head.dropLast($0), as: UTF8.self) != nil }) { return true }
        guard head.count >= eastAsian, head.span.hasOnlyControlsOfText else { return false }
        return eastAsianCharsets.contains { charset in
            cuts.contains { cut in
                var text: [UInt8] = []
                let read = Charsets.decode(
                    head.span.extracting(0..<head.count - cut), as: charset, into: &text, limit: 4 * most)
                return read.replacements == 0
            }
        }
    }

    /// True where octets do not repeat more often than those of noise do, nor are they text. What repeats so often by
    /// chance comes once in more than 10^9 tries with other keys.
    static func isNoise(_ content: Span<UInt8>) -> Bool {
        if isText(content) { return false }
        for size in heads {
            let head = content.extracting(0..<min(size, content.count))
            var counts = [Int](repeating: 0, count: 256)
            for index in head.indices { counts[Int(head[index])] += 1 }
            let pairs = counts.reduce(0) { $0 + $1 * ($1 - 1) / 2 }
            // The mean of noise, and eight deviations, each of which is the mean's root.
            let mean = head.count * (head.count - 1) / 2 / 256
            let distance = pairs - mean
            if distance > 0, distance * distance > 64 * (mean + 1) { return false }
        }
        return true
    }
}
