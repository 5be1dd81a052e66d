internal import Bytes

/// The members of a RAR archive by its own headers: libarchive does not tell which members of RAR 5 are encrypted, has only
/// one of the names of a member of RAR 4, and passes over streams of NTFS. Names are tested whatever cannot be decoded.
struct RarListing {
    struct Entry {
        /// Where its header begins.
        var header: Int
        /// Every reading of its name, with `/` between the folders.
        var names: [[UInt8]]
        /// A stream of NTFS, which belongs to the file in front of it: programs write it to disk under any name that it has.
        var isStream = false
        var isEncrypted = false
        var isDirectory = false
        /// A symbolic link of RAR 4: its content is the target.
        var isLink = false
        /// It begins or ends in another volume.
        var isSplit = false
        /// It begins in another volume.
        var isContinued = false
        /// It begins in the dictionary of the member before.
        var isSolid = false
        /// Nothing is compressed.
        var isStored = false
        /// The version that decoding takes, tenfold: 15, 20, 26, 29, 36, 50.
        var version: UInt8
        /// The content as it stands in the archive.
        var data: Range<Int>
        /// Octets of the content; nil where the header does not say it.
        var size: Int?
        var checksum: UInt32?
        /// The checksum of what is not compressed and here as a whole: libarchive compares that of all else. Links have none.
        var storedChecksum: UInt32? {
            isStored && !isSplit && !isEncrypted && !isLink && !(size == nil && data.isEmpty) ? checksum : nil
        }
        /// Fields of RAR 5 that say how the content is compressed.
        var compression = 0
    }

    /// The name of a service header that holds a stream of NTFS of the file before it.
    static let streamHeader = Array("STM".utf8)
    /// The version of RAR 2, tenfold.
    static let second: UInt8 = 20
    /// The version of compression and encryption of RAR 2.9 to 4, tenfold.
    static let present: UInt8 = 29
    /// The name of a service header that holds the comment of the archive.
    static let commentHeader = Array("CMT".utf8)
    /// Headers that are read.
    static let most = 65_536
    /// Octets of all names together.
    static let nameOctets = 16_777_216

    private(set) var entries: [Entry] = []
    /// There is more than the limits allow.
    var limitReached = false
    /// Where the archive ends; nil when its end was not met.
    var end: Int?
    /// Where the last member or service ends: archives of RAR 2 have nothing behind it.
    var endOfMembers = 0
    /// The checksum of a header is wrong, or its data is not all there.
    var hasDamagedHeaders = false
    /// The comment of the archive, a service without names.
    var comment: Entry?
    private var namesLeft = Self.nameOctets

    /// Where the archive ends: those of RAR 2 have no mark for it. nil when no member was met either.
    var endOfArchive: Int? { end ?? (entries.isEmpty ? nil : endOfMembers) }

    /// - Parameter mayGoOn: false when there is no time left.
    init(_ content: Span<UInt8>, _ format: FileType.ArchiveFormat, while mayGoOn: () -> Bool) {
        if format == .rar5 { readVersion5(content, mayGoOn) } else { readVersion4(content, mayGoOn) }
    }

    /// Takes one member; false when the names are too long together.
    mutating func take(_ entry: Entry) -> Bool {
        let count = entry.names.reduce(0) { $0 + $1.count }
        guard count <= namesLeft else {
            limitReached = true
            return false
        }
        namesLeft -= count
        entries.append(entry)
        return true
    }

    /// The first reading of the last file's name, which a stream belongs to.
    var lastFile: [UInt8] { entries.last { !$0.isStream }?.names.first ?? [] }

    /// Readings of the name of a stream: with the file before it as Windows has it, and by itself, which some programs make
    /// a path of.
    func streamNames(_ name: [UInt8]) -> [[UInt8]] {
        let colon = UInt8(ascii: ":")
        let bare = Array(name.drop { $0 == colon })
        return bare.isEmpty ? [lastFile + [colon]] : [lastFile + [colon] + bare, bare]
    }

    /// With `/` between the folders, whatever the system that it was made on has.
    static func path(_ name: [UInt8]) -> [UInt8] {
        name.map { $0 == UInt8(ascii: "\\") ? UInt8(ascii: "/") : $0 }
    }
}
