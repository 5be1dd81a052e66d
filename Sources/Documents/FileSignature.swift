internal import Bytes

/// A quick look whether octets begin a file that carries others or runs: for places where no file is expected.
enum FileSignature {
    /// Octets that are enough.
    static let length = 512

    /// True for programs, archives, documents, shortcuts and disk images.
    static func isFile(_ bytes: Span<UInt8>) -> Bool {
        for signature in signatures where bytes.hasBytes(signature.span, at: 0) { return true }
        if ProgramHeader.isHere(bytes) || isCompressed(bytes) || isARJ(bytes) { return true }
        // The test file of the anti-virus makers counts as a program: it is one.
        return bytes.hasBytes("X5O!P%@AP", at: 0) || bytes.hasBytes("ustar", at: 257)
    }

    /// gzip without reserved flags (RFC 1952 section 2.3.1.2), bzip2 with the mark of a block or of its end.
    private static func isCompressed(_ bytes: Span<UInt8>) -> Bool {
        if bytes.hasBytes(gzip.span, at: 0) { return bytes.count > 10 && bytes[3] & 0xE0 == 0 }
        guard bytes.hasBytes("BZh", at: 0), bytes.count > 10, 0x31...0x39 ~= bytes[3] else { return false }
        return bytes.hasBytes(bzip2Block.span, at: 4) || bytes.hasBytes(bzip2End.span, at: 4)
    }

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

    private static let gzip: [UInt8] = [0x1F, 0x8B, 8]
    private static let bzip2Block: [UInt8] = [0x31, 0x41, 0x59, 0x26, 0x53, 0x59]
    private static let bzip2End: [UInt8] = [0x17, 0x72, 0x45, 0x38, 0x50, 0x90]
    private static let arj: [UInt8] = [0x60, 0xEA]

    private static let signatures: [[UInt8]] = [
        Array("PK\u{3}\u{4}".utf8), Array("PK\u{5}\u{6}".utf8), Array("Rar!\u{1A}\u{7}".utf8),
        [0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], [0x7F, 0x45, 0x4C, 0x46], Array("MSCF\0\0\0\0".utf8),
        [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1], Array("%PDF-".utf8), Array("{\\rt".utf8),
        Array("ITSF".utf8), [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0],
        [0x4C, 0, 0, 0, 1, 0x14, 2, 0], Array("xar!".utf8), Array("!<arch>\n".utf8), Array("Cr24".utf8),
        [0x78, 0x9F, 0x3E, 0x22], [0xE4, 0x52, 0x5C, 0x7B, 0x8C, 0xD8, 0xA7, 0x4D], [0xCA, 0xFE, 0xBA, 0xBE],
        [0x28, 0xB5, 0x2F, 0xFD], Array("MSWIM\0\0\0".utf8), Array("conectix".utf8),
        Array("vhdxfile".utf8), Array("ALZ\u{1}".utf8), Array("EGGA".utf8),
    ]
}
