internal import Bytes
internal import Codecs
internal import Compression
internal import Documents
internal import Members

/// Checks of formats whose first octets alone would be met by chance.
enum StructureChecks {
    /// LZMA has no signature: a header that is usual is enough; with others that are plausible the stream has to decode.
    static func isLZMA(_ content: Span<UInt8>) -> Bool {
        if FileSignature.isLZMA(content) { return true }
        guard content.count >= 18, content[0] < 9 * 5 * 5, content[13] == 0,
            let length = content.littleEndian64(at: 5), length == UInt64.max || length < FileSignature.mostLZMA
        else { return false }
        return length > 0 && decodesAsLZMA(content)
    }

    /// Octets of a stream of LZMA that have to decode when its header says little: noise leads outside of the dictionary
    /// after a few of them.
    private static let lzmaTrial = 512
    /// Fewest octets that say something when the stream is longer.
    private static let shortestTrial = 64
    /// Octets of output after which it is enough.
    private static let lzmaOutput = 65_536

    private static func decodesAsLZMA(_ content: Span<UInt8>) -> Bool {
        // Zeros decode to zeros.
        guard content.littleEndian32(at: 14) != 0 else { return false }
        var produced = 0
        // Whatever dictionary the header asks for, no more than this is decoded.
        var head = content.extracting(0..<min(content.count, lzmaTrial)).array
        head.replaceSubrange(1..<5, with: [0, 0, 1, 0])
        let input = head.span
        let result = Codec.lzma.pieces(input, memory: ContainerLimits().dictionary, while: { true }) { piece in
            produced += piece.count
            return produced < lzmaOutput
        }
        return switch result.end {
        // Behind a short stream nothing of weight follows.
        case .complete: produced > 0 && result.consumed * 2 > input.count
        case .truncated: produced > 0 && input.count >= shortestTrial
        case .stopped: true
        case .corrupt, .unsupported, .memory: false
        }
    }

    /// Octets of output of a zlib stream that is not at its end.
    private static let zlibProof = 1024

    /// Two octets are too few: what follows has to decode. Without a dictionary from elsewhere (RFC 1950 section 2.2).
    static func isZlib(_ content: Span<UInt8>) -> Bool {
        guard content.count >= 8, content[0] & 0x0F == 8, content[0] >> 4 <= 7, content[1] & 0x20 == 0,
            (Int(content[0]) << 8 | Int(content[1])) % 31 == 0
        else { return false }
        let result = Inflate.pieces(content, form: .zlib, limit: zlibProof) { _ in true }
        return result.end == .complete ? result.produced > 0 : result.produced >= zlibProof
    }

    static func isSkippedZstd(_ content: Span<UInt8>) -> Bool {
        afterSkippedFrames(content).map { content.hasBytes([0x28, 0xB5, 0x2F, 0xFD], at: $0) } ?? false
    }

    static func isSkippedLZ4(_ content: Span<UInt8>) -> Bool {
        afterSkippedFrames(content).map {
            content.hasBytes([0x04, 0x22, 0x4D, 0x18], at: $0) || content.hasBytes([0x02, 0x21, 0x4C, 0x18], at: $0)
        } ?? false
    }

    /// Where the first frame that is not to be skipped begins, behind some that are; both formats have the same.
    private static func afterSkippedFrames(_ content: Span<UInt8>) -> Int? {
        var position = 0
        while position <= content.count - 8, 0x50...0x5F ~= content[position],
            content.hasBytes([0x2A, 0x4D, 0x18], at: position + 1), let size = content.littleEndian32(at: position + 4)
        {
            position += 8 + Int(size)
        }
        return position > 0 ? position : nil
    }

    /// The first header's checksum, which every dialect of tar has (POSIX.1-1988, ustar interchange format).
    static func isTar(_ content: Span<UInt8>) -> Bool {
        guard content.count >= 512, let stated = statedSum(content), stated > 256 else { return false }
        var sum = 0
        var signedSum = 0
        for index in 0..<512 {
            let byte: UInt8 = 148..<156 ~= index ? 0x20 : content[index]
            sum += Int(byte)
            signedSum += Int(Int8(bitPattern: byte))
        }
        return stated == sum || stated == signedSum
    }

    /// Octal digits behind blanks; some programs write a NUL first, and GNU tar passes over it.
    private static func statedSum(_ header: Span<UInt8>) -> Int? {
        var stated: Int?
        for index in 148..<156 {
            let byte = header[index]
            if 0x30...0x37 ~= byte {
                stated = (stated ?? 0) * 8 + Int(byte - 0x30)
            } else if stated != nil {
                break
            } else if byte != 0x20, byte != 0 || index > 148 {
                return nil
            }
        }
        return stated
    }

    /// A volume descriptor (ECMA-119 section 8) in one of the sectors 16 to 31; images may begin elsewhere than at a
    /// primary descriptor.
    static func isISO9660(_ content: Span<UInt8>) -> Bool {
        sectors(content) { content.hasBytes([0x43, 0x44, 0x30, 0x30, 0x31], at: $0 + 1) }
    }

    /// Octets of an image in front of its descriptors, of which there are at most as many.
    static let firstDescriptor = 32_768

    /// A volume descriptor in sector 16, and in it or one of those that follow it the size of a block, as programs want it that
    /// look for images in other content.
    static func beginsISO9660(_ content: Span<UInt8>) -> Bool {
        let mark: StaticString = "CD001"
        guard content.hasBytes(mark, at: firstDescriptor + 1) else { return false }
        return sectors(content) { start in
            content.hasBytes(mark, at: start + 1) && 1...2 ~= content[start]
                && (content.hasBytes([0x00, 0x08], at: start + 128) || content.hasBytes([0x08, 0x00], at: start + 130))
        }
    }

    static func isUDF(_ content: Span<UInt8>) -> Bool {
        sectors(content) { start in
            content.hasBytes([0x4E, 0x53, 0x52, 0x30], at: start + 1) && content.count > start + 5
                && (content[start + 5] == 0x32 || content[start + 5] == 0x33)
        }
    }

    private static func sectors(_ content: Span<UInt8>, _ fits: (Int) -> Bool) -> Bool {
        for sector in 16..<32 where fits(sector * 2048) { return true }
        return false
    }

    /// A main header: its CRC must be right, as two octets are met by chance.
    static func isARJ(_ content: Span<UInt8>) -> Bool { ArjReader.isHeader(content, at: 0) }

    /// The first line of a WARC file: its version, and nothing else (ISO 28500, section 4).
    static func isWARC(_ content: Span<UInt8>) -> Bool {
        guard let end = content.firstIndex(of: 0x0A), end < 32 else { return false }
        let version = content.extracting(5..<end)
        return version.indices.allSatisfy {
            0x30...0x39 ~= version[$0] || [0x2E, 0x0D, 0x20, 0x09].contains(version[$0])
        }
    }

    static func hasVHDFooter(_ content: Span<UInt8>) -> Bool {
        content.count >= 1024 && content.hasBytes("conectix", at: content.count - 512)
    }

    static func hasAppleTrailer(_ content: Span<UInt8>) -> Bool {
        guard content.count >= 1024 else { return false }
        // The others are encrypted, with the trailer in it; the first version of that has its header behind it.
        return content.hasBytes("koly", at: content.count - 512) || content.hasBytes("encrcdsa", at: 0)
            || content.hasBytes("cdsaencr", at: content.count - 8) && !content.hasOnlyControlsOfText
    }

    /// A boot sector with a FAT file system or a partition table.
    static func isDisk(_ content: Span<UInt8>) -> Bool {
        if isAppleDisk(content) { return true }
        guard content.count >= 4096, content[510] == 0x55, content[511] == 0xAA else { return false }
        if content.hasBytes("NTFS", at: 3) || content.hasBytes("EXFAT", at: 3)
            || FATVolume(VirtualDisk(0..<content.count), at: 0, content) != nil
        {
            return true
        }
        var partitions = 0
        for entry in 0..<4 {
            let start = 446 + entry * 16
            guard content[start] == 0 || content[start] == 0x80 else { return false }
            guard let sectors = content.littleEndian32(at: start + 12) else { return false }
            if content[start + 4] != 0, sectors > 0 { partitions += 1 }
        }
        return partitions > 0
    }

    /// An entry of Apple's partition map in the second sector (Inside Macintosh: Devices, "The Partition Map"), sectors being of
    /// 512 or 2,048 octets: its mark, how many there are, where the partition begins.
    private static func isAppleDisk(_ content: Span<UInt8>) -> Bool {
        [512, 2048].contains { place in
            guard content.hasBytes([0x50, 0x4D, 0, 0], at: place),
                let entries = content.littleEndian32(at: place + 4)?.byteSwapped,
                let start = content.littleEndian32(at: place + 8)?.byteSwapped
            else { return false }
            return 1...256 ~= entries && start > 0
        }
    }

    static func isMZ(_ content: Span<UInt8>) -> Bool {
        content.count >= 28 && content[0] == 0x4D && content[1] == 0x5A
    }

    static func isPE(_ content: Span<UInt8>) -> Bool {
        guard isMZ(content), let header = content.littleEndian32(at: 60) else { return false }
        return content.hasBytes([0x50, 0x45, 0x00, 0x00], at: Int(header))
    }

    /// The header of an installer behind a program (`exehead/fileform.h` of NSIS): flags, of which there are four, a number and three words,
    /// the size of a header, and that of all data.
    static func isNSIS(_ content: Span<UInt8>) -> Bool {
        guard isMZ(content) else { return isHeaderOfNSIS(content, at: 0) }
        var start = 0
        while let place = content.firstIndex(of: markOfNSIS.span, from: start) {
            if isHeaderOfNSIS(content, at: place - 4) { return true }
            start = place + markOfNSIS.count
        }
        return false
    }

    /// What stands in it behind the flags.
    static let markOfNSIS: [UInt8] = [0xEF, 0xBE, 0xAD, 0xDE] + Array("NullsoftInst".utf8)

    private static let headerOfNSIS = 28

    /// The header itself, with or without a program in front, as other programs read it. Both sizes have a sign. The program is
    /// content with all that is stated being there; 7-Zip opens one that is cut off, too, by its data.
    static func isHeaderOfNSIS(_ content: Span<UInt8>, at start: Int) -> Bool {
        guard content.hasBytes(markOfNSIS.span, at: start + 4), let flags = content.littleEndian32(at: start),
            let header = content.littleEndian32(at: start + 20), let size = content.littleEndian32(at: start + 24)
        else { return false }
        let most = UInt32(Int32.max)
        guard flags < 16, 1...most ~= header, 1...most ~= size else { return false }
        return Int(size) <= content.count - start
            || beginsDataOfNSIS(content.extracting(start + headerOfNSIS..<content.count), header)
    }

    /// How the data of an installer begins: with the size of what it begins with, where that is compressed by itself or not at
    /// all; or compressed by LZMA, behind one octet for a filter perhaps, by NSIS's form of bzip2, or by deflating.
    private static func beginsDataOfNSIS(_ data: Span<UInt8>, _ header: UInt32) -> Bool {
        guard let first = data.littleEndian32(at: 0) else { return false }
        if first == header || first >> 24 == 0x80 || first & 0xFF_FFFF == 0x5D || first >> 8 == 0x5D { return true }
        if data[0] == 0x31, data[1] < 14 { return true }
        var size: UInt32?
        _ = Inflate.pieces(data, form: .raw, limit: 4) { piece in
            size = piece.littleEndian32(at: 0)
            return true
        }
        return size == header
    }

    static func isJavaClass(_ content: Span<UInt8>) -> Bool {
        content.count >= 8 && content.hasBytes([0xCA, 0xFE, 0xBA, 0xBE], at: 0) && content[6] == 0 && content[7] >= 43
    }

    static func isUniversalMachO(_ content: Span<UInt8>) -> Bool {
        content.count >= 8 && content.hasBytes([0xCA, 0xFE, 0xBA, 0xBE, 0, 0, 0], at: 0) && content[7] < 43
    }

    static func isBitmap(_ content: Span<UInt8>) -> Bool {
        guard content.count >= 26, content[0] == 0x42, content[1] == 0x4D, let data = content.littleEndian32(at: 10)
        else {
            return false
        }
        return content[6] == 0 && content[7] == 0 && data >= 26 && Int(data) <= content.count
    }

    static func isIcon(_ content: Span<UInt8>) -> Bool {
        content.count >= 22 && content[0] == 0 && content[1] == 0 && 1...2 ~= content[2] && content[3] == 0
            && content[4] > 0 && content[5] == 0 && content[9] == 0
    }

    /// A database whose header states its size (SQLite's "Database File Format", section 1.3): pages of a size that stands
    /// at 16, where 1 means 65,536, and how many at 28.
    static func isWholeSQLite(_ content: Span<UInt8>) -> Bool {
        guard content.hasBytes("SQLite format 3\0", at: 0), content.count >= 100,
            let stated = content.littleEndian16(at: 16), let pages = content.littleEndian32(at: 28)
        else { return false }
        let size = stated.byteSwapped == 1 ? 65_536 : Int(stated.byteSwapped)
        return Int(pages.byteSwapped) * size == content.count
    }

    /// A capture of libpcap (`pcap-savefile(5)`), with times in micro- or nanoseconds, or of pcapng, in either order.
    static func isCapture(_ content: Span<UInt8>) -> Bool {
        guard content.count >= 24 else { return false }
        if content.hasBytes([0x0A, 0x0D, 0x0D, 0x0A], at: 0) {
            return content.hasBytes([0x4D, 0x3C, 0x2B, 0x1A], at: 8)
                || content.hasBytes([0x1A, 0x2B, 0x3C, 0x4D], at: 8)
        }
        if content.hasBytes([2, 0, 4, 0], at: 4) {
            return content.hasBytes([0xD4, 0xC3, 0xB2, 0xA1], at: 0)
                || content.hasBytes([0x4D, 0x3C, 0xB2, 0xA1], at: 0)
        }
        return content.hasBytes([0, 2, 0, 4], at: 4)
            && (content.hasBytes([0xA1, 0xB2, 0xC3, 0xD4], at: 0) || content.hasBytes([0xA1, 0xB2, 0x3C, 0x4D], at: 0))
    }

    static func isHEIF(_ content: Span<UInt8>) -> Bool {
        guard content.hasBytes("ftyp", at: 4) else { return false }
        return ["heic", "heix", "mif1", "avif"].contains { content.hasBytes(Array($0.utf8), at: 8) }
    }

    static func isMP4(_ content: Span<UInt8>) -> Bool {
        content.hasBytes("ftyp", at: 4) && !isHEIF(content)
    }
}
