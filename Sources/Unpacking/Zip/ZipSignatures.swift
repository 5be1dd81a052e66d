internal import Bytes

/// Where zip archives show themselves (APPNOTE.TXT section 4.3).
enum ZipSignatures {
    static let localHeader: [UInt8] = [0x50, 0x4B, 0x03, 0x04]
    static let centralHeader: [UInt8] = [0x50, 0x4B, 0x01, 0x02]
    static let endOfDirectory: [UInt8] = [0x50, 0x4B, 0x05, 0x06]
    static let zip64End: [UInt8] = [0x50, 0x4B, 0x06, 0x06]
    static let zip64Locator: [UInt8] = [0x50, 0x4B, 0x06, 0x07]
    /// Behind the central headers.
    static let digitalSignature: [UInt8] = [0x50, 0x4B, 0x05, 0x05]
    /// In front of a data descriptor; at the start of an archive the mark of one that is split.
    static let descriptor: [UInt8] = [0x50, 0x4B, 0x07, 0x08]

    /// The content is a zip archive from its first octet on.
    static func beginsWithZip(_ content: Span<UInt8>) -> Bool {
        if content.hasBytes(localHeader, at: 0) || content.hasBytes(endOfDirectory, at: 0) { return true }
        let isSplit =
            content.hasBytes(descriptor, at: 0) || content.hasBytes([0x50, 0x4B, 0x30, 0x30], at: 0)
        return isSplit && isLocalHeader(content, at: 4)
    }

    /// The first plausible local header at or after an offset.
    static func firstLocalHeader(_ content: Span<UInt8>, from start: Int, to limit: Int = .max) -> Int? {
        var from = start
        let end = limit > content.count - 4 ? content.count : limit + 4
        while let found = content.firstIndex(of: localHeader, from: from, to: end), found < limit {
            if isLocalHeader(content, at: found) { return found }
            from = found + 1
        }
        return nil
    }

    /// The first member of an archive that stands behind other content and has no directory that leads to it. Only programs
    /// that go by the headers alone find such: 7-Zip wants more than zeros in one, and no NUL in the name but at its end. Files
    /// that know of zip have the mark among numbers of theirs.
    static func firstOfArchive(_ content: Span<UInt8>) -> Int? {
        var from = 1
        while let header = firstLocalHeader(content, from: from) {
            if hasFields(content, at: header) { return header }
            from = header + 1
        }
        return nil
    }

    /// A local header whose fields make sense: a version of today, a method that exists, a name that fits.
    static func isLocalHeader(_ content: Span<UInt8>, at offset: Int) -> Bool {
        guard content.hasBytes(localHeader, at: offset), let version = content.littleEndian16(at: offset + 4),
            let method = content.littleEndian16(at: offset + 8), let name = content.littleEndian16(at: offset + 26),
            let extra = content.littleEndian16(at: offset + 28)
        else { return false }
        guard version & 0xFF < 100, method < 100, offset + fixed + Int(name) + Int(extra) <= content.count else {
            return false
        }
        guard isInProgram(content) else { return true }
        // Behind constants stands code: no system that made the archive, and no name.
        return version >> 8 <= lastSystem && name > 0 && hasFields(content, at: offset)
    }

    /// Octets of a local header in front of its name.
    private static let fixed = 30
    /// The highest number of a system that an archive was made on (section 4.4.2): OS X is 19, and some follow.
    private static let lastSystem = 30

    /// Something else than zeros in a local header, and a name that no NUL is within.
    private static func hasFields(_ content: Span<UInt8>, at offset: Int) -> Bool {
        guard let length = content.littleEndian16(at: offset + 26),
            (offset + 4..<offset + fixed).contains(where: { content[$0] != 0 })
        else { return false }
        let name = content.extracting(content.clamped(offset + fixed, Int(length)))
        return name.firstIndex(of: 0).map { $0 == name.count - 1 } ?? true
    }

    /// Programs that unpack have the marks among their constants.
    static func isInProgram(_ content: Span<UInt8>) -> Bool {
        StructureChecks.isMZ(content) || content.hasBytes([0x7F, 0x45, 0x4C, 0x46], at: 0)
    }
}
