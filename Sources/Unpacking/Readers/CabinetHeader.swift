internal import Bytes

/// The header of a cabinet (MS-CAB section 2.1). Programs go by its mark and by what leads to the first file: reserved fields,
/// the version and the size of the whole are what they are.
enum CabinetHeader {
    private static let fixed = 36
    private static let folder = 8
    /// Octets of a file's entry in front of its name.
    private static let entry = 16
    /// Octets of a name with its NUL, of a file or another cabinet.
    private static let longestName = 256
    /// Files that are looked at, where all of them have to be such.
    private static let mostFiles = 256
    /// Folders that are looked at for one whose content may lie in the cabinet.
    private static let mostFolders = 256

    private static let mark: StaticString = "MSCF"

    /// A cabinet begins the content, maybe a damaged one.
    static func isHere(_ content: Span<UInt8>) -> Bool { isUsual(content) || leadsToFile(content) }

    /// One that programs look for behind other content: they want it to say that there is more than a header, that the files are
    /// within it, of all of them that they are in a folder and have a name, and that some folder of theirs is there; those that are
    /// content with any reserved field decode its first block. Words and code of programs that read such have the mark among them.
    static func isBehindOthers(_ content: Span<UInt8>) -> Bool {
        guard let size = content.littleEndian32(at: 8).map({ Int($0) }), size >= fixed,
            let files = content.littleEndian32(at: 16).map({ Int($0) })
        else { return false }
        let isUsual = isUsual(content)
        if size <= content.count, isUsual { return true }
        guard files < min(size, content.count), let first = firstFolder(content),
            let folders = content.littleEndian16(at: 26).map({ Int($0) }),
            let count = content.littleEndian16(at: 28).map({ min(Int($0), mostFiles) })
        else { return false }
        return leadsToFile(content)
            && [files, first.place + folders * first.size].contains { start in
                guard let used = foldersOfFiles(content, at: start, count, folders: folders) else { return false }
                return used.contains {
                    guard isUsual else { return hasBlock(content, first, $0, folders) }
                    return $0 >= folders || liesHere(content, first.place + $0 * first.size)
                }
            }
    }

    /// Nothing in the reserved field, a place of the files that makes sense, a version up to 3.
    private static func isUsual(_ content: Span<UInt8>) -> Bool {
        guard content.hasBytes(mark, at: 0), content.count >= fixed, let reserved = content.littleEndian32(at: 4),
            let files = content.littleEndian32(at: 16)
        else { return false }
        return reserved == 0 && fixed..<1 << 24 ~= Int(files) && content[25] <= 3
    }

    /// There are folders, one of which lies in the cabinet, and the first file is in one of them and has a name. Text has no
    /// octets of numbers.
    private static func leadsToFile(_ content: Span<UInt8>) -> Bool {
        guard content.hasBytes(mark, at: 0), let folders = content.littleEndian16(at: 26).map({ Int($0) }),
            let files = content.littleEndian32(at: 16), let first = firstFolder(content), folders > 0,
            content.littleEndian16(at: 28) ?? 0 > 0
        else { return false }
        let behind = first.place + folders * first.size
        // Some programs go by the place that is stated, others read on.
        guard [Int(files), behind].contains(where: { isFile(content, at: $0, folders: folders) }) else {
            return false
        }
        return (0..<min(folders, mostFolders)).contains { liesHere(content, first.place + $0 * first.size) }
    }

    /// The folder at a place has its data in the cabinet, compressed in one of the ways that there are.
    private static func liesHere(_ content: Span<UInt8>, _ place: Int) -> Bool {
        guard let data = content.littleEndian32(at: place), let method = content.littleEndian16(at: place + 6) else {
            return false
        }
        return fixed..<content.count ~= Int(data) && method & 0x0F <= 3
    }

    /// Octets of a block's header in front of what is reserved, of its content, and of its data.
    private static let block = 8
    private static let mostContent = 32_768
    private static let mostData = mostContent + 6_144
    /// Folders of files that go on from the cabinet before, or from there to the next one; and to the next one.
    private static let continued: [Int] = [0xFFFD, 0xFFFF]

    /// The data of a file's folder begins with a block (section 2.4): stored as it is, with the mark of MSZIP, or with the
    /// right checksum.
    private static func hasBlock(
        _ content: Span<UInt8>, _ first: (place: Int, size: Int), _ folder: Int, _ folders: Int
    ) -> Bool {
        let index = folder < folders ? folder : continued.contains(folder) ? 0 : folders - 1
        let place = first.place + index * first.size
        guard liesHere(content, place), let start = content.littleEndian32(at: place).map({ Int($0) }),
            let flags = content.littleEndian16(at: 30), let method = content.littleEndian16(at: place + 6),
            let stated = content.littleEndian32(at: start), let count = content.littleEndian16(at: start + 4),
            let size = content.littleEndian16(at: start + 6), 1...mostData ~= Int(count), size <= mostContent
        else { return false }
        let data = start + block + (flags & 4 != 0 ? Int(content[fixed + 3]) : 0)
        switch method & 0x0F {
        case 0: return size == count || size == 0
        case 1: return content.hasBytes("CK", at: data)
        default:
            guard data + Int(count) <= content.count else { return false }
            let sizes = UInt32(count) | UInt32(size) << 16
            return stated == 0 || stated == checksum(content.extracting(data..<data + Int(count))) ^ sizes
        }
    }

    /// The exclusive or of all words, of which the last has its octets in the other order where it is cut (section 3.1).
    private static func checksum(_ octets: Span<UInt8>) -> UInt32 {
        var sum: UInt32 = 0
        var at = 0
        while let word = octets.littleEndian32(at: at) {
            sum ^= word
            at += 4
        }
        var rest: UInt32 = 0
        while at < octets.count {
            rest = rest << 8 | UInt32(octets[at])
            at += 1
        }
        return sum ^ rest
    }

    /// Where the first folder stands, behind what the flags announce, and octets of each.
    private static func firstFolder(_ content: Span<UInt8>) -> (place: Int, size: Int)? {
        guard let flags = content.littleEndian16(at: 30) else { return nil }
        var place = fixed
        var size = folder
        if flags & 4 != 0 {
            guard let reserved = content.littleEndian16(at: fixed), fixed + 4 <= content.count else { return nil }
            place += 4 + Int(reserved)
            size += Int(content[fixed + 2])
        }
        // Names of the cabinet before and of its disk, and of the next.
        for _ in 0..<2 * Int(flags & 1 + flags >> 1 & 1) {
            guard let end = content.extracting(content.clamped(place, longestName)).firstIndex(of: 0) else {
                return nil
            }
            place += end + 1
        }
        return (place, size)
    }

    private static func isFile(_ content: Span<UInt8>, at place: Int, folders: Int) -> Bool {
        guard foldersOfFiles(content, at: place, 1, folders: folders) != nil else { return false }
        return !content.extracting(4..<fixed).hasOnlyControlsOfText
            || !content.extracting(place..<place + entry).hasOnlyControlsOfText
    }

    /// The folders of some files, from a place on; nil where one of them has no name, or none of the folders.
    private static func foldersOfFiles(
        _ content: Span<UInt8>, at start: Int, _ count: Int, folders: Int
    ) -> [Int]? {
        var found: [Int] = []
        var place = start
        for _ in 0..<count {
            let name = content.extracting(content.clamped(place + entry, longestName))
            guard place >= fixed, let folder = content.littleEndian16(at: place + 8).map({ Int($0) }),
                let end = name.firstIndex(of: 0), end > 0
            else { return nil }
            // The last three go on in other cabinets.
            guard folder < folders || folder >= 0xFFFD else { return nil }
            found.append(folder)
            place += entry + end + 1
        }
        return found
    }
}
