internal import Bytes
internal import Compression
internal import Members

/// Reads gzip files (RFC 1952): what all members together are, as programs read them; beside it each member by itself, as
/// some programs take the first only; and what stands behind the last.
enum GzipReader {
    /// Members of one file that are handed out by themselves. Files of more are written by programs that cut at fixed
    /// sizes (bgzip, dictzip).
    private static let members = 64
    /// Octets behind the last member that are too few to hold anything.
    private static let smallestRest = 24
    /// Octets of the checksum and the length behind each member (section 2.3.1).
    private static let trailer = 8

    static func read(_ content: Span<UInt8>, into sink: any MemberSink) {
        guard let first = Header(content, at: 0) else { return sink.report(.corrupt, "damaged gzip file") }
        guard sink.begin(Member(names: first.names(content), role: Member.decompressed)) else { return }
        var next: Header? = first
        var headers: [Header] = []
        var end = 0
        var isWhole = true
        var parts = PartsOfArchive()
        while let header = next, isWhole, sink.mayGoOn() {
            if headers.count <= members { headers.append(header) }
            parts.begin()
            if header.hasWrongChecksum { sink.report(.corrupt, "gzip file whose header has a wrong checksum") }
            var sum: UInt32 = 0
            let result = Inflate.pieces(content.extracting(header.end..<content.count), form: .raw, limit: .max) {
                piece in
                sum = crc32(piece, seed: sum)
                parts.add(piece)
                return sink.append(piece)
            }
            end = header.end + result.consumed
            isWhole = result.end == .complete
            guard isWhole else {
                if result.end != .stopped {
                    sink.report(result.end == .truncated ? .cut : .corrupt, "damaged gzip file")
                }
                break
            }
            if content.littleEndian32(at: end) != sum
                || content.littleEndian32(at: end + 4) != UInt32(truncatingIfNeeded: result.produced)
            {
                let isCut = content.count - end < trailer
                sink.report(isCut ? .cut : .corrupt, "gzip file with a wrong checksum or length")
            }
            end = min(content.count, end + trailer)
            next = Header(content, at: end)
        }
        sink.end()
        if 2...members ~= headers.count { addMembers(headers, content, parts, sink) }
        if isWhole, sink.mayGoOn() { addRest(content, from: end, sink) }
    }

    /// Octets of output that tell a damaged file from what looks like one.
    private static let proof = 1024
    /// The same where deflated data came to its end, and the checksum or the length behind it does not fit or is cut off: among other
    /// data; in media, of which there is more, and there behind a header that programs write. In media those are enough as well
    /// where the data goes on to the end.
    private static let proofAtEnd = 64
    private static let proofInMedia = 256
    private static let proofBehindHeader = 32

    /// Where the members that begin at `start` end, whether all of them are whole, and if not, whether other data may look so by
    /// chance; nil when no such file is there. What is damaged ends where decoding does.
    /// - Parameter limit: octets that may be put out, which are kept nowhere; what came is taken from it.
    static func end(
        of content: Span<UInt8>, at start: Int, limit: inout Int, while mayGoOn: () -> Bool
    ) -> (end: Int, isWhole: Bool, isSure: Bool)? {
        var end: Int?
        var next = Header(content, at: start)
        while let header = next {
            var left = limit
            var sum: UInt32 = 0
            let result = Inflate.pieces(content.extracting(header.end..<content.count), form: .raw, limit: .max) {
                left -= min(left, $0.count)
                sum = crc32($0, seed: sum)
                return left > 0 && mayGoOn()
            }
            limit = left
            let trailer = header.end + result.consumed
            let behind = min(content.count, trailer + 8)
            let isAtEnd = result.end == .complete
            let isCut = result.end == .truncated
            guard isAtEnd, content.littleEndian32(at: trailer) == sum else {
                let produced = result.produced
                let hasLength = content.littleEndian32(at: trailer + 4) == UInt32(truncatingIfNeeded: produced)
                let isProved = produced >= (header.isUsual ? proofBehindHeader : proofInMedia)
                let isSure = isAtEnd && produced > 0 && (hasLength || isProved) || isCut && isProved
                if isSure || produced >= (isAtEnd ? proofAtEnd : proof) { return (behind, false, isSure) }
                return end.map { ($0, true, true) }
            }
            end = behind
            next = Header(content, at: behind)
        }
        return end.map { ($0, true, true) }
    }

    private static func addMembers(
        _ headers: [Header], _ content: Span<UInt8>, _ parts: PartsOfArchive, _ sink: any MemberSink
    ) {
        for (index, header) in headers.enumerated() {
            let flags = parts.flags(of: index)
            let member = Member(names: header.names(content), flags: flags, role: "member of a gzip file")
            guard sink.begin(member) else { return }
            let result = Inflate.pieces(content.extracting(header.end..<content.count), form: .raw, limit: .max) {
                sink.append($0)
            }
            sink.end()
            if result.end == .stopped { return }
        }
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
        /// The effort and the system are some that programs write (sections 2.3.1 and 2.3.1.2).
        let isUsual: Bool
        /// It has a checksum of its own, the low half of a CRC-32.
        private(set) var hasWrongChecksum = false

        init?(_ content: Span<UInt8>, at start: Int) {
            guard content.hasBytes([0x1F, 0x8B, 0x08], at: start), content.count - start >= 18 else { return nil }
            let flags = content[start + 3]
            isUsual = [0, 2, 4].contains(content[start + 8]) && (content[start + 9] <= 13 || content[start + 9] == 255)
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
            if flags & 2 != 0 {
                guard let stated = content.littleEndian16(at: end) else { return nil }
                hasWrongChecksum = UInt16(truncatingIfNeeded: crc32(content.extracting(start..<end))) != stated
                end += 2
            }
            guard end < content.count else { return nil }
        }

        func names(_ content: Span<UInt8>) -> [[UInt8]] {
            name.isEmpty ? [] : [content.extracting(name).array]
        }
    }
}
