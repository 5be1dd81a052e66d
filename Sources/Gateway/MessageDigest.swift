internal import Digests
internal import Linux
internal import Stores

extension MessageFile {
    /// SHA-256 of the message. Blocks on a disk unless the file is in memory.
    /// - Parameter range: octets that do not count.
    func digest(without range: Range<Int> = 0..<0) throws -> [UInt8] {
        var sum = SHA256()
        for part in [0..<min(range.lowerBound, count), min(range.upperBound, count)..<count] {
            var offset = part.lowerBound
            while offset < part.upperBound {
                let chunk = try descriptor.read(at: offset, count: min(262_144, part.upperBound - offset))
                guard !chunk.isEmpty else { throw SystemError("read of a stored message", code: 5) }
                chunk.withUnsafeBytes { sum.update($0) }
                offset += chunk.count
            }
        }
        return sum.finish()
    }
}
