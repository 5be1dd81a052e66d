internal import Bytes
internal import Members

/// Finds the files within OneNote sections ([MS-ONESTORE]): each stands whole behind the identifier of a
/// FileDataStoreObject (section 2.6.13), whatever the tables of the section say, or in a package (`OneNotePackage`).
enum OneNoteReader {
    /// Sections and tables of contents (section 2.3.1).
    private static let headers: [[UInt8]] = [
        [0xE4, 0x52, 0x5C, 0x7B, 0x8C, 0xD8, 0xA7, 0x4D, 0xAE, 0xB1, 0x53, 0x78, 0xD0, 0x29, 0x96, 0xD3],
        [0xA1, 0x2F, 0xFF, 0x43, 0xD9, 0xEF, 0x76, 0x4C, 0x9E, 0xE2, 0x10, 0xEA, 0x57, 0x22, 0x76, 0x5F],
    ]
    /// {BDE316E7-2665-4511-A4C4-8D4D0B7A9EAC}
    private static let fileData: [UInt8] = [
        0xE7, 0x16, 0xE3, 0xBD, 0x65, 0x26, 0x11, 0x45, 0xA4, 0xC4, 0x8D, 0x4D, 0x0B, 0x7A, 0x9E, 0xAC,
    ]

    static func matches(_ bytes: Span<UInt8>) -> Bool {
        headers.contains { bytes.hasBytes($0.span, at: 0) }
    }

    static func read(_ bytes: Span<UInt8>, _ extraction: Extraction) {
        let names = names(bytes, extraction)
        var hasFile = false
        var goesOn = true
        func add(_ data: Range<Int>) -> Bool {
            hasFile = true
            goesOn = extraction.member(.file, names: Array(names.prefix(mostNamesOfFile)), range: data)
            return goesOn
        }
        if OneNotePackage.read(bytes, add) == nil, goesOn {
            if OneNotePackage.isHere(bytes) {
                extraction.problem(.unsupported, "OneNote section in a package that is not understood")
            }
            forEachFile(bytes, extraction, add)
        }
        // Those that no file has.
        for name in hasFile ? names.dropFirst(mostNamesOfFile) : names[...] {
            guard extraction.member(.file, names: [name], range: 0..<0) else { return }
        }
    }

    /// - Parameter use: takes where a file stands; false ends it.
    private static func forEachFile(_ bytes: Span<UInt8>, _ extraction: Extraction, _ use: (Range<Int>) -> Bool) {
        var from = 0
        var octetsLeft = bytes.count
        while let place = bytes.firstIndex(of: fileData.span, from: from), extraction.countItem() {
            from = place + 16
            guard let size = bytes.little64(place + 16) else { continue }
            // Length, 4 unused octets and 8 reserved ones stand before the data.
            let data = bytes.range(place + 36, size)
            if data.count < size { extraction.problem(.corrupt, "embedded file of the section is cut off") }
            octetsLeft -= data.count
            // A file within a file is met again when the outer one is read.
            guard octetsLeft >= 0 else { return extraction.stop(.embeddedFiles) }
            guard use(data) else { return }
        }
    }

    /// Names that one file has as candidates.
    private static let mostNamesOfFile = 8

    /// Names stand as UTF-16 with their length before them. A section ties them to files by tables that readers take in
    /// different ways when they lie, so each may be the name of each file.
    private static func names(_ bytes: Span<UInt8>, _ extraction: Extraction) -> [[UInt8]] {
        var found: Set<[UInt8]> = []
        var names: [[UInt8]] = []
        var from = 0
        // Every name that matters has a dot and an extension.
        while let dot = bytes.firstIndex(of: ".\0", from: from), extraction.countItem() {
            from = dot + 2
            guard let name = name(bytes, around: dot), found.insert(name).inserted else { continue }
            names.append(name)
        }
        return names
    }

    private static let longestName = 260

    /// The text around a dot, when a length that fits stands before it.
    private static func name(_ bytes: Span<UInt8>, around dot: Int) -> [UInt8]? {
        var start = dot
        while start >= 2, dot - start < longestName * 2, let unit = bytes.little16(start - 2), unit >= 0x20 {
            start -= 2
            // The length counts octets, with or without the NUL at the end.
            guard let length = bytes.little32(start - 4), length > dot - start, length <= longestName * 2 else {
                continue
            }
            let text = Names.utf16(bytes.extracting(bytes.range(start, length)))
            if isName(text, octets: length) { return text }
        }
        return nil
    }

    private static func isName(_ text: [UInt8], octets: Int) -> Bool {
        guard let dot = text.lastIndex(of: UInt8(ascii: ".")), (1...10).contains(text.count - dot - 1),
            text[(dot + 1)...].allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20) }),
            !text.contains(where: { $0 < 0x20 })
        else { return false }
        let units = String(decoding: text, as: UTF8.self).utf16.count
        return units * 2 == octets || units * 2 + 2 == octets
    }
}
