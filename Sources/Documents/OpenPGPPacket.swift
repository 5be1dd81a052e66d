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
        static let trust: UInt8 = 12
        static let oldComment: UInt8 = 16
        static let encryptedAndChecked: UInt8 = 18
        static let authenticated: UInt8 = 20
        static let padding: UInt8 = 21
        static let comment: UInt8 = 61

        /// Programs pass over these: in front of a message, where some of them have no place, too.
        static let passedOver = [signature, marker, trust, oldComment, padding, comment]
        /// What holds a file begins with these.
        static let files = [
            publicKeySession, symmetricKeySession, onePassSignature, compressed, encrypted, literal,
            encryptedAndChecked, authenticated,
        ]
    }

    /// First octets of literal data: binary, text, UTF-8, local, MIME.
    static let literalForms: [UInt8] = [0x62, 0x74, 0x75, 0x6C, 0x6D]
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

    /// The type in the first octet of a packet.
    static func tag(_ octet: UInt8) -> UInt8 { octet & 0x40 != 0 ? octet & 0x3F : octet >> 2 & 0xF }

    /// Behind the header of the packet at a place; may be behind the end.
    static func body(_ bytes: Span<UInt8>, at start: Int) -> Int {
        guard bytes[start] & 0x40 != 0 else { return start + [2, 3, 5, 1][Int(bytes[start] & 3)] }
        guard start + 1 < bytes.count else { return bytes.count }
        switch bytes[start + 1] {
        case 192..<224: return start + 3
        case 255: return start + 6
        default: return start + 2
        }
    }

    /// The first packet that is not passed over.
    static func start(_ bytes: Span<UInt8>) -> Int {
        var at = 0
        while at < bytes.count, Tag.passedOver.contains(tag(bytes[at])), let packet = OpenPGPPacket(bytes, at: at) {
            at = packet.end
        }
        return at
    }

    /// Data that is compressed by bzip2, behind the number of the algorithm.
    var isBzip2: Bool { tag == Tag.compressed && body.first == 3 && body.span.hasBytes("BZh", at: 1) }

    /// Data that is in a compressed packet as it is.
    var isStored: Bool { tag == Tag.compressed && body.first == 0 }

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
        guard tag == Tag.literal, body.count >= 6, Self.literalForms.contains(body[0]),
            body.count >= 6 + Int(body[1])
        else { return nil }
        let name = 2 + Int(body[1])
        return (Array(body[2..<name]), name + 4..<body.count)
    }
}
