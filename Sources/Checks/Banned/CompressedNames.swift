/// What a single compressed file is called once it has been unpacked: programs such as gzip(1), 7-Zip and file managers leave
/// out the extension of the archive, and the file within often has no name of its own.
package enum CompressedNames {
    /// Short types of content that holds one file.
    private static let types: Set<String> = [
        "gz", "bz2", "xz", "lzma", "zst", "lz4", "lz", "lzo", "lrz", "grz", "Z", "freeze", "pack", "pmd", "br",
    ]

    /// Extensions, and what stands in their place afterwards.
    private static let endings: [(ending: String, replacement: String)] = [
        ("gz", ""), ("gzip", ""), ("z", ""), ("bz2", ""), ("bz", ""), ("bzip2", ""), ("xz", ""), ("lzma", ""),
        ("zst", ""), ("zstd", ""), ("lz4", ""), ("lz", ""), ("lzip", ""), ("lzo", ""), ("lrz", ""), ("br", ""),
        ("tgz", ".tar"), ("taz", ".tar"), ("tbz", ".tar"), ("tbz2", ".tar"), ("txz", ".tar"), ("tlz", ".tar"),
        ("tzst", ".tar"), ("svgz", ".svg"),
    ]

    /// Names of the file in a container; none unless the container holds a single compressed file.
    /// - Parameters:
    ///   - types: short types of the container.
    ///   - names: all names of the container.
    package static func inside(types: [String], names: [String]) -> [String] {
        guard types.contains(where: Self.types.contains) else { return [] }
        var out: [String] = []
        for form in names.flatMap(ShownNames.forms) {
            let bytes = Array(form.utf8)
            guard let dot = bytes.lastIndex(of: 0x2E), dot > 0 else { continue }
            let ending = bytes[(dot + 1)...].map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }
            guard let found = endings.first(where: { $0.ending.utf8.elementsEqual(ending) }) else { continue }
            let name = String(decoding: bytes[..<dot], as: UTF8.self) + found.replacement
            if !out.contains(name) { out.append(name) }
        }
        return out
    }
}
