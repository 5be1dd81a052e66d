internal import Bytes
internal import Members

/// Windows shortcuts ([MS-SHLLINK]): what is started, with which arguments, and what stands behind the shortcut.
enum ShellLink {
    private static let header: [UInt8] = [
        0x4C, 0, 0, 0, 1, 0x14, 2, 0, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0x46,
    ]

    static func matches(_ bytes: Span<UInt8>) -> Bool { bytes.hasBytes(header.span, at: 0) }

    static func read(_ bytes: Span<UInt8>, _ extraction: Extraction) {
        guard let flags = bytes.little32(20) else {
            extraction.problem(.corrupt, "shortcut is cut off")
            return
        }
        func has(_ bit: Int) -> Bool { flags >> bit & 1 == 1 }
        var at = 76
        // LinkTargetIDList: only its texts are of use (section 2.2).
        if has(0), let size = bytes.little16(at) { at += 2 + size }
        if has(1), let size = bytes.little32(at) {
            linkInformation(bytes.extracting(bytes.range(at, size)), extraction)
            at += max(4, size)
        }
        // Name, relative path, working directory, arguments, icon: each with its count of characters (section 2.4).
        for bit in 2...6 where has(bit) {
            guard let count = bytes.little16(at) else { break }
            let isWide = has(7)
            let text = bytes.range(at + 2, isWide ? count * 2 : count)
            // Programs see all of it; what is shown is its beginning. So a long text is handed on as a whole.
            if bit == 3 { tell(.shortcutTarget, bytes.extracting(text), isWide, extraction) }
            if bit == 5 { tell(.shortcutArguments, bytes.extracting(text), isWide, extraction) }
            at += 2 + (isWide ? count * 2 : count)
        }
        at = extraData(bytes, at, extraction)
        // Behind the last block stands nothing, unless something is carried.
        if at < bytes.count { extraction.member(.file, range: at..<bytes.count) }
    }

    private static func tell(
        _ kind: DocumentFact.Kind, _ text: Span<UInt8>, _ isWide: Bool, _ extraction: Extraction
    ) {
        let most = 65_536
        let plain = isWide ? Names.utf16(text, limit: most) : Names.ansi(text, limit: most)
        guard !plain.isEmpty else { return }
        extraction.fact(kind, plain)
        // Scripts stand in arguments.
        if kind == .shortcutArguments, isWide { extraction.member(.script, plain.span) }
    }

    /// Local base path and network name (section 2.3).
    private static func linkInformation(_ bytes: Span<UInt8>, _ extraction: Extraction) {
        guard let headerSize = bytes.little32(4), let flags = bytes.little32(8) else { return }
        func text(_ place: Int, isWide: Bool) -> [UInt8] {
            guard let offset = bytes.little32(place), offset > 0, offset < bytes.count else { return [] }
            let rest = bytes.extracting(offset..<bytes.count)
            return isWide ? Names.utf16(rest) : Names.ansi(rest)
        }
        if flags & 1 == 1 {
            let path = headerSize >= 0x24 ? text(28, isWide: true) : text(16, isWide: false)
            extraction.fact(.shortcutTarget, path.isEmpty ? text(16, isWide: false) : path)
        }
        if flags & 2 == 2, let offset = bytes.little32(20), let name = bytes.little32(offset + 8) {
            let start = offset + name
            if start > 0, start < bytes.count {
                extraction.fact(.shortcutTarget, Names.ansi(bytes.extracting(start..<bytes.count)))
            }
        }
    }

    /// Blocks with their size before them, up to one smaller than 4 (section 2.5); gives the place behind.
    private static func extraData(_ bytes: Span<UInt8>, _ start: Int, _ extraction: Extraction) -> Int {
        var at = start
        while let size = bytes.little32(at), extraction.countItem() {
            guard size >= 4 else { return at + 4 }
            // EnvironmentVariableDataBlock: the target in both encodings.
            if bytes.little32(at + 4) == 0xA000_0001 {
                let block = bytes.extracting(bytes.range(at, size))
                let wide = Names.utf16(block.extracting(block.range(268, 520)))
                let narrow = Names.ansi(block.extracting(block.range(8, 260)))
                extraction.fact(.shortcutTarget, wide.isEmpty ? narrow : wide)
            }
            at += size
        }
        return min(at, bytes.count)
    }
}
