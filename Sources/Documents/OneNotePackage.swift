internal import Bytes

/// Finds the files within OneNote sections as OneDrive, SharePoint and OneNote for the web give them ([MS-ONESTORE] section
/// 2.8): a package of stream objects ([MS-FSSHTTPB] section 2.2.1), in which each file stands whole.
///
/// Each object says how long it is, and its fields do as well: both must agree, as nobody knows which of them a program
/// believes.
package struct OneNotePackage {
    /// {638DE92F-A6D4-4BC1-9A36-B3FC2511A5B7}, and where it stands.
    private static let format: [UInt8] = [
        0x2F, 0xE9, 0x8D, 0x63, 0xD4, 0xA6, 0xC1, 0x4B, 0x9A, 0x36, 0xB3, 0xFC, 0x25, 0x11, 0xA5, 0xB7,
    ]
    private static let formatPlace = 48
    /// Behind that, and four octets that are reserved.
    private static let start = 68
    private static let identifier = 16
    /// Objects that are open at a time: the package, its elements, an element, a group in it; and some more.
    private static let deepest = 8
    /// Octets of objects whose fields are not looked at: numbers and a few identifiers.
    private static let longest = 127
    /// The partition of an object group whose objects are files.
    private static let filePartition = 2

    /// Types of stream objects ([MS-FSSHTTPB] section 2.2.1.5.1, 2.2.1.5.2).
    private enum Kind {
        static let element = 0x01
        static let blob = 0x02
        static let excludedData = 0x03
        static let blobDeclaration = 0x05
        static let data = 0x16
        static let declaration = 0x18
        static let blobReference = 0x1C
        static let declarations = 0x1D
        static let fragment = 0x6A
        static let package = 0x7A
    }

    package static func isHere(_ bytes: Span<UInt8>) -> Bool { bytes.hasBytes(format.span, at: formatPlace) }

    /// Calls `use` with each file of a package.
    /// - Parameter use: false ends it.
    /// - Returns: where the package ends; nil when it was ended, or is not understood.
    package static func read(_ bytes: Span<UInt8>, _ use: (Range<Int>) -> Bool) -> Int? {
        guard isHere(bytes) else { return nil }
        var package = OneNotePackage()
        return package.readObjects(bytes, use) ? package.place : nil
    }

    private var place = start
    /// For each object that the group declares, in the order of their data, whether it is a file.
    private var areFiles: [Bool] = []
    private var next = 0

    private init() {}

    private mutating func readObjects(_ bytes: Span<UInt8>, _ use: (Range<Int>) -> Bool) -> Bool {
        var open: [Int] = []
        repeat {
            guard place < bytes.count else { return false }
            let short = bytes.little16(place) ?? Int(bytes[place])
            // The lowest two bits say what stands here: the start of an object or the end of one, short or long.
            switch short & 3 {
            case 1:
                guard open.popLast() == (short & 0xFF) >> 2 else { return false }
                place += 1
            case 3:
                guard open.popLast() == short >> 2 else { return false }
                place += 2
            default:
                guard let (kind, length, isCompound) = header(bytes, isLong: short & 3 == 2),
                    !open.isEmpty || kind == Kind.package && isCompound, length <= bytes.count - place
                else { return false }
                let end = place + length
                guard readFields(bytes, kind, to: end, use), place == end else { return false }
                if isCompound { open.append(kind) }
                guard open.count <= Self.deepest else { return false }
            }
        } while !open.isEmpty
        return true
    }

    /// The header of an object, which may have others in it.
    private mutating func header(
        _ bytes: Span<UInt8>, isLong: Bool
    ) -> (kind: Int, length: Int, isCompound: Bool)? {
        guard isLong else {
            guard let value = bytes.little16(place) else { return nil }
            place += 2
            return (value >> 3 & 0x3F, value >> 9, value & 4 != 0)
        }
        guard let value = bytes.little32(place) else { return nil }
        place += 4
        let length = value >> 17 == 0x7FFF ? number(bytes) : value >> 17
        return length.map { (value >> 3 & 0x3FFF, $0, value & 4 != 0) }
    }

    /// Goes over the fields of an object; false when they are none of its kind.
    private mutating func readFields(
        _ bytes: Span<UInt8>, _ kind: Int, to end: Int, _ use: (Range<Int>) -> Bool
    ) -> Bool {
        switch kind {
        case Kind.element:
            return passIdentifier(bytes) && passSerialNumber(bytes) && number(bytes) != nil
        case Kind.blob:
            return readData(bytes, isFile: true, use)
        case Kind.declarations:
            areFiles.removeAll(keepingCapacity: true)
            next = 0
            return true
        case Kind.declaration, Kind.blobDeclaration:
            guard passIdentifier(bytes), kind == Kind.declaration || passIdentifier(bytes),
                let partition = number(bytes), kind == Kind.blobDeclaration || number(bytes) != nil,
                number(bytes) != nil, number(bytes) != nil
            else { return false }
            areFiles.append(partition == Self.filePartition)
            return true
        case Kind.data, Kind.blobReference, Kind.excludedData:
            let isFile = next < areFiles.count && areFiles[next]
            next += 1
            // Objects and cells that it refers to; a cell has two identifiers.
            guard passIdentifiers(bytes, of: 1), passIdentifiers(bytes, of: 2) else { return false }
            if kind == Kind.data { return readData(bytes, isFile: isFile, use) }
            return kind == Kind.excludedData ? number(bytes) != nil : passIdentifier(bytes)
        case Kind.fragment:
            return false
        default:
            guard end - place <= Self.longest else { return false }
            place = end
            return true
        }
    }

    /// A size and so many octets (section 2.2.1.3).
    private mutating func readData(_ bytes: Span<UInt8>, isFile: Bool, _ use: (Range<Int>) -> Bool) -> Bool {
        guard let size = number(bytes), size <= bytes.count - place else { return false }
        place += size
        return !isFile || use(place - size..<place)
    }

    /// A number whose first octet tells how many octets it has (section 2.2.1.1); nil for more than any file has.
    private mutating func number(_ bytes: Span<UInt8>) -> Int? {
        guard place < bytes.count else { return nil }
        let first = bytes[place]
        guard first != 0 else {
            place += 1
            return 0
        }
        // Seven bits for each octet, or eight octets of their own.
        let octets = first.trailingZeroBitCount + 1
        if octets == 8 { place += 1 }
        guard octets <= bytes.count - place else { return nil }
        var value: UInt64 = 0
        for index in 0..<octets { value |= UInt64(bytes[place + index]) << UInt64(index * 8) }
        if octets < 8 { value >>= UInt64(octets) }
        place += octets
        return Int(exactly: value)
    }

    /// An identifier with a number (section 2.2.1.7).
    private mutating func passIdentifier(_ bytes: Span<UInt8>) -> Bool {
        guard place < bytes.count else { return false }
        let first = bytes[place]
        let front: Int
        if first == 0 {
            place += 1
            return true
        } else if first & 7 == 4 {
            front = 1
        } else if first & 0x3F == 0x20 {
            front = 2
        } else if first & 0x7F == 0x40 {
            front = 3
        } else if first == 0x80 {
            front = 5
        } else {
            return false
        }
        place += front + Self.identifier
        return place <= bytes.count
    }

    private mutating func passIdentifiers(_ bytes: Span<UInt8>, of count: Int) -> Bool {
        guard let items = number(bytes), items <= bytes.count - place else { return false }
        for _ in 0..<items * count {
            guard passIdentifier(bytes) else { return false }
        }
        return true
    }

    /// An identifier and eight octets, or one octet for none (section 2.2.1.9).
    private mutating func passSerialNumber(_ bytes: Span<UInt8>) -> Bool {
        guard place < bytes.count else { return false }
        place += bytes[place] == 0 ? 1 : 1 + Self.identifier + 8
        return place <= bytes.count
    }
}
