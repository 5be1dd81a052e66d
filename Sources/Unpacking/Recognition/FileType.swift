/// A type of file as recognised by content: what it is called, and what the unpacker does with it. `docs/FORMATS.md` is
/// made from `FileType.all`. Each is one object, as every member of an archive is compared with most of them.
package final class FileType: Sendable {
    /// Short type in amavis's manner (`exe-ms`, `zip`), lower case.
    package let name: String
    /// Media type for reports.
    package let mediaType: String
    /// What it is, for people.
    package let title: String
    /// What is done with it.
    package let opening: Opening
    /// How it is recognised, for the documentation.
    package let recognised: String
    /// What a report can say of it besides its members, for the documentation.
    package let reported: String

    init(
        _ name: String, _ mediaType: String, _ title: String, _ opening: Opening, recognised: String,
        reported: String = ""
    ) {
        self.name = name
        self.mediaType = mediaType
        self.title = title
        self.opening = opening
        self.recognised = recognised
        self.reported = reported
    }

    /// Which reader opens a type.
    package enum Opening: Hashable, Sendable {
        /// Not a container.
        case plain
        /// A container for which there is no reader: `unchecked: unsupported`.
        case unsupported
        case zip
        case gzip
        case arj
        case arc
        case zoo
        case szdd
        case udf
        case cabinet
        /// A disk with file systems on it.
        case disk(DiskFormat)
        /// A sparse image of Android.
        case sparseImage
        case mail
        case mbox
        /// Text in which files may be encoded.
        case encodedText
        /// libarchive with one format.
        case archive(ArchiveFormat)
        /// A compressed file.
        case filter(ArchiveFilter)
        /// A program, which may have an archive behind it.
        case program
        /// A document with files and streams inside.
        case document

        /// The library or reader, for the documentation.
        package var library: String {
            switch self {
            case .plain: "-"
            case .unsupported: "none"
            case .zip: "own reader; libdeflate, zlib, the libraries of each method, libarchive for PPMd"
            case .gzip: "own reader; libdeflate, zlib"
            case .arj, .arc, .zoo: "own reader; libarchive"
            case .szdd, .udf, .disk, .sparseImage: "own reader"
            case .cabinet: "libmspack"
            case .mail, .mbox, .encodedText: "MIME reader"
            case .archive(.sevenZip):
                "own reader of the header; libarchive for each method, libzstd, liblz4, libbrotli; own Deflate64, own LZMA for more than four bits of literals, own filters for ARM64, RISC-V, Swap; filters behind every method; AES by OpenSSL"
            case .archive(.rar): "own reader (LZ, PPMd, filters); AES by OpenSSL"
            case .archive(.rar5): "libarchive; own reader of NTFS streams; AES by OpenSSL"
            case .archive, .filter(.compress): "libarchive"
            case .filter(.bzip2): "libbz2"
            case .filter(.xz), .filter(.lzip): "liblzma"
            case .filter(.lzma): "liblzma; own decoder for more than four bits of literals"
            case .filter(.zstd): "libzstd"
            case .filter(.lz4): "liblz4"
            case .filter(.lzop): "own reader"
            case .filter(.zlib): "zlib"
            case .program:
                "own search for zip, rar, 7z, cab, arj, ace, lha, hqx, tar, cpio, xar, iso, FAT, NTFS, ext, VMDK, VDI, QCOW, WIM, gz, bz2, xz, lzma, zst, lz4, lz, lzo, Z, then the reader of what is found"
            case .document: "own reader; chm by libmspack, S/MIME by OpenSSL"
            }
        }

        /// True for a container that can be opened.
        package var isReadable: Bool {
            switch self {
            case .plain, .unsupported, .program, .encodedText: false
            default: true
            }
        }

        /// True for a disk with file systems on it.
        package var isDisk: Bool {
            if case .disk = self { true } else { false }
        }

        /// True for what holds files and nothing else: archives and compressed files.
        package var isArchive: Bool {
            switch self {
            case .zip, .gzip, .arj, .arc, .zoo, .szdd, .udf, .cabinet, .disk, .sparseImage, .archive, .filter: true
            default: false
            }
        }
    }

    /// Formats that libarchive reads as a whole. Each is enabled alone, for content with its signature.
    package enum ArchiveFormat: String, Hashable, Sendable, CaseIterable {
        case tar, cpio, ar, sevenZip, rar, rar5, lha, iso9660, xar, warc, rpm
    }

    /// Compressions of one file. None of them starts a program, as libarchive's filters for lrzip and lzop do.
    package enum ArchiveFilter: String, Hashable, Sendable, CaseIterable {
        case bzip2, compress, xz, lzma, zstd, lz4, lzip, lzop, zlib
    }

    /// How a disk lies in a file.
    package enum DiskFormat: String, Hashable, Sendable, CaseIterable {
        case raw, vhd, vhdx, vmdk
    }
}

extension FileType: Hashable {
    package static func == (left: FileType, right: FileType) -> Bool { left === right }
    package func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}
