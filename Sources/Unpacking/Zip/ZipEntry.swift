internal import Bytes

/// One member as a header of a zip archive describes it. Nothing in it is believed.
struct ZipEntry {
    /// General purpose bit flags (APPNOTE.TXT section 4.4.4).
    var flags: UInt16 = 0
    var method: UInt16 = 0
    var time: UInt16 = 0
    var checksum: UInt32 = 0
    /// Octets in the archive.
    var compressedSize = 0
    /// Octets when decompressed.
    var size = 0
    var name = 0..<0
    var extra = 0..<0
    /// Of a central header.
    var comment = 0..<0
    /// Where its local header is said to be, from the start of the content; -1 when outside.
    var localHeader = -1
    /// File attributes in the manner of the system that made it.
    var attributes: UInt32 = 0
    var madeBy: UInt16 = 0
    private let isCentral: Bool

    var isEncrypted: Bool { flags & 1 != 0 }
    /// Sizes and checksum stand behind the data.
    var hasDescriptor: Bool { flags & 8 != 0 }
    /// Its name is UTF-8; in code page 437 otherwise (appendix D).
    var hasUTF8Name: Bool { flags & 0x800 != 0 }
    /// The checksum stands in this header.
    var hasChecksum: Bool { isCentral || !hasDescriptor }
    /// The directory or this header is encrypted too (section 7).
    var isStronglyEncrypted: Bool { flags & 0x2040 != 0 }

    /// Reads a central header.
    init?(central content: Span<UInt8>, at offset: Int) {
        guard content.hasBytes(ZipSignatures.centralHeader, at: offset), offset <= content.count - 46,
            let madeBy = content.littleEndian16(at: offset + 4),
            let nameLength = content.littleEndian16(at: offset + 28),
            let extraLength = content.littleEndian16(at: offset + 30),
            let commentLength = content.littleEndian16(at: offset + 32),
            let attributes = content.littleEndian32(at: offset + 38),
            let header = content.littleEndian32(at: offset + 42)
        else { return nil }
        isCentral = true
        readCommon(content, at: offset + 8)
        name = content.clamped(offset + 46, Int(nameLength))
        extra = content.clamped(offset + 46 + Int(nameLength), Int(extraLength))
        comment = content.clamped(extra.upperBound, Int(commentLength))
        localHeader = Int(header)
        self.madeBy = madeBy
        self.attributes = attributes
        readZip64(content, hasOffset: true)
    }

    /// Reads a local header.
    init?(local content: Span<UInt8>, at offset: Int) {
        guard content.hasBytes(ZipSignatures.localHeader, at: offset), offset <= content.count - 30,
            let nameLength = content.littleEndian16(at: offset + 26),
            let extraLength = content.littleEndian16(at: offset + 28)
        else { return nil }
        isCentral = false
        readCommon(content, at: offset + 6)
        name = content.clamped(offset + 30, Int(nameLength))
        extra = content.clamped(offset + 30 + Int(nameLength), Int(extraLength))
        localHeader = offset
        readZip64(content, hasOffset: false)
    }

    /// The fields that both kinds of header have in the same order, from the flags on.
    private mutating func readCommon(_ content: Span<UInt8>, at offset: Int) {
        flags = content.littleEndian16(at: offset) ?? 0
        method = content.littleEndian16(at: offset + 2) ?? 0
        time = content.littleEndian16(at: offset + 4) ?? 0
        checksum = content.littleEndian32(at: offset + 8) ?? 0
        compressedSize = Int(content.littleEndian32(at: offset + 12) ?? 0)
        size = Int(content.littleEndian32(at: offset + 16) ?? 0)
    }

    /// The zip64 extended information (section 4.5.3): the fields that do not fit, in a fixed order.
    private mutating func readZip64(_ content: Span<UInt8>, hasOffset: Bool) {
        guard let field = Self.extraField(1, in: content, extra) else { return }
        var position = field.lowerBound
        func next() -> Int? {
            guard position + 8 <= field.upperBound, let value = content.littleEndian64(at: position) else { return nil }
            position += 8
            return Int(clamping: value)
        }
        if size == Int(UInt32.max), let value = next() { size = value }
        if compressedSize == Int(UInt32.max), let value = next() { compressedSize = value }
        if hasOffset, localHeader == Int(UInt32.max), let value = next() { localHeader = value }
    }

    /// The content of the extra field with an identifier (section 4.5).
    static func extraField(_ identifier: UInt16, in content: Span<UInt8>, _ extra: Range<Int>) -> Range<Int>? {
        var position = extra.lowerBound
        while position + 4 <= extra.upperBound, let found = content.littleEndian16(at: position),
            let length = content.littleEndian16(at: position + 2)
        {
            let start = position + 4
            let end = min(start + Int(length), extra.upperBound)
            if found == identifier { return start..<end }
            position = end
        }
        return nil
    }

    /// Where the data begins behind this local header.
    var dataStart: Int { extra.upperBound }

    /// The names that this header gives: its own, and that of the Unicode path field (section 4.6.9).
    func names(_ content: Span<UInt8>) -> [[UInt8]] {
        var out = [content.extracting(name).array]
        if let field = Self.extraField(0x7075, in: content, extra), field.count > 5 {
            out.append(content.extracting(field.lowerBound + 5..<field.upperBound).array)
        }
        return out
    }

    /// The file type bits of a Unix mode, where a Unix system made the archive.
    var unixType: UInt32 { madeBy >> 8 == 3 || madeBy >> 8 == 19 ? attributes >> 16 & 0o170000 : 0 }
}
