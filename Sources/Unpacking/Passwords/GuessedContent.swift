internal import Bytes

/// Whether what a guessed password opened shows by its content that it was the right one.
///
/// Checksums do not: a sender can make one for the noise that a well-known password gives and keep the real password for the
/// reader, whose program warns of the checksum and writes the file out all the same. So content that has no type, or that
/// looks like noise behind the few octets which make its type, stays encrypted for all that is known.
enum GuessedContent {
    /// For reports.
    static let doubt = "what a password opened may be noise"

    /// Octets at the start of the content that are compared with noise: heads of formats are in the first, text in both.
    private static let heads = [64, 512]

    /// - Parameter types: of the content, as it was recognised.
    static func isProved(_ content: Span<UInt8>, _ types: [FileType]) -> Bool {
        if content.isEmpty { return true }
        guard !types.isEmpty else { return false }
        // Their readers report what does not fit, as noise does not.
        if types.contains(where: \.opening.isArchive) { return true }
        return !isNoise(content)
    }

    /// Octets of the longest character of UTF-8 that the end of a head may cut.
    private static let cutCharacter = 3

    /// The head is UTF-8.
    private static func isText(_ content: Span<UInt8>) -> Bool {
        let most = heads.max() ?? 0
        let head = content.extracting(0..<min(most, content.count)).array
        let cuts = content.count > most ? 0...cutCharacter : 0...0
        return cuts.contains { String(validating: head.dropLast($0), as: UTF8.self) != nil }
    }

    /// True where octets do not repeat more often than those of noise do, nor are they UTF-8. What repeats so often by
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
