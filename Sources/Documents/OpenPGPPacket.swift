internal import Bytes
internal import Compression

/// A packet of OpenPGP (RFC 9580 section 4).
struct OpenPGPPacket {
    /// Types of packets that are told apart (section 5).
    enum Tag {
        static let publicKeySession: UInt8 = 1
        static let signature: UInt8 = 2
        static let symmetricKeySession: UInt8 = 3
        static let onePassSignature: UInt8 = 4
        static let compressed: UInt8 = 8
        static let encrypted: UInt8 = 9
        static let marker: UInt8 = 10
        static let literal: UInt8 = 11
        static let encryptedAndChecked: UInt8 = 18
        static let authenticated: UInt8 = 20
        static let padding: UInt8 = 21
    }

    /// Pieces of one body that are put together.
    private static let mostPieces = 65_536

    let tag: UInt8
    private(set) var body: [UInt8] = []
    /// Behind the packet.
    private(set) var end: Int

    /// The packet at a place; nil when there is none, or less of it than it says.
    init?(_ bytes: Span<UInt8>, at start: Int) {
        guard start < bytes.count, bytes[start] & 0x80 != 0 else { return nil }
        end = start + 1
        guard bytes[start] & 0x40 != 0 else {
            tag = bytes[start] >> 2 & 0xF
            let length: Int?
            switch bytes[start] & 3 {
            case 0: length = number(bytes, 1)
            case 1: length = number(bytes, 2)
            case 2: length = number(bytes, 4)
            default: length = bytes.count - end
            }
            guard take(bytes, length) else { return nil }
            return
        }
        tag = bytes[start] & 0x3F
        for _ in 0..<Self.mostPieces {
            guard let first = number(bytes, 1) else { return nil }
            let length: Int?
            switch first {
            case 0..<192: length = first
            case 192..<224: length = number(bytes, 1).map { (first - 192) << 8 + $0 + 192 }
            case 255: length = number(bytes, 4)
            default: length = 1 << (first & 0x1F)
            }
            guard take(bytes, length) else { return nil }
            if !(224..<255).contains(first) { return }
        }
        return nil
    }

    private mutating func number(_ bytes: Span<UInt8>, _ count: Int) -> Int? {
        guard bytes.count - end >= count else { return nil }
        defer { end += count }
        return (end..<end + count).reduce(0) { $0 << 8 | Int(bytes[$1]) }
    }

    private mutating func take(_ bytes: Span<UInt8>, _ length: Int?) -> Bool {
        guard let length, length <= bytes.count - end else { return false }
        body += bytes.extracting(end..<end + length).array
        end += length
        return true
    }

    /// Data that is compressed by bzip2, behind the number of the algorithm.
    var isBzip2: Bool { tag == Tag.compressed && body.first == 3 && body.span.hasBytes("BZh", at: 1) }

    /// What compressed data (section 5.6) expands to, at most `limit` octets, and whether that is all; nil for an algorithm
    /// that is not known here.
    func expanded(limit: Int) -> (packets: [UInt8], isWhole: Bool)? {
        guard tag == Tag.compressed, let algorithm = body.first else { return nil }
        let data = body.span.extracting(1..<body.count)
        var packets: [UInt8] = []
        switch algorithm {
        case 0:
            return (data.extracting(data.range(0, limit)).array, data.count <= limit)
        case 1, 2:
            let result = Inflate.append(data, form: algorithm == 1 ? .raw : .zlib, to: &packets, limit: limit)
            return (packets, result.end == .complete)
        default:
            return nil
        }
    }

    /// Name and content of literal data (section 5.9).
    var literal: (name: [UInt8], content: Range<Int>)? {
        guard tag == Tag.literal, body.count >= 6, [0x62, 0x74, 0x75, 0x6C, 0x6D].contains(body[0]),
            body.count >= 6 + Int(body[1])
        else { return nil }
        let name = 2 + Int(body[1])
        return (Array(body[2..<name]), name + 4..<body.count)
    }
}
