/// Octets at a fixed place that tell a type.
struct Signature: Sendable {
    let offset: Int
    let bytes: [UInt8]
    let type: FileType

    init(_ bytes: [UInt8], at offset: Int = 0, _ type: FileType) {
        self.offset = offset
        self.bytes = bytes
        self.type = type
    }

    init(_ text: StaticString, at offset: Int = 0, _ type: FileType) {
        self.init(text.withUTF8Buffer { Array($0) }, at: offset, type)
    }

    /// Types whose signatures stand in the content, in the order of the table.
    static func types(of content: Span<UInt8>) -> [FileType] {
        guard content.count > 0 else { return [] }
        var fitting: [Int] = []
        for index in places[Int(content[0])] where table[index].fits(content) { fitting.append(index) }
        for index in furtherIn where table[index].fits(content) { fitting.append(index) }
        guard !fitting.isEmpty else { return [] }
        return fitting.sorted().map { table[$0].type }
    }

    private func fits(_ content: Span<UInt8>) -> Bool { content.hasBytes(bytes, at: offset) }

    /// For each octet the signatures that begin with it at the start of the content: few of all.
    private static let places: [[Int]] = (0..<256).map { octet in
        table.indices.filter { table[$0].offset == 0 && Int(table[$0].bytes[0]) == octet }
    }

    private static let furtherIn: [Int] = table.indices.filter { table[$0].offset > 0 }

    /// Signatures that need no further look. The order is that of the answer.
    static let table: [Signature] = [
        Signature([0x1F, 0x8B, 0x08], .gzip),
        Signature([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], .xz),
        Signature([0x28, 0xB5, 0x2F, 0xFD], .zstd),
        Signature([0x04, 0x22, 0x4D, 0x18], .lz4),
        Signature([0x02, 0x21, 0x4C, 0x18], .lz4),
        Signature([0x89, 0x4C, 0x5A, 0x4F, 0x00], .lzop),
        Signature("LRZI", .lrzip),
        Signature("GRZipII", .grzip),
        Signature([0x8F, 0xAF, 0xAC, 0x84], .ppmd),
        Signature("070707", .cpio),
        Signature("070701", .cpio),
        Signature("070702", .cpio),
        Signature("070727", .cpio),
        Signature([0xC7, 0x71], .cpio),
        Signature([0x71, 0xC7], .cpio),
        Signature("!<arch>\ndebian-binary", .debian),
        Signature("!<arch>\n", .ar),
        Signature([0xED, 0xAB, 0xEE, 0xDB], .rpm),
        Signature([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], .sevenZip),
        Signature([0x52, 0x61, 0x72, 0x21, 0x1A, 0x07, 0x00], .rar),
        Signature([0x52, 0x61, 0x72, 0x21, 0x1A, 0x07, 0x01, 0x00], .rar5),
        Signature("xar!", .xar),
        Signature("WARC/", .warc),
        Signature([0x53, 0x5A, 0x44, 0x44, 0x88, 0xF0, 0x27, 0x33], .szdd),
        Signature([0x4B, 0x57, 0x41, 0x4A, 0x88, 0xF0, 0x27, 0xD1], .kwaj),
        Signature([0xDC, 0xA7, 0xC4, 0xFD], at: 20, .zoo),
        Signature("**ACE**", at: 7, .ace),
        Signature([0x41, 0x4C, 0x5A, 0x01], .alz),
        Signature("EGGA", .egg),
        Signature("ISc(", .installShield),
        Signature([0x19, 0x04, 0x00, 0x10], at: 8, .sis),
        Signature([0x7A, 0x1A, 0x20, 0x10], .sis),
        Signature("conectix", .vhd),
        Signature("vhdxfile", .vhdx),
        Signature("KDMV", .vmdk),
        Signature([0x7F, 0x10, 0xDA, 0xBE], at: 64, .vdi),
        Signature([0x51, 0x46, 0x49, 0xFB], .qcow),
        Signature("QED\0", .qed),
        Signature([0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0], .rawCD),
        Signature("WithoutFreeSpace", .parallels),
        Signature("WithouFreSpacExt", .parallels),
        Signature([0x4D, 0x53, 0x57, 0x49, 0x4D, 0x00], .wim),
        Signature("hsqs", .squashfs),
        Signature("sqsh", .squashfs),
        Signature([0x1F, 0x9E], .freeze),
        Signature([0x1F, 0x9F], .freeze),
        Signature([0x1F, 0x1E], .pack),
        Signature([0x41, 0x72, 0x43, 0x01], .freeArc),
        Signature("zPQ", .zpaq),
        Signature([0x37, 0x6B, 0x53, 0x74], .zpaq),
        Signature("SIT!", .stuffIt),
        Signature("StuffIt (c)", .stuffIt),
        Signature("(This file must be converted with BinHex", .binHex),
        Signature([0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1], .compoundFile),
        Signature("{\\rt", .rtf),
        Signature(
            [
                0xE4, 0x52, 0x5C, 0x7B, 0x8C, 0xD8, 0xA7, 0x4D, 0xAE, 0xB1, 0x53, 0x78, 0xD0, 0x29, 0x96, 0xD3,
            ], .oneNote),
        Signature("ITSF", .chm),
        Signature([0x78, 0x9F, 0x3E, 0x22], .tnef),
        Signature([0x7F, 0x45, 0x4C, 0x46], .elf),
        Signature([0xFE, 0xED, 0xFA, 0xCE], .machO),
        Signature([0xFE, 0xED, 0xFA, 0xCF], .machO),
        Signature([0xCE, 0xFA, 0xED, 0xFE], .machO),
        Signature([0xCF, 0xFA, 0xED, 0xFE], .machO),
        Signature([0xCA, 0xFE, 0xBA, 0xBF, 0, 0, 0], .machO),
        Signature("dex\n0", .dalvik),
        Signature("FasdUAS ", .appleScript),
        Signature("Standard Jet DB", at: 4, .access),
        Signature("Standard ACE DB", at: 4, .access),
        Signature(";ELC", .lispCode),
        Signature("#!", .script),
        Signature(
            [
                0x4C, 0x00, 0x00, 0x00, 0x01, 0x14, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0xC0, 0x00, 0x00, 0x00, 0x00,
                0x00,
                0x00, 0x46,
            ], .shellLink),
        Signature("MICROSOFT PIFEX", at: 369, .programInformation),
        Signature("REGEDIT4", .registry),
        Signature("Windows Registry Editor", .registry),
        Signature([0x3F, 0x5F, 0x03, 0x00], .windowsHelp),
        Signature("FWS", .flash),
        Signature("CWS", .flash),
        Signature("ZWS", .flash),
        Signature([0x00, 0x61, 0x73, 0x6D], .webAssembly),
        Signature([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], .png),
        Signature([0xFF, 0xD8, 0xFF], .jpeg),
        Signature("GIF87a", .gif),
        Signature("GIF89a", .gif),
        Signature([0x49, 0x49, 0x2A, 0x00], .tiff),
        Signature([0x4D, 0x4D, 0x00, 0x2A], .tiff),
        Signature("WEBP", at: 8, .webp),
        Signature("WAVE", at: 8, .wave),
        Signature("AVI ", at: 8, .avi),
        Signature("ID3", .mp3),
        Signature(
            [0x30, 0x26, 0xB2, 0x75, 0x8E, 0x66, 0xCF, 0x11, 0xA6, 0xD9, 0x00, 0xAA, 0x00, 0x62, 0xCE, 0x6C],
            .advancedStream),
        Signature("OggS", .ogg),
        Signature("fLaC", .flac),
        Signature([0x1A, 0x45, 0xDF, 0xA3], .matroska),
        Signature("wOFF", .woff),
        Signature("wOF2", .woff),
        Signature("%!PS", .postScript),
        Signature("<?xml", .xml),
        Signature("-----BEGIN PGP MESSAGE-----", .openPGP),
        Signature("SQLite format 3\0", .sqlite),
    ]
}
