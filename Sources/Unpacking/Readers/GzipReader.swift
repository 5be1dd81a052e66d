internal import Bytes
internal import Compression
internal import Members

/// Reads gzip files (RFC 1952): every member, each a member of its own, and what stands behind the last.
enum GzipReader {
    /// Members of one file. Many are joined by honest programs (bgzip), so those beyond continue the last.
    private static let members = 64
    /// Octets behind the last member that are too few to hold anything.
    private static let smallestRest = 24

    static func read(_ content: Span<UInt8>, into sink: any MemberSink) {
        var position = 0
        var count = 0
        var isOpen = false
        while let header = Header(content, at: position), sink.mayGoOn() {
            if count < members {
                if isOpen { sink.end() }
                guard sink.begin(Member(names: header.names(content), role: "decompressed")) else { return }
                isOpen = true
            }
            count += 1
            var sum: UInt32 = 0
            let result = Inflate.pieces(content.extracting(header.end..<content.count), form: .raw, limit: .max) {
                piece in
                sum = crc32(piece, seed: sum)
                return sink.append(piece)
            }
            position = header.end + result.consumed
            guard result.end == .complete else {
                if isOpen { sink.end() }
                if result.end != .stopped { sink.report(.corrupt, "damaged gzip file") }
                return
            }
            if content.littleEndian32(at: position) != sum
                || content.littleEndian32(at: position + 4) != UInt32(truncatingIfNeeded: result.produced)
            {
                sink.report(.corrupt, "gzip file with a wrong checksum or length")
            }
            position = min(content.count, position + 8)
        }
        if isOpen { sink.end() }
        if count == 0 { return sink.report(.corrupt, "damaged gzip file") }
        addRest(content, from: position, sink)
    }

    private static func addRest(_ content: Span<UInt8>, from start: Int, _ sink: any MemberSink) {
        let rest = start..<content.count
        guard rest.contains(where: { content[$0] != 0 }) else { return }
        sink.report(.ambiguous, "octets behind a gzip file")
        if rest.count >= smallestRest { _ = sink.add(Member(flags: .slack, role: "behind the gzip file"), range: rest) }
    }

    /// The header of one member (section 2.3).
    private struct Header {
        /// Where the deflated data begins.
        var end: Int
        private var name = 0..<0

        init?(_ content: Span<UInt8>, at start: Int) {
            guard content.hasBytes([0x1F, 0x8B, 0x08], at: start), content.count - start >= 18 else { return nil }
            let flags = content[start + 3]
            end = start + 10
            if flags & 4 != 0 {
                guard let length = content.littleEndian16(at: end) else { return nil }
                end += 2 + Int(length)
            }
            if flags & 8 != 0 {
                guard let zero = content.firstIndex(of: 0, from: end) else { return nil }
                name = end..<zero
                end = zero + 1
            }
            if flags & 16 != 0 {
                guard let zero = content.firstIndex(of: 0, from: end) else { return nil }
                end = zero + 1
            }
            if flags & 2 != 0 { end += 2 }
            guard end < content.count else { return nil }
        }

        func names(_ content: Span<UInt8>) -> [[UInt8]] {
            name.isEmpty ? [] : [content.extracting(name).array]
        }
    }
}
