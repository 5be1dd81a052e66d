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

    /// Octets of the longest head of a literal: the form, a name with its length, a date.
    private static let longestHead = 261
    /// Pieces of one body that are put together.
    private static let mostPieces = 65_536

    let tag: UInt8
    private var pieces: [Range<Int>] = []
    /// Octets of the body.
    private(set) var count = 0
    /// Behind the packet.
    let end: Int

    /// The packet at a place; nil when there is none, or less of it than it says.
    init?(_ bytes: Span<UInt8>, at start: Int) {
        var at = start
        var packets = OpenPGPPackets()
        guard case .start(let tag) = packets.next(bytes, from: &at) else { return nil }
        self.tag = tag
        while true {
            switch packets.next(bytes, from: &at) ?? packets.finish() {
            case .body(let range):
                guard pieces.count < Self.mostPieces else { return nil }
                pieces.append(range)
                count += range.count
            case .end:
                end = at
                return
            case .start, .damage, nil:
                return nil
            }
        }
    }

    /// The first octets of the body.
    func body(_ bytes: Span<UInt8>, limit: Int) -> [UInt8] {
        var body: [UInt8] = []
        for piece in pieces where body.count < limit {
            body += bytes.extracting(bytes.range(piece.lowerBound, min(piece.count, limit - body.count))).array
        }
        return body
    }

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
        while at < bytes.count, Tag.passedOver.contains(OpenPGPPackets.tag(bytes[at])),
            let packet = OpenPGPPacket(bytes, at: at)
        {
            at = packet.end
        }
        return at
    }

    /// What the first octets of compressed data (section 5.6) expand to; nil where that is nothing, or the algorithm is not known here.
    /// What is stored comes as a whole.
    /// - Parameter limit: octets that what is deflated expands to.
    func expanded(_ bytes: Span<UInt8>, limit: Int) -> [UInt8]? {
        guard tag == Tag.compressed, let algorithm = body(bytes, limit: 1).first else { return nil }
        if algorithm == OpenPGPCompression.stored { return Array(body(bytes, limit: count).dropFirst()) }
        guard let inflate = OpenPGPCompression.inflate(algorithm, limit: limit) else { return nil }
        var isFirst = true
        var packets: [UInt8] = []
        for piece in pieces where inflate.end == nil {
            let data = bytes.extracting(isFirst ? piece.lowerBound + 1..<piece.upperBound : piece)
            isFirst = false
            inflate.append(data) { inner in
                packets += inner.array
                return true
            }
        }
        // Noise expands to a few octets at most.
        return inflate.end == .complete || packets.count == limit ? packets : nil
    }

    /// The packet is one with a file that anybody may read.
    func isLiteral(_ bytes: Span<UInt8>) -> Bool {
        tag == Tag.literal && OpenPGPLiteral(head: body(bytes, limit: Self.longestHead)) != nil
    }
}

/// The head of literal data (section 5.9).
struct OpenPGPLiteral {
    /// First octets: binary, text, UTF-8, local, MIME.
    static let forms: [UInt8] = [0x62, 0x74, 0x75, 0x6C, 0x6D]

    /// Octets of the head, as far as those that came tell.
    static func size(of head: [UInt8]) -> Int { head.count < 2 ? 2 : 6 + Int(head[1]) }

    let name: [UInt8]

    /// nil where it is none, or not all of it is there.
    init?(head: [UInt8]) {
        guard head.count >= 2, Self.forms.contains(head[0]), head.count >= Self.size(of: head) else { return nil }
        name = Array(head[2..<2 + Int(head[1])])
    }
}

/// Algorithms of compressed data (section 9.4).
enum OpenPGPCompression {
    static let stored: UInt8 = 0
    static let bzip2: UInt8 = 3
    /// The algorithm, and how a file of bzip2 begins.
    static let bzip2Head: [UInt8] = [bzip2, 0x42, 0x5A, 0x68]

    /// nil for an algorithm that does not deflate. Programs pass over what stands behind the end.
    static func inflate(_ algorithm: UInt8, limit: Int = .max) -> PiecewiseInflate? {
        switch algorithm {
        case 1: PiecewiseInflate(.raw, limit: limit, passesOverRest: true)
        case 2: PiecewiseInflate(.zlib, limit: limit, passesOverRest: true)
        default: nil
        }
    }
}
