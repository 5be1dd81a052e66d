internal import Bytes
internal import Compression
internal import Digests
internal import Members

/// Checksums of an encrypted member of RAR 5 that depend on the password, so that they tell nothing of the content: what
/// HMAC-SHA256 with a key of 16 more rounds makes of them.
struct Rar5SecretSums {
    private let key: [UInt8]
    private let checksum: UInt32?
    private let hash: [UInt8]?

    /// - Parameter hash: the record of it: its kind, 0 for BLAKE2sp, and 32 octets.
    init(key: [UInt8], checksum: UInt32?, hash: [UInt8]?) {
        self.key = key
        self.checksum = checksum
        self.hash = hash?.first == 0 && hash?.count == 33 ? hash.map { Array($0.dropFirst()) } : nil
    }

    /// Decodes members and compares their checksums; true when all are right. What it decodes is charged; nothing is compared
    /// beyond the limits.
    /// - Parameters:
    ///   - sums: for each member of the archive, in their order.
    ///   - archive: without its encryption.
    static func fit(_ sums: [Rar5SecretSums?], _ archive: [UInt8], _ sink: any MemberSink) -> Bool {
        guard sums.contains(where: { $0 != nil }) else { return true }
        var isRight = true
        archive.span.withUnsafeBufferPointer { bytes in
            guard let reader = LibArchive() else { return }
            reader.enable(.rar5)
            guard reader.open(bytes) else { return }
            for sum in sums {
                guard sink.mayGoOn(), case .entry(let entry) = reader.next() else { return }
                // What stays encrypted cannot be decoded, and has no sum here.
                guard let sum, !entry.isEncrypted else { continue }
                isRight = sum.fits(reader, sink) && isRight
            }
        }
        return isRight
    }

    private func fits(_ reader: LibArchive, _ sink: any MemberSink) -> Bool {
        var sum: UInt32 = 0
        var digest = BLAKE2sp()
        var left = sink.room
        let end = reader.copyData(while: { sink.mayGoOn() }) { piece in
            if checksum != nil { sum = crc32(piece, seed: sum) }
            if hash != nil { digest.update(piece) }
            left -= min(left, piece.count)
            return left > 0
        }
        sink.spend(sink.room - left)
        // What fails or stops is told by the reader that hands the members out.
        guard case .complete = end else { return true }
        if let checksum, folded(sum) != checksum { return false }
        if let hash, MessageDigest.sha256.authentication(digest.finish().span, key: key) != hash { return false }
        return true
    }

    private func folded(_ sum: UInt32) -> UInt32 {
        let octets = (0..<4).map { UInt8(truncatingIfNeeded: sum >> ($0 * 8)) }
        let code = MessageDigest.sha256.authentication(octets.span, key: key)
        return code.enumerated().reduce(0) { $0 ^ UInt32($1.element) << UInt32($1.offset % 4 * 8) }
    }
}
