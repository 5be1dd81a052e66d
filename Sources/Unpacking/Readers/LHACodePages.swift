internal import Bytes

/// Code pages in headers of LHA archives (extension 46h) that names cannot be converted from: libarchive opens nothing of
/// such an archive, where other programs take the names as they stand (attack F11).
struct LHACodePages {
    /// Members that are looked at.
    private static let mostMembers = 65_536
    /// No program has an extension of this kind.
    private static let nothing: UInt8 = 0x7E

    /// Those with such extensions. None overlaps another, as each begins where the data before it ends.
    private(set) var headers: [Header] = []
    /// Some name is in a code page that is known, or in UTF-16.
    private(set) var areKnown = false

    /// One header that has extensions.
    struct Header {
        var range: Range<Int>
        /// Where the kinds of extensions stand whose code pages are not known.
        var kinds: [Int] = []
        /// Of its own CRC-16.
        var checksum: Int?
    }

    init(_ content: Span<UInt8>) {
        find(content)
    }

    /// The archive with those that are not known taken out of use, or nil when there are none.
    func withoutUnknown(_ content: Span<UInt8>) -> [UInt8]? {
        guard !headers.isEmpty else { return nil }
        var out = content.array
        for header in headers {
            // A wrong one stays wrong. Both sums are taken once, however many extensions there are.
            let checksum = header.checksum.flatMap {
                Self.sum(out.span, header, at: $0) == out.span.littleEndian16(at: $0) ? $0 : nil
            }
            for kind in header.kinds { out[kind] = Self.nothing }
            if let place = checksum {
                let sum = Self.sum(out.span, header, at: place)
                out[place] = UInt8(truncatingIfNeeded: sum)
                out[place + 1] = UInt8(truncatingIfNeeded: sum >> 8)
            }
        }
        return out
    }

    /// - Parameter place: of the checksum in the content.
    private static func sum(_ content: Span<UInt8>, _ header: Header, at place: Int) -> UInt16 {
        LHAHeader.checksum(of: content.extracting(header.range), at: place - header.range.lowerBound)
    }

    private mutating func find(_ content: Span<UInt8>) {
        var start = 0
        for _ in 0..<Self.mostMembers {
            guard let header = LHAHeader(content, at: start), content[start] != 0 || content[start + 1] != 0 else {
                return
            }
            readExtensions(content, of: header)
            guard header.next > start else { return }
            start = header.next
        }
    }

    private mutating func readExtensions(_ content: Span<UInt8>, of header: LHAHeader) {
        let bounds = header.extensions
        // What is written into a chain within the fixed fields would move all headers behind it.
        guard header.level > 0, bounds.lowerBound >= header.start + LHAHeader.fixed else { return }
        var found = Header(range: header.start..<bounds.upperBound)
        let chain = header.forEachExtension(content) { kind, count in
            switch content[kind] {
            case 0 where count >= 3: found.checksum = kind + 1
            case 0x46 where count == 5:
                guard let page = content.littleEndian32(at: kind + 1) else { return }
                if NameCharsets.knows(page: page) { areKnown = true } else { found.kinds.append(kind) }
            case 0x44, 0x45: areKnown = true
            default: break
            }
        }
        // It ends with its last extension.
        if header.level == 1 { found.range = header.start..<min(chain.end + header.width, bounds.upperBound) }
        if !found.kinds.isEmpty { headers.append(found) }
    }
}
