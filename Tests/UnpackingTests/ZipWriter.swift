import Compression

/// Writes zip archives, honest ones and others: every field can be wrong.
struct ZipWriter {
    struct Entry {
        var name: String
        var content: [UInt8]
        /// Name in the central directory, where it is another.
        var centralName: String?
        var method = 0
        var flags = 0
        var localFlags: Int?
        /// What is stored, where it is not the content.
        var data: [UInt8]?
        var checksum: UInt32?
        var size: Int?
        var compressedSize: Int?
        var isListed = true
        var comment: [UInt8] = []
        var extra: [UInt8] = []
        var localExtra: [UInt8] = []
        /// Where the directory says that the local header is.
        var offset: Int?

        init(_ name: String, _ content: [UInt8]) {
            self.name = name
            self.content = content
        }
    }

    var entries: [Entry] = []
    var prefix: [UInt8] = []
    var suffix: [UInt8] = []
    var comment: [UInt8] = []
    /// Offsets count from the start of the file, prefix included.
    var offsetsIncludePrefix = false

    func archive() -> [UInt8] {
        var out = prefix
        var central: [UInt8] = []
        let base = offsetsIncludePrefix ? 0 : prefix.count
        for entry in entries {
            let start = out.count - base
            let data = entry.data ?? entry.content
            let sum = entry.checksum ?? entry.content.withChecksum
            func common(_ flags: Int) -> [UInt8] {
                octets(flags, 2) + octets(entry.method, 2) + octets(0x5821_0000, 4) + octets(Int(sum), 4)
                    + octets(entry.compressedSize ?? data.count, 4) + octets(entry.size ?? entry.content.count, 4)
            }
            let name = Array(entry.name.utf8)
            out +=
                [0x50, 0x4B, 3, 4, 20, 0] + common(entry.localFlags ?? entry.flags) + octets(name.count, 2)
            out += octets(entry.localExtra.count, 2) + name + entry.localExtra + data
            guard entry.isListed else { continue }
            let listed = Array((entry.centralName ?? entry.name).utf8)
            central += [0x50, 0x4B, 1, 2, 20, 3, 20, 0] + common(entry.flags) + octets(listed.count, 2)
            central += octets(entry.extra.count, 2) + octets(entry.comment.count, 2) + octets(0, 8)
            central += octets(entry.offset ?? start, 4) + listed + entry.extra + entry.comment
        }
        let start = out.count - base
        out += central
        let count = entries.count { $0.isListed }
        out += [0x50, 0x4B, 5, 6, 0, 0, 0, 0] + octets(count, 2) + octets(count, 2) + octets(central.count, 4)
        out += octets(start, 4) + octets(comment.count, 2) + comment
        return out + suffix
    }
}

extension [UInt8] {
    var withChecksum: UInt32 { crc32(span) }
}

/// One honest archive.
func zip(_ entries: [(String, [UInt8])]) -> [UInt8] {
    ZipWriter(entries: entries.map { ZipWriter.Entry($0.0, $0.1) }).archive()
}
