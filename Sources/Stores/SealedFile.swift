internal import Digests

/// A file of the quarantine, encrypted in chunks, so that a message of any size is read without being held (the STREAM construction of
/// Hoang, Reyhanitabar, Rogaway and Vizar):
///
///     mailreeve-sealed 1 LF    19 octets
///     name of the key           8 octets (`QuarantineKeys.Key.id`)
///     salt                     16 random octets
///     chunks                   65,536 octets each, the last one 0 to 65,536, each encrypted by AES-256-GCM with its tag behind it
///
/// The key is that of the file (`fileKey`). The nonce of a chunk is its number from 0 on in 11 octets, big endian, and 1 for the last chunk,
/// 0 for others: a file that was cut, or whose chunks were left out or stand in another order, is not opened. What is above the
/// chunks and the file's place (`ID/name`) are authenticated with each: nor is the file of another entry.
enum SealedFile {
    private static let firstLine = Array("mailreeve-sealed 1\n".utf8)
    private static let saltSize = 16
    static let chunkSize = 65_536
    private static let sealedChunk = chunkSize + AESGCM.tagSize
    private static let headSize = firstLine.count + QuarantineKeys.Key.idSize + saltSize

    /// Octets at which the name of the key is known.
    static let shortest = firstLine.count + QuarantineKeys.Key.idSize

    /// Octets of a file that seals so many.
    static func size(sealing count: Int) -> Int {
        headSize + count + (count / chunkSize + 1) * AESGCM.tagSize
    }

    /// The name of the key that a file needs; nil for one that is not sealed.
    /// - Parameter bytes: its beginning.
    static func keyID(_ bytes: Span<UInt8>) -> [UInt8]? {
        guard bytes.count >= shortest, firstLine.indices.allSatisfy({ bytes[$0] == firstLine[$0] }) else { return nil }
        return (firstLine.count..<shortest).map { bytes[$0] }
    }

    /// Opens a file chunk by chunk.
    /// - Parameter use: gets what was proven to be a part of the file; false ends it. Only the end proves that nothing is missing.
    /// - Returns: false where the file is not, or not as a whole, what was sealed.
    static func open(
        _ bytes: Span<UInt8>, _ key: QuarantineKeys.Key, place: String, _ use: (Span<UInt8>) -> Bool
    ) -> Bool {
        guard bytes.count >= headSize + AESGCM.tagSize else { return false }
        let head = (0..<headSize).map { bytes[$0] }
        let (fileKey, context) = (key.fileKey(Array(head.suffix(saltSize))), head + Array(place.utf8))
        var (start, number) = (headSize, 0)
        while true {
            let end = min(bytes.count, start + sealedChunk)
            let isLast = end == bytes.count
            guard
                let chunk = AESGCM.open(
                    bytes.extracting(start..<end), key: fileKey, nonce: nonce(number, isLast), context: context)
            else { return false }
            if !use(chunk.span) || isLast { return true }
            (start, number) = (end, number + 1)
        }
    }

    fileprivate static func nonce(_ number: Int, _ isLast: Bool) -> [UInt8] {
        [0, 0, 0] + (0..<8).map { UInt8(truncatingIfNeeded: UInt64(number) >> UInt64(56 - 8 * $0)) } + [isLast ? 1 : 0]
    }

    /// Seals what comes piece by piece.
    struct Writer {
        private let key: [UInt8]
        private let context: [UInt8]
        private var head: [UInt8]
        private var pending: [UInt8] = []
        private var number = 0

        init(_ key: QuarantineKeys.Key, place: String) {
            var generator = SystemRandomNumberGenerator()
            let salt = (0..<saltSize).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            head = firstLine + key.id + salt
            self.key = key.fileKey(salt)
            context = head + Array(place.utf8)
        }

        /// - Returns: false when OpenSSL refuses.
        mutating func append(_ bytes: [UInt8], to output: inout [UInt8]) -> Bool {
            pending += bytes
            // The last chunk is known at the end only, and is empty for nothing but an empty file.
            var start = 0
            while pending.count - start > chunkSize {
                guard seal(start..<(start + chunkSize), isLast: false, to: &output) else { return false }
                start += chunkSize
            }
            pending.removeFirst(start)
            return true
        }

        /// Appends the end. Nothing may be appended afterwards.
        mutating func finish(to output: inout [UInt8]) -> Bool {
            seal(0..<pending.count, isLast: true, to: &output)
        }

        private mutating func seal(_ range: Range<Int>, isLast: Bool, to output: inout [UInt8]) -> Bool {
            guard
                let chunk = AESGCM.seal(
                    pending.span.extracting(range), key: key, nonce: nonce(number, isLast), context: context)
            else { return false }
            output += head + chunk
            head = []
            number += 1
            return true
        }
    }

    /// Seals what is at hand as a whole; nil when OpenSSL refuses.
    static func sealed(_ bytes: [UInt8], _ key: QuarantineKeys.Key, place: String) -> [UInt8]? {
        var (writer, out) = (Writer(key, place: place), [UInt8]())
        return writer.append(bytes, to: &out) && writer.finish(to: &out) ? out : nil
    }
}
