internal import Bytes

/// Coders that together decode streams of a 7z archive, and how they are joined.
struct SevenZipFolder {
    /// One coder.
    struct Coder {
        var method: [UInt8]
        var inStreams: Int
        var outStreams: Int
        var properties: [UInt8]

        var isAES: Bool { method == [0x06, 0xF1, 0x07, 0x01] }
    }

    var coders: [Coder] = []
    /// An in stream gets what an out stream gives.
    var bonds: [(inStream: Int, outStream: Int)] = []
    /// In streams that the archive's packed streams feed, in their order.
    var packedStreams: [Int] = []
    /// Octets of each out stream.
    var unpackSizes: [Int] = []
    var checksum: UInt32?

    var inStreams: Int { coders.reduce(0) { $0 + $1.inStreams } }
    var outStreams: Int { coders.reduce(0) { $0 + $1.outStreams } }
    var isEncrypted: Bool { coders.contains(where: \.isAES) }

    /// Octets that it decodes to: those of the out stream that feeds no coder.
    var size: Int {
        unpackSizes.indices.first { index in !bonds.contains { $0.outStream == index } }.map { unpackSizes[$0] } ?? 0
    }

    init() {}

    /// Reads a folder of a header, but for the sizes, which stand elsewhere.
    init?(_ header: Span<UInt8>, _ reader: inout SevenZipNumbers) {
        guard let count = reader.number(header, most: SevenZipHeader.Limits.coders), count > 0 else { return nil }
        for _ in 0..<count {
            guard let flags = reader.byte(header), flags & 0xC0 == 0,
                let method = Self.octets(header, flags & 0xF, &reader)
            else { return nil }
            // Some programs write the number of Copy, which is 0, without an octet.
            var coder = Coder(method: method.isEmpty ? Coder.copy : method, inStreams: 1, outStreams: 1, properties: [])
            if flags & 0x10 != 0 {
                guard let ins = reader.number(header, most: SevenZipHeader.Limits.coders),
                    let outs = reader.number(header, most: SevenZipHeader.Limits.coders)
                else { return nil }
                (coder.inStreams, coder.outStreams) = (ins, outs)
            }
            if flags & 0x20 != 0 {
                guard let size = reader.number(header), let properties = Self.octets(header, size, &reader) else {
                    return nil
                }
                coder.properties = properties
            }
            coders.append(coder)
        }
        let most = SevenZipHeader.Limits.coders
        guard 1...most ~= outStreams, inStreams <= most, inStreams >= outStreams - 1 else { return nil }
        for _ in 0..<outStreams - 1 {
            guard let into = reader.number(header, most: inStreams - 1),
                let from = reader.number(header, most: outStreams - 1)
            else { return nil }
            bonds.append((into, from))
        }
        let packed = inStreams - bonds.count
        if packed == 1 {
            guard let free = (0..<inStreams).first(where: { index in !bonds.contains { $0.inStream == index } }) else {
                return nil
            }
            packedStreams = [free]
        } else {
            for _ in 0..<packed {
                guard let stream = reader.number(header, most: inStreams - 1) else { return nil }
                packedStreams.append(stream)
            }
        }
    }

    private static func octets(_ header: Span<UInt8>, _ count: Int, _ reader: inout SevenZipNumbers) -> [UInt8]? {
        let start = reader.position
        guard reader.skip(count) else { return nil }
        return header.extracting(start..<start + count).array
    }

    /// The coder that has an in stream, and the first of its in and out streams.
    func coder(ofInStream stream: Int) -> (coder: Coder, outStream: Int)? {
        var (ins, outs) = (0, 0)
        for coder in coders {
            if ins..<ins + coder.inStreams ~= stream { return (coder, outs) }
            ins += coder.inStreams
            outs += coder.outStreams
        }
        return nil
    }

    /// The folder without coders of AES, which are the first that packed streams meet; nil when they stand elsewhere. Its packed
    /// streams are in the same order.
    func withoutEncryption() -> SevenZipFolder? {
        var inner = SevenZipFolder()
        inner.checksum = checksum
        // New numbers of the streams that stay.
        var newIn: [Int: Int] = [:]
        var newOut: [Int: Int] = [:]
        var (ins, outs) = (0, 0)
        for coder in coders {
            if coder.isAES {
                guard coder.inStreams == 1, coder.outStreams == 1, packedStreams.contains(ins) else { return nil }
            } else {
                inner.coders.append(coder)
                for stream in 0..<coder.inStreams { newIn[ins + stream] = newIn.count }
                for stream in 0..<coder.outStreams {
                    newOut[outs + stream] = newOut.count
                    inner.unpackSizes.append(unpackSizes[outs + stream])
                }
            }
            ins += coder.inStreams
            outs += coder.outStreams
        }
        for bond in bonds {
            if let into = newIn[bond.inStream], let from = newOut[bond.outStream] { inner.bonds.append((into, from)) }
        }
        for stream in packedStreams {
            guard let (coder, out) = coder(ofInStream: stream) else { return nil }
            var fed = stream
            if coder.isAES {
                guard let bond = bonds.first(where: { $0.outStream == out }) else {
                    // Nothing but encryption.
                    return coders.count == 1 ? inner : nil
                }
                fed = bond.inStream
            }
            guard let place = newIn[fed] else { return nil }
            inner.packedStreams.append(place)
        }
        return inner
    }

    /// A 7z archive with this folder alone, as one file, so that libarchive decodes it wherever it stands and whatever
    /// stands beside it.
    func archive(_ packed: [[UInt8]]) -> [UInt8] {
        typealias Property = SevenZipHeader.Property
        var header: [UInt8] = [UInt8(Property.header), UInt8(Property.mainStreams), UInt8(Property.packInfo), 0]
        header += Self.number(packed.count) + [UInt8(Property.size)] + packed.flatMap { Self.number($0.count) } + [0]
        header += [UInt8(Property.unpackInfo), UInt8(Property.folder), 1, 0] + description
        header += [UInt8(Property.unpackSize)] + unpackSizes.flatMap(Self.number) + [0]
        header += [
            UInt8(Property.subStreams), 0, 0, UInt8(Property.files), 1, UInt8(Property.names), 5, 0, 0x6D, 0, 0, 0,
        ]
        header += [UInt8(Property.attributes), 6, 1, 0, 0x20, 0, 0, 0, 0, 0]
        let size = packed.reduce(0) { $0 + $1.count }
        let start =
            Self.littleEndian(size, 8) + Self.littleEndian(header.count, 8)
            + Self.littleEndian(Int(CyclicChecksum.crc32(header.span)), 4)
        var out: [UInt8] = [0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C, 0, 4]
        out += Self.littleEndian(Int(CyclicChecksum.crc32(start.span)), 4) + start
        out.reserveCapacity(out.count + size + header.count)
        for stream in packed { out += stream }
        return out + header
    }

    private var description: [UInt8] {
        var out = Self.number(coders.count)
        for coder in coders {
            let isSimple = coder.inStreams == 1 && coder.outStreams == 1
            out.append(UInt8(coder.method.count & 0xF) | (isSimple ? 0 : 0x10) | (coder.properties.isEmpty ? 0 : 0x20))
            out += coder.method
            if !isSimple { out += Self.number(coder.inStreams) + Self.number(coder.outStreams) }
            if !coder.properties.isEmpty { out += Self.number(coder.properties.count) + coder.properties }
        }
        for bond in bonds { out += Self.number(bond.inStream) + Self.number(bond.outStream) }
        if packedStreams.count > 1 { out += packedStreams.flatMap(Self.number) }
        return out
    }

    /// A number in its longest form, which every reader takes.
    private static func number(_ value: Int) -> [UInt8] {
        value < 0x80 ? [UInt8(value)] : [0xFF] + littleEndian(value, 8)
    }

    private static func littleEndian(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }
}
