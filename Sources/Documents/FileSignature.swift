internal import Bytes

/// A quick look whether octets begin a file that carries others or runs: for places where no file is expected. What tells
/// formats without a mark by their first octets is here for the unpacker, too.
package enum FileSignature {
    /// Octets that are enough.
    package static let length = 512

    /// True for programs, archives, documents, shortcuts and disk images.
    package static func isFile(_ bytes: Span<UInt8>) -> Bool {
        if bytes.count > 1, mayBegin(bytes[0], bytes[1]) {
            for signature in signatures where bytes.hasBytes(signature.span, at: 0) { return true }
        }
        if ProgramHeader.isHere(bytes) || isCompressed(bytes) || isARJ(bytes) || isARC(bytes) || isLHA(bytes) {
            return true
        }
        if isLZMA(bytes) || isDisk(bytes) || isMail(bytes) || CryptographicMessage.isBinary(bytes)
            || CryptographicMessage.isArmoured(bytes)
        {
            return true
        }
        for (signature, place) in furtherIn where bytes.hasBytes(signature, at: place) { return true }
        // The test file of the anti-virus makers counts as a program: it is one.
        return bytes.hasBytes("X5O!P%@AP", at: 0) || bytes.hasBytes("ustar", at: 257)
    }

    /// False when no file that `isFile` knows by its start has these as its first octets, nor markup.
    static func mayBegin(_ first: UInt8, _ second: UInt8) -> Bool {
        beginnings[Int(first) << 8 | Int(second)]
    }

    /// First octets, by the two of them.
    private static let beginnings: [Bool] = {
        var table = [Bool](repeating: false, count: 65_536)
        func add(_ text: StaticString) { table[Int(text.utf8Start[0]) << 8 | Int(text.utf8Start[1])] = true }
        func addAll(_ first: UInt8) { for second in 0...255 { table[Int(first) << 8 | second] = true } }
        for signature in signatures + [gzip, compress, arj] {
            table[Int(signature[0]) << 8 | Int(signature[1])] = true
        }
        for first in 0x50...0x5F { table[first << 8 | Int(skippable[0])] = true }
        for text in ["MZ", "BZ", "X5"] as [StaticString] { add(text) }
        // Mail and markup in either case; markup behind a mark or blanks, too.
        for text in fields + ["From "] + roots {
            let pair = (text.utf8Start[0], text.utf8Start[1])
            for first in [pair.0, pair.0 ^ 0x20] {
                for second in [pair.1, pair.1 ^ 0x20] { table[Int(first) << 8 | Int(second)] = true }
            }
        }
        for first in lzmaProperties + firstInstructions { addAll(first) }
        for first in [0x1A, 0x30, 0xEF, 0x20] + Array(9...13) as [UInt8] { addAll(first) }
        return table
    }()

    /// gzip without reserved flags (RFC 1952 section 2.3.1.2), and others.
    private static func isCompressed(_ bytes: Span<UInt8>) -> Bool {
        if bytes.hasBytes(gzip.span, at: 0) { return bytes.count > 10 && bytes[3] & 0xE0 == 0 }
        // A frame of Zstandard or LZ4 that is skipped.
        if bytes.count > 8, 0x50...0x5F ~= bytes[0], bytes.hasBytes(skippable.span, at: 1) { return true }
        return isCompress(bytes) || isBzip2(bytes)
    }

    /// bzip2 with the mark of a block or of its end.
    package static func isBzip2(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.hasBytes("BZh", at: 0), bytes.count >= 10, 0x31...0x39 ~= bytes[3] else { return false }
        return bytes.hasBytes(bzip2Block.span, at: 4) || bytes.hasBytes(bzip2End.span, at: 4)
    }

    /// compress(1): the bits of its longest code.
    package static func isCompress(_ bytes: Span<UInt8>) -> Bool {
        bytes.hasBytes(compress.span, at: 0) && bytes.count > 3 && 9...16 ~= bytes[2] & 0x1F
    }

    /// ARC: a method, that of Spark's with a bit of its own, behind its mark, and a DOS name.
    package static func isARC(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.count >= 29, bytes[0] == 0x1A, 1...30 ~= bytes[1] & 0x7F || bytes[1] & 0x7F == 0x7F,
            bytes[2] > 0x20
        else { return false }
        let name = bytes.extracting(2..<15)
        guard let end = name.firstIndex(of: 0) else { return false }
        return name.extracting(0..<end).indices.allSatisfy { 0x20...0x7E ~= name[$0] }
    }

    /// LHA: the method in its place, and the level of its header.
    package static func isLHA(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.count >= 22, bytes[2] == 0x2D, bytes[3] == 0x6C || bytes[3] == 0x70, bytes[6] == 0x2D,
            bytes[20] <= 3
        else { return false }
        switch bytes[4] {
        case 0x68: return 0x30...0x78 ~= bytes[5]
        case 0x7A: return bytes[5] == 0x34 || bytes[5] == 0x35 || bytes[5] == 0x73
        case 0x6D: return 0x30...0x32 ~= bytes[5]
        default: return false
        }
    }

    /// LZMA by its header alone: properties that encoders use, a dictionary of 2^n or 2^n + 2^(n-1), a size that is not known
    /// or one that 7-Zip believes, and the first octet of the range coder.
    package static func isLZMA(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.count >= 18, lzmaProperties.contains(bytes[0]), bytes[13] == 0,
            let dictionary = bytes.littleEndian32(at: 1), let size = bytes.littleEndian64(at: 5)
        else { return false }
        let bits = dictionary.nonzeroBitCount
        let usual = bits == 1 || (bits == 2 && (dictionary & (dictionary << 1)) != 0) || dictionary == .max
        return usual && dictionary >= 4096 && (size == .max || size < mostLZMA)
    }

    /// Zeros, as images of CDs begin: what they are is told further in (ECMA-119 section 6.2.1).
    static func mayBeImage(_ head: Span<UInt8>) -> Bool {
        head.count == length && head.indices.allSatisfy { head[$0] == 0 }
    }

    /// A boot sector: its mark, and a jump or another first instruction of the usual ones.
    private static func isDisk(_ bytes: Span<UInt8>) -> Bool {
        bytes.hasBytes(bootMark.span, at: 510) && firstInstructions.contains(bytes[0])
    }

    private static let firstInstructions: [UInt8] = [0xEB, 0xE9, 0x33, 0xFA, 0xFC, 0x45, 0]

    /// The header of mail: a field that it begins with, and another in the next line.
    private static func isMail(_ bytes: Span<UInt8>) -> Bool {
        guard fields.contains(where: { bytes.hasPrefix(ignoringCase: $0, from: 0) }) || bytes.hasBytes("From ", at: 0),
            var at = bytes.firstIndex(of: 0x0A)
        else { return false }
        at += 1
        let name = at
        while at < bytes.count, 0x21...0x7E ~= bytes[at], bytes[at] != 0x3A { at += 1 }
        return at < bytes.count && (bytes[at] == 0x3A && at > name || bytes[name] == 0x20 || bytes[name] == 0x09)
    }

    private static let fields: [StaticString] = [
        "Return-Path:", "Received:", "Delivered-To:", "From:", "To:", "Subject:", "Date:", "Message-ID:",
        "MIME-Version:",
        "Content-Type:", "X-Mailer:", "Reply-To:",
    ]

    /// The main header of ARJ: its mark has two octets only, its fields few values.
    private static func isARJ(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.hasBytes(arj.span, at: 0), bytes.count > 34, let length = bytes.littleEndian16(at: 2) else {
            return false
        }
        return 30...2600 ~= length && 30...length ~= UInt16(bytes[4]) && bytes[6] <= bytes[5] && bytes[7] < 16
            && bytes[10] == 2
    }

    /// True for HTML, script and XML.
    static func isMarkup(_ bytes: Span<UInt8>) -> Bool {
        var at = bytes.hasBytes("\u{FEFF}", at: 0) ? 3 : 0
        while at < bytes.count, bytes[at] <= 0x20, bytes[at] >= 9 { at += 1 }
        for root in roots where bytes.hasPrefix(ignoringCase: root, from: at) { return true }
        return false
    }

    private static let roots: [StaticString] = [
        "<html", "<!doctype", "<head", "<body", "<script", "<svg", "<hta:", "<job", "<package", "<?xml", "<?wsf",
    ]

    private static let skippable: [UInt8] = [0x2A, 0x4D, 0x18]
    private static let compress: [UInt8] = [0x1F, 0x9D]
    /// Octets that a file of LZMA may say it has, and 7-Zip reads on to the end of its stream.
    package static let mostLZMA: UInt64 = 1 << 56
    private static let lzmaProperties: [UInt8] = [0x5D, 0x5E, 0x2C]
    private static let gzip: [UInt8] = [0x1F, 0x8B, 8]
    private static let bzip2Block: [UInt8] = [0x31, 0x41, 0x59, 0x26, 0x53, 0x59]
    private static let bzip2End: [UInt8] = [0x17, 0x72, 0x45, 0x38, 0x50, 0x90]
    private static let arj: [UInt8] = [0x60, 0xEA]

    private static let bootMark: [UInt8] = [0x55, 0xAA]

    /// Marks that stand behind others.
    private static let furtherIn: [(StaticString, Int)] = [
        ("CD001", 32_769), ("BEA01", 32_769), ("**ACE**", 7),
    ]

    private static let signatures: [[UInt8]] = [
        Array("PK\u{3}\u{4}".utf8), Array("PK\u{5}\u{6}".utf8), Array("Rar!\u{1A}\u{7}".utf8),
        [0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], [0x7F, 0x45, 0x4C, 0x46], Array("MSCF".utf8),
        [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1], Array("%PDF-".utf8), Array("{\\rt".utf8),
        Array("ITSF".utf8), [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0],
        [0x4C, 0, 0, 0, 1, 0x14, 2, 0], Array("xar!".utf8), Array("!<arch>\n".utf8), Array("Cr24".utf8),
        [0x78, 0x9F, 0x3E, 0x22], [0xE4, 0x52, 0x5C, 0x7B, 0x8C, 0xD8, 0xA7, 0x4D], [0xCA, 0xFE, 0xBA, 0xBE],
        [0x28, 0xB5, 0x2F, 0xFD], Array("MSWIM\0\0\0".utf8), Array("conectix".utf8),
        Array("vhdxfile".utf8), Array("ALZ\u{1}".utf8), Array("EGGA".utf8), Array("KDMV".utf8),
        Array("LZIP\u{1}".utf8), Array("LZIP\0".utf8), [0x04, 0x22, 0x4D, 0x18], [0x02, 0x21, 0x4C, 0x18],
        [0x89, 0x4C, 0x5A, 0x4F, 0], Array("070701".utf8), Array("070702".utf8), Array("070707".utf8),
        Array("WARC/".utf8), [0xED, 0xAB, 0xEE, 0xDB], Array("ZOO ".utf8), Array("SZDD".utf8), Array("KWAJ".utf8),
        Array("LRZI".utf8), Array("SIT!".utf8), Array("StuffIt (c)".utf8), Array("ISc(".utf8), Array("zPQ".utf8),
        Array("7kSt".utf8), Array("ArC\u{1}".utf8), Array("hsqs".utf8), Array("GRZipII".utf8), Array("LUKS".utf8),
        [0x51, 0x46, 0x49, 0xFB],
    ]
}
