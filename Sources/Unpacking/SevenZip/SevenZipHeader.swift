internal import Bytes

/// What the header of a 7z archive says (`7zFormat.txt` of the LZMA SDK). Every number in it is bounded by the header itself
/// or by a limit.
struct SevenZipHeader {
    /// Bounds of reading.
    enum Limits {
        static let files = 65_536
        static let folders = 65_536
        static let streams = 65_536
        /// Of one folder, and streams of all its coders, as 7-Zip has it.
        static let coders = 32
    }

    /// One file or directory.
    struct File {
        /// In UTF-8.
        var name: [UInt8] = []
        var hasStream = true
        var isDirectory = false
        var attributes: UInt32 = 0
    }

    /// A stream that a folder decodes to.
    struct Stream {
        var size: Int
        var checksum: UInt32?
    }

    /// Where the packed streams lie in the archive, in order.
    private(set) var packed: [Range<Int>] = []
    private(set) var folders: [SevenZipFolder] = []
    /// The streams of each folder.
    private(set) var streams: [[Stream]] = []
    private(set) var files: [File] = []
    /// It has a list of names, empty ones perhaps.
    private(set) var hasNames = false

    /// Octets in front of the packed streams.
    static let start = 32

    /// What a header begins with, encoded or not.
    static func begins(_ content: Span<UInt8>) -> Bool {
        content.count > 1 && [Property.header, Property.encodedHeader].contains(Int(content[0]))
    }

    /// Properties that a header is made of.
    enum Property {
        static let end = 0
        static let header = 1
        static let mainStreams = 4
        static let files = 5
        static let packInfo = 6
        static let unpackInfo = 7
        static let subStreams = 8
        static let size = 9
        static let checksum = 10
        static let folder = 11
        static let unpackSize = 12
        static let streamCounts = 13
        static let emptyStream = 14
        static let emptyFile = 15
        static let names = 17
        static let attributes = 21
        static let encodedHeader = 23
    }

    /// The header proper; nil when it is damaged or has a form that is not known here.
    init?(_ header: Span<UInt8>, archive: Int) {
        var reader = SevenZipNumbers(header.count)
        guard reader.byte(header) == Property.header else { return nil }
        var property = reader.number(header)
        // Archive properties: skipped.
        if property == 2 {
            while let kind = reader.number(header), kind != Property.end {
                guard let size = reader.number(header), reader.skip(size) else { return nil }
            }
            property = reader.number(header)
        }
        if property == Property.mainStreams {
            guard readStreams(header, &reader, archive) else { return nil }
            property = reader.number(header)
        }
        if property == Property.files {
            guard readFiles(header, &reader) else { return nil }
            property = reader.number(header)
        }
        guard property == Property.end else { return nil }
    }

    /// What an encoded header says of the streams that hold the header itself.
    init?(encoded header: Span<UInt8>, archive: Int) {
        var reader = SevenZipNumbers(header.count)
        guard reader.byte(header) == Property.encodedHeader, readStreams(header, &reader, archive), folders.count == 1
        else { return nil }
    }

    // MARK: Streams

    private mutating func readStreams(
        _ header: Span<UInt8>, _ reader: inout SevenZipNumbers, _ archive: Int
    ) -> Bool {
        var property = reader.number(header)
        if property == Property.packInfo {
            guard readPackInfo(header, &reader, archive) else { return false }
            property = reader.number(header)
        }
        if property == Property.unpackInfo {
            guard readFolders(header, &reader) else { return false }
            property = reader.number(header)
        }
        streams = folders.map { [Stream(size: $0.size, checksum: $0.checksum)] }
        if property == Property.subStreams {
            guard readSubStreams(header, &reader) else { return false }
            property = reader.number(header)
        }
        return property == Property.end && folders.reduce(0) { $0 + $1.packedStreams.count } <= packed.count
    }

    private mutating func readPackInfo(
        _ header: Span<UInt8>, _ reader: inout SevenZipNumbers, _ archive: Int
    ) -> Bool {
        guard let offset = reader.number(header), let count = reader.number(header, most: Limits.streams),
            offset <= archive
        else { return false }
        var position = Self.start + offset
        while let property = reader.number(header) {
            switch property {
            case Property.end: return packed.count == count
            case Property.size:
                for _ in 0..<count {
                    guard let size = reader.number(header), position <= archive, size <= archive - position else {
                        return false
                    }
                    packed.append(position..<position + size)
                    position += size
                }
            case Property.checksum: guard reader.checksums(header, count) != nil else { return false }
            default: return false
            }
        }
        return false
    }

    private mutating func readFolders(_ header: Span<UInt8>, _ reader: inout SevenZipNumbers) -> Bool {
        guard reader.number(header) == Property.folder, let count = reader.number(header, most: Limits.folders),
            reader.byte(header) == 0
        else { return false }
        for _ in 0..<count {
            guard let folder = SevenZipFolder(header, &reader) else { return false }
            folders.append(folder)
        }
        guard reader.number(header) == Property.unpackSize else { return false }
        for index in folders.indices {
            for _ in 0..<folders[index].outStreams {
                guard let size = reader.number(header) else { return false }
                folders[index].unpackSizes.append(size)
            }
        }
        var property = reader.number(header)
        if property == Property.checksum {
            guard let sums = reader.checksums(header, count) else { return false }
            for (index, sum) in sums.enumerated() { folders[index].checksum = sum }
            property = reader.number(header)
        }
        return property == Property.end
    }

    private mutating func readSubStreams(_ header: Span<UInt8>, _ reader: inout SevenZipNumbers) -> Bool {
        var property = reader.number(header)
        var counts = [Int](repeating: 1, count: folders.count)
        if property == Property.streamCounts {
            var total = 0
            for index in counts.indices {
                guard let count = reader.number(header, most: Limits.streams) else { return false }
                counts[index] = count
                total += count
                guard total <= Limits.streams else { return false }
            }
            property = reader.number(header)
        }
        let hasSizes = property == Property.size
        for (index, folder) in folders.enumerated() {
            streams[index] = []
            var left = folder.size
            for place in 0..<counts[index] {
                var size = left
                if place < counts[index] - 1 {
                    guard hasSizes, let stated = reader.number(header), stated <= left else { return false }
                    size = stated
                }
                left -= size
                // The checksum of a folder is that of its only stream.
                streams[index].append(Stream(size: size, checksum: counts[index] == 1 ? folder.checksum : nil))
            }
        }
        if hasSizes { property = reader.number(header) }
        if property == Property.checksum {
            let unknown = streams.joined().count { $0.checksum == nil }
            guard let sums = reader.checksums(header, unknown) else { return false }
            var next = 0
            for folder in streams.indices {
                for place in streams[folder].indices where streams[folder][place].checksum == nil {
                    streams[folder][place].checksum = sums[next]
                    next += 1
                }
            }
            property = reader.number(header)
        }
        return property == Property.end
    }

    // MARK: Files

    private mutating func readFiles(_ header: Span<UInt8>, _ reader: inout SevenZipNumbers) -> Bool {
        guard let count = reader.number(header, most: Limits.files) else { return false }
        files = [File](repeating: File(), count: count)
        var empty: [Int] = []
        while let property = reader.number(header), property != Property.end {
            guard let size = reader.number(header), let end = reader.end(of: size) else { return false }
            switch property {
            case Property.emptyStream:
                guard let bits = reader.bits(header, count) else { return false }
                for (index, bit) in bits.enumerated() where bit {
                    files[index].hasStream = false
                    files[index].isDirectory = true
                    empty.append(index)
                }
            case Property.emptyFile:
                guard let bits = reader.bits(header, empty.count) else { return false }
                for (place, bit) in bits.enumerated() where bit { files[empty[place]].isDirectory = false }
            case Property.names:
                guard reader.byte(header) == 0 else { return false }
                hasNames = true
                for index in files.indices {
                    guard let name = reader.name(header, end: end) else { return false }
                    files[index].name = name
                }
            case Property.attributes:
                guard let known = reader.optionalBits(header, count), reader.byte(header) == 0 else { return false }
                for (index, isKnown) in known.enumerated() where isKnown {
                    guard let value = reader.integer(header) else { return false }
                    files[index].attributes = value
                }
            default: break
            }
            guard reader.go(to: end) else { return false }
        }
        return true
    }
}

/// Numbers and lists of a 7z header, from its start on.
struct SevenZipNumbers {
    private(set) var position = 0
    private let count: Int

    init(_ count: Int) {
        self.count = count
    }

    mutating func byte(_ header: Span<UInt8>) -> Int? {
        guard position < count else { return nil }
        defer { position += 1 }
        return Int(header[position])
    }

    /// A number of one to nine octets: the high bits of the first tell how many follow. nil for more than any file has.
    mutating func number(_ header: Span<UInt8>) -> Int? {
        guard let first = byte(header) else { return nil }
        var value: UInt64 = 0
        var mask = 0x80
        for place in 0..<8 {
            if first & mask == 0 {
                value |= UInt64(first & (mask - 1)) << UInt64(place * 8)
                return value < 1 << 56 ? Int(value) : nil
            }
            guard let next = byte(header) else { return nil }
            value |= UInt64(next) << UInt64(place * 8)
            mask >>= 1
        }
        return value < 1 << 56 ? Int(value) : nil
    }

    /// A number that is at most `most`.
    mutating func number(_ header: Span<UInt8>, most: Int) -> Int? {
        number(header).flatMap { $0 <= most ? $0 : nil }
    }

    mutating func integer(_ header: Span<UInt8>) -> UInt32? {
        guard let value = header.littleEndian32(at: position) else { return nil }
        position += 4
        return value
    }

    mutating func skip(_ size: Int) -> Bool {
        guard size <= count - position else { return false }
        position += size
        return true
    }

    /// Where so many octets from here end.
    func end(of size: Int) -> Int? { size <= count - position ? position + size : nil }

    /// Goes on behind a property, of which no more than it has was read.
    mutating func go(to end: Int) -> Bool {
        guard position <= end else { return false }
        position = end
        return true
    }

    /// Flags, the highest bit first.
    mutating func bits(_ header: Span<UInt8>, _ count: Int) -> [Bool]? {
        guard (count + 7) / 8 <= self.count - position else { return nil }
        let start = position
        position += (count + 7) / 8
        return (0..<count).map { header[start + $0 / 8] & (0x80 >> UInt8($0 & 7)) != 0 }
    }

    /// Flags, or one octet that says that all are set.
    mutating func optionalBits(_ header: Span<UInt8>, _ count: Int) -> [Bool]? {
        guard let all = byte(header) else { return nil }
        return all != 0 ? [Bool](repeating: true, count: count) : bits(header, count)
    }

    /// Checksums, nil where there is none.
    mutating func checksums(_ header: Span<UInt8>, _ count: Int) -> [UInt32?]? {
        guard let known = optionalBits(header, count) else { return nil }
        var sums: [UInt32?] = []
        for isKnown in known {
            guard isKnown else {
                sums.append(nil)
                continue
            }
            guard let sum = integer(header) else { return nil }
            sums.append(sum)
        }
        return sums
    }

    /// A name of UTF-16 up to its NUL, in UTF-8.
    mutating func name(_ header: Span<UInt8>, end: Int) -> [UInt8]? {
        var units: [UInt16] = []
        while position + 2 <= end, let unit = header.littleEndian16(at: position) {
            position += 2
            if unit == 0 { return Array(String(decoding: units, as: UTF16.self).utf8) }
            units.append(unit)
        }
        return nil
    }
}
