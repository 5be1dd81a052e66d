internal import Bytes
internal import Members

/// The trees of an ISO 9660 image (ECMA-119): of the primary descriptor, and of each supplementary one (Joliet). libarchive
/// reads one of them, with the names of Rock Ridge where it has them, and programs choose differently: what stands in one
/// only, names of another kind than those that libarchive gives, and the image that the machine starts from (El Torito) are
/// handed out here.
struct ISOTrees {
    /// Directory records of one image that are looked at.
    static let mostRecords = 65_536
    /// Directories.
    static let mostDirectories = 4096
    /// Octets of one path, and of the paths of all trees: deep trees of long names would take memory by the square.
    static let longestPath = 4096
    static let pathOctets = 16_777_216
    private static let sector = 2048

    /// A file of one tree.
    private struct File: Hashable {
        var start: Int
        var length: Int
    }

    private let sink: any MemberSink
    private var recordsLeft = Self.mostRecords
    private var pathOctetsLeft = Self.pathOctets
    private var limitReached = false

    /// Hands out what is not in every tree.
    /// - Parameter names: what libarchive gave.
    static func read(_ content: Span<UInt8>, names: Set<[UInt8]>, into sink: any MemberSink) {
        var trees = ISOTrees(sink: sink)
        trees.read(content, Set(names.map(fileExtension)))
    }

    private init(sink: any MemberSink) {
        self.sink = sink
    }

    /// - Parameter extensions: those that members have so far.
    private mutating func read(_ content: Span<UInt8>, _ extensions: Set<[UInt8]>) {
        var found: [[File: [UInt8]]] = []
        var boot: Int?
        for number in 16..<32 {
            let start = number * Self.sector
            guard content.hasBytes("CD001", at: start + 1), start + Self.sector <= content.count else { continue }
            switch content[start] {
            case 0 where content.hasBytes("EL TORITO SPECIFICATION", at: start + 7):
                boot = content.littleEndian32(at: start + 71).map { Int($0) * Self.sector }
            case 1, 2: found.append(files(content, root: start + 156, isWide: content.hasBytes("%/", at: start + 88)))
            default: break
            }
        }
        if limitReached { sink.report(.imageDirectories) }
        // A file with octets that another tree has too is the same one, under another name.
        var added: Set<File> = []
        for (number, tree) in found.enumerated() {
            for (file, name) in tree.sorted(by: { $0.key.start < $1.key.start }) {
                let isEverywhere = found.indices.allSatisfy { $0 == number || found[$0][file] != nil }
                guard !isEverywhere, added.insert(file).inserted else { continue }
                let member = Member(names: [name], role: "in one tree of the ISO image")
                guard sink.add(member, range: content.clamped(file.start, file.length)) else { return }
            }
        }
        if !added.isEmpty { sink.report(.note, "ISO image with trees that differ") }
        guard addNames(found.map { $0.filter { !added.contains($0.key) } }, extensions) else { return }
        if let boot { addBootImage(content, catalogue: boot, known: found) }
    }

    /// Names that the same files have in other trees. Each has one in the short form of DOS: only those say something new that
    /// end in an extension which no member has, as rules on names go by that. Returns false when the sink wants no more.
    private func addNames(_ trees: [[File: [UInt8]]], _ known: Set<[UInt8]>) -> Bool {
        var known = known
        for tree in trees {
            for name in tree.values.sorted(by: { $0.lexicographicallyPrecedes($1) })
            where known.insert(Self.fileExtension(name)).inserted {
                guard sink.add(Member(names: [name], role: "other name in the ISO image")) else { return false }
            }
        }
        return true
    }

    /// What stands behind the last dot, in lower case.
    private static func fileExtension(_ name: [UInt8]) -> [UInt8] {
        let last = name[((name.lastIndex(of: 0x2F) ?? -1) + 1)...]
        return last.lastIndex(of: 0x2E).map { last[($0 + 1)...].map(asciiLower) } ?? []
    }

    /// The initial entry of the boot catalogue ("El Torito", section 2.2).
    private func addBootImage(_ content: Span<UInt8>, catalogue: Int, known: [[File: [UInt8]]]) {
        let entry = catalogue + 32
        guard entry + 32 <= content.count, content[catalogue] == 1, let count = content.littleEndian16(at: entry + 6),
            let block = content.littleEndian32(at: entry + 8)
        else { return }
        let start = Int(block) * Self.sector
        guard !known.contains(where: { $0.keys.contains { $0.start == start } }) else { return }
        // Disks have the size of their kind; what is no disk says how many sectors of 512 octets are loaded.
        let size =
            switch content[entry + 1] & 0x0F {
            case 1: 1_228_800
            case 2: 1_474_560
            case 3: 2_949_120
            case 4: content.count
            default: Int(count) * 512
            }
        let range = content.clamped(start, size)
        if !range.isEmpty { _ = sink.add(Member(role: "boot image"), range: range) }
    }

    /// Files of one tree with their paths, by where they lie.
    private mutating func files(_ content: Span<UInt8>, root: Int, isWide: Bool) -> [File: [UInt8]] {
        var out: [File: [UInt8]] = [:]
        guard let block = content.littleEndian32(at: root + 2), let size = content.littleEndian32(at: root + 10) else {
            return out
        }
        var directories: [(range: Range<Int>, path: [UInt8])] = [
            (content.clamped(Int(block) * Self.sector, Int(size)), [])
        ]
        var seen: Set<Int> = [Int(block)]
        var next = 0
        while next < directories.count, sink.mayGoOn() {
            let (range, path) = directories[next]
            next += 1
            var place = range.lowerBound
            while place < range.upperBound {
                let length = Int(content[place])
                // Records do not cross sectors (section 6.8.1.1).
                guard length >= 34 else {
                    place = (place / Self.sector + 1) * Self.sector
                    continue
                }
                guard place + length <= range.upperBound else { break }
                guard recordsLeft > 0 else {
                    limitReached = true
                    return out
                }
                recordsLeft -= 1
                defer { place += length }
                guard let block = content.littleEndian32(at: place + 2),
                    let size = content.littleEndian32(at: place + 10)
                else { continue }
                let name = content.extracting(content.clamped(place + 33, min(Int(content[place + 32]), length - 33)))
                // The directory itself and the one above.
                if name.count == 1, name[0] <= 1 { continue }
                let full = path + (path.isEmpty ? [] : [0x2F]) + Self.readable(name, isWide: isWide)
                pathOctetsLeft -= full.count
                guard pathOctetsLeft >= 0 else {
                    limitReached = true
                    return out
                }
                if content[place + 25] & 2 != 0 {
                    guard seen.insert(Int(block)).inserted else { continue }
                    guard directories.count < Self.mostDirectories, full.count < Self.longestPath else {
                        limitReached = true
                        continue
                    }
                    directories.append((content.clamped(Int(block) * Self.sector, Int(size)), full))
                } else if size > 0 {
                    out[File(start: Int(block) * Self.sector, length: Int(size))] = full
                }
            }
        }
        return out
    }

    /// A name in UTF-8, without the version behind a semicolon.
    private static func readable(_ name: Span<UInt8>, isWide: Bool) -> [UInt8] {
        var out: [UInt8] = []
        if isWide {
            var units: [UInt16] = []
            for index in stride(from: 0, to: name.count - 1, by: 2) {
                units.append(UInt16(name[index]) << 8 | UInt16(name[index + 1]))
            }
            out = Array(String(decoding: units, as: UTF16.self).utf8)
        } else {
            out = name.array
        }
        if let version = out.lastIndex(of: 0x3B), version > 0 { out.removeSubrange(version...) }
        return out
    }
}
