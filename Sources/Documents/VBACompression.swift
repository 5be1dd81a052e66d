/// The compression of VBA projects ([MS-OVBA] 2.4.1).
enum VBACompression {
    /// Octets of a chunk when decompressed.
    private static let chunkSize = 4_096

    /// Decompresses a container that begins at `start`; nil when none begins there. Ends where the container is damaged
    /// and keeps what came before. At most `limit` octets.
    static func decompress(_ bytes: Span<UInt8>, at start: Int, limit: Int) -> [UInt8]? {
        guard start >= 0, start < bytes.count, bytes[start] == 1, let first = bytes.little16(start + 1),
            first >> 12 & 7 == 3
        else { return nil }
        var output: [UInt8] = []
        var at = start + 1
        while output.count < limit, let header = bytes.little16(at), header >> 12 & 7 == 3 {
            let end = min(bytes.count, at + (header & 0xFFF) + 3)
            if header >> 15 == 0 {
                bytes.extracting(bytes.range(at + 2, chunkSize)).withUnsafeBufferPointer {
                    output.append(contentsOf: $0)
                }
                at += 2 + chunkSize
            } else {
                guard chunk(bytes, at + 2, end, &output) else { break }
                at = end
            }
        }
        if output.count > limit { output.removeLast(output.count - limit) }
        return output
    }

    /// One chunk of tokens; false when a token points before the chunk.
    private static func chunk(_ bytes: Span<UInt8>, _ start: Int, _ end: Int, _ output: inout [UInt8]) -> Bool {
        let base = output.count
        var at = start
        while at < end {
            let flags = bytes[at]
            at += 1
            for bit in 0..<8 where at < end && output.count - base < chunkSize {
                if flags >> UInt8(bit) & 1 == 0 {
                    output.append(bytes[at])
                    at += 1
                    continue
                }
                guard at + 2 <= end, let token = bytes.little16(at) else { return false }
                at += 2
                let done = output.count - base
                // The number of bits for the offset grows with what is decoded (section 2.4.1.3.19.1).
                var bits = 4
                while 1 << bits < done { bits += 1 }
                let length = min((token & (0xFFFF >> bits)) + 3, chunkSize - done)
                let distance = (token >> (16 - bits)) + 1
                guard distance <= done else { return false }
                for _ in 0..<length { output.append(output[output.count - distance]) }
            }
            if output.count - base >= chunkSize { return true }
        }
        return true
    }
}
