internal import Bytes
internal import MIME

/// File names and other short texts in documents, as UTF-8.
enum Names {
    /// UTF-16 little endian, up to the first NUL.
    static func utf16(_ bytes: Span<UInt8>, limit: Int = 1_024) -> [UInt8] {
        text(bytes, .utf16LE, limit)
    }

    /// UTF-16 big endian, up to the first NUL.
    static func utf16Big(_ bytes: Span<UInt8>, limit: Int = 1_024) -> [UInt8] {
        text(bytes, .utf16BE, limit)
    }

    /// Eight-bit text up to the first NUL: in the Windows code page where one is stated, else what it looks like.
    static func ansi(_ bytes: Span<UInt8>, codePage: Int? = nil, limit: Int = 1_024) -> [UInt8] {
        let end = bytes.firstIndex(of: 0) ?? bytes.count
        var name: [UInt8] = []
        let label = codePage.flatMap { $0 == 65_001 ? Array("utf-8".utf8) : Array("cp\($0)".utf8) }
        _ = Charsets.decode(bytes.extracting(0..<end), label: label, into: &name, limit: limit)
        return name
    }

    /// Without extensions that stand by themselves, where one of the other names has them.
    static func withoutExtensions(_ names: [[UInt8]]) -> [[UInt8]] {
        names.filter { name in
            let isExtension = name.first == UInt8(ascii: ".")
            return !isExtension || !names.contains { $0.count > name.count && endsAlike($0, name) }
        }
    }

    private static func endsAlike(_ name: [UInt8], _ ending: [UInt8]) -> Bool {
        name.suffix(ending.count).map(asciiLower) == ending.map(asciiLower)
    }

    private static func text(_ bytes: Span<UInt8>, _ coding: CharsetCoding, _ limit: Int) -> [UInt8] {
        var name: [UInt8] = []
        // One unit more than the limit can need; names are short, claims of their length are not.
        let most = Swift.min(bytes.count, limit * 2 + 2) & ~1
        _ = Charsets.decode(bytes.extracting(0..<most), as: coding, into: &name, limit: limit)
        if let end = name.firstIndex(of: 0) { name.removeSubrange(end...) }
        return name
    }
}
