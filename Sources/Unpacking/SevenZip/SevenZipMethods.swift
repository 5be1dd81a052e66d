internal import Bytes
internal import Codecs

/// Methods by their numbers: `Methods.txt` of the LZMA SDK, and those that 7-Zip ZS, NanaZip, p7zip and PeaZip have beside them.
extension SevenZipFolder.Coder {
    static let copy: [UInt8] = [0]
    static let lzma: [UInt8] = [3, 1, 1]
    /// Octets of LZMA's properties: one of bits, four of the dictionary's size.
    private static let lzmaProperties = 5
    static let lzma2: [UInt8] = [0x21]
    static let ppmd: [UInt8] = [3, 4, 1]
    static let deflate64: [UInt8] = [4, 1, 9]
    static let zstd: [UInt8] = [4, 0xF7, 0x11, 1]
    static let brotli: [UInt8] = [4, 0xF7, 0x11, 2]
    static let lz4: [UInt8] = [4, 0xF7, 0x11, 4]
    private static let delta: [UInt8] = [3]
    private static let x86: [UInt8] = [3, 3, 1, 3]

    /// Filters that libarchive 3.6 has: Delta, and those for x86, PowerPC, IA64, ARM, ARMT and SPARC.
    private static let filters: Set<[UInt8]> = [
        delta, [4], x86, [3, 3, 2, 5], [3, 3, 4, 1], [3, 3, 5, 1], [3, 3, 7, 1], [3, 3, 8, 5],
    ]
    /// What it has besides: Copy, LZMA, LZMA2, PPMd, BCJ2, Deflate, bzip2.
    private static let others: Set<[UInt8]> = [copy, lzma, lzma2, ppmd, [3, 3, 1, 0x1B], [4, 1, 8], [4, 2, 2]]

    /// Changes octets of programs and tables, compresses nothing, and libarchive has it.
    var isFilter: Bool { Self.filters.contains(method) }
    /// libarchive has it.
    var isOfLibrary: Bool { isFilter || Self.others.contains(method) && !isRareLZMA }

    var isLZMA: Bool { method == Self.lzma || method == Self.lzma2 }

    /// LZMA with properties that libarchive, by liblzma, does not take.
    var isRareLZMA: Bool {
        method == Self.lzma && properties.count == Self.lzmaProperties && Codec.hasRareProperties(properties[0])
    }

    /// libarchive decodes it together with a filter. LZMA has no end mark in most archives, which liblzma asks for with all
    /// filters but those that libarchive applies by itself.
    func isOfLibrary(before filter: SevenZipFolder.Coder) -> Bool {
        guard filter.isFilter, !isRareLZMA else { return false }
        return method == Self.lzma2 || method == Self.lzma && [Self.delta, [4], Self.x86].contains(filter.method)
    }

    /// Octets of the dictionary of LZMA and LZMA2, and of the model of PPMd; nil for others.
    var dictionary: Int? {
        if method == Self.lzma2 {
            guard let size = properties.first, size <= 40 else { return nil }
            return size == 40 ? Int(UInt32.max) : (2 | Int(size) & 1) << (Int(size) / 2 + 11)
        }
        guard method == Self.lzma || method == Self.ppmd else { return nil }
        return properties.span.littleEndian32(at: 1).map { Int($0) }
    }
}
