internal import Bytes

/// Code pages in headers of LHA archives (extension 46h) that names cannot be converted from: libarchive opens nothing of
/// such an archive, where other programs take the names as they stand (attack F11).
struct LHACodePages {
    /// Members that are looked at.
    private static let mostMembers = 65_536
    private static let mostExtensions = 64
    /// No program has an extension of this kind.
    private static let nothing: UInt8 = 0x7E

    /// Octets that every header begins with, up to its level: no extension stands there.
    private static let fixed = 21

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

    /// The CRC-16 of a header, taken with zeros in its own place.
    private static func sum(_ content: Span<UInt8>, _ header: Header, at place: Int) -> UInt16 {
        let before = CyclicChecksum.crc16Reflected(content.extracting(header.range.lowerBound..<place))
        let zeros: [UInt8] = [0, 0]
        return CyclicChecksum.crc16Reflected(
            content.extracting(place + 2..<header.range.upperBound),
            seed: CyclicChecksum.crc16Reflected(zeros.span, seed: before))
    }

    private mutating func find(_ content: Span<UInt8>) {
        var start = 0
        for _ in 0..<Self.mostMembers {
            guard start + 21 < content.count, content[start] != 0 || content[start + 1] != 0,
                let packed = content.littleEndian32(at: start + 7)
            else { return }
            let next: Int
            switch content[start + 20] {
            case 0:
                next = start + Int(content[start]) + 2 + Int(packed)
            case 1:
                // The size of the data counts the extensions.
                let size = Int(content[start])
                next = start + size + 2 + Int(packed)
                readExtensions(content, of: start, from: start + size, to: next, width: 2, total: nil)
            case 2:
                guard let size = content.littleEndian16(at: start) else { return }
                let end = start + Int(size)
                next = end + Int(packed)
                readExtensions(content, of: start, from: start + 24, to: end, width: 2, total: Int(size))
            case 3:
                guard let size = content.littleEndian32(at: start + 24) else { return }
                let end = start + Int(size)
                next = end + Int(packed)
                readExtensions(content, of: start, from: start + 28, to: end, width: 4, total: Int(size))
            default: return
            }
            guard next > start else { return }
            start = next
        }
    }

    /// Reads a chain of extensions: the length of each stands in front of it, and ends the one before.
    /// - Parameters:
    ///   - total: octets of the header; nil where it ends with its last extension.
    ///   - width: octets of a length.
    private mutating func readExtensions(
        _ content: Span<UInt8>, of start: Int, from first: Int, to bound: Int, width: Int, total: Int?
    ) {
        let bound = min(bound, content.count)
        // What is written into a chain within the fixed fields would move all headers behind it.
        guard first >= start + Self.fixed else { return }
        var header = Header(range: start..<bound)
        var position = first
        for _ in 0..<Self.mostExtensions {
            let stated =
                width == 2
                ? content.littleEndian16(at: position).map(Int.init)
                : content.littleEndian32(at: position).map(Int.init)
            guard let length = stated, length > width, position + width + length <= bound else { break }
            let kind = position + width
            switch content[kind] {
            case 0 where length >= width + 3: header.checksum = kind + 1
            case 0x46:
                guard length == width + 5, let page = content.littleEndian32(at: kind + 1) else { break }
                if NameCharsets.knows(page: page) { areKnown = true } else { header.kinds.append(kind) }
            case 0x44, 0x45: areKnown = true
            default: break
            }
            position += length
        }
        if total == nil { header.range = start..<min(position + width, bound) }
        if !header.kinds.isEmpty { headers.append(header) }
    }
}
