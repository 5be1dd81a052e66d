internal import Bytes

/// Where a linked object comes from: the monikers in a stream `\1Ole` ([MS-OLEDS] 2.3.3), found by their class identifiers.
enum OLELink {
    /// {79EAC9E0-BAF9-11CE-8C82-00AA004BA90B}: length, then the address in UTF-16.
    private static let address: [UInt8] = [
        0xE0, 0xC9, 0xEA, 0x79, 0xF9, 0xBA, 0xCE, 0x11, 0x8C, 0x82, 0x00, 0xAA, 0x00, 0x4B, 0xA9, 0x0B,
    ]
    /// {00000303-0000-0000-C000-000000000046}: count of parents, length, then the path in 8-bit text.
    private static let file: [UInt8] = [3, 3, 0, 0, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0x46]

    static func read(_ stream: Span<UInt8>, _ extraction: Extraction) {
        var from = 0
        while let place = stream.firstIndex(of: address.span, from: from), extraction.countItem() {
            from = place + 16
            guard let size = stream.little32(from) else { return }
            extraction.fact(.externalObject, Names.utf16(stream.extracting(stream.range(from + 4, size))))
        }
        from = 0
        while let place = stream.firstIndex(of: file.span, from: from), extraction.countItem() {
            from = place + 16
            guard let size = stream.little32(from + 2) else { return }
            extraction.fact(.externalObject, Names.ansi(stream.extracting(stream.range(from + 6, size))))
        }
    }
}
