/// Archives, compressed files, disk images and mail.
extension FileType {
    private static let members = "encrypted members, unsupported methods, damage, links and devices"
    private static let volume = "a volume of a split archive is unsupported"
    private static let rarVolume = volume + ", and what is missing in it a note"

    package static let zip = FileType(
        "zip", "application/zip", "ZIP archive", .zip,
        recognised: "`PK 03 04` that fits a local header, or an end-of-central-directory record, anywhere",
        reported: members
            + "; two directories that differ (a note in a stream of a compound file), local headers and end records that the "
            + "directory contradicts, overlapping entries, data between members; "
            + volume)
    static let gzip = FileType(
        "gz", "application/gzip", "gzip file", .gzip, recognised: "`1F 8B 08`",
        reported: "every member; damage, a wrong checksum of a header, octets behind the last member")
    static let bzip2 = FileType(
        "bz2", "application/x-bzip2", "bzip2 file", .filter(.bzip2), recognised: "`BZh1` to `BZh9` and a block's magic")
    static let compress = FileType(
        "Z", "application/x-compress", "compress file", .filter(.compress), recognised: "`1F 9D` and a code size",
        reported: "a cut, but for one between two codes, which nothing shows")
    static let xz = FileType("xz", "application/x-xz", "xz file", .filter(.xz), recognised: "`FD 7zXZ 00`")
    static let lzma = FileType(
        "lzma", "application/x-lzma", "LZMA file", .filter(.lzma),
        recognised: "properties, a plausible length and a usual dictionary size, or the start of a stream that decodes")
    static let zstd = FileType(
        "zst", "application/zstd", "Zstandard file", .filter(.zstd), recognised: "`28 B5 2F FD`, or a skippable frame")
    static let lz4 = FileType(
        "lz4", "application/x-lz4", "LZ4 file", .filter(.lz4), recognised: "`04 22 4D 18` or the legacy `02 21 4C 18`")
    static let lzip = FileType(
        "lz", "application/x-lzip", "lzip file", .filter(.lzip), recognised: "`LZIP` and a version")
    static let lzop = FileType(
        "lzo", "application/x-lzop", "lzop file", .filter(.lzop), recognised: "`89 LZO 00`")
    static let zlib = FileType(
        "zlib", "application/zlib", "zlib stream", .filter(.zlib),
        recognised: "a header of RFC 1950 and a stream that decodes: to its end, or to 1,024 octets")
    static let lrzip = FileType("lrz", "application/x-lrzip", "lrzip file", .unsupported, recognised: "`LRZI`")

    static let grzip = FileType("grz", "application/x-grzip", "GRZip file", .unsupported, recognised: "`GRZipII`")

    static let ppmd = FileType(
        "pmd", "application/x-ppmd", "PPMd file", .unsupported, recognised: "`8F AF AC 84`")

    static let tar = FileType(
        "tar", "application/x-tar", "tar archive", .archive(.tar), recognised: "the checksum of the first header",
        reported: members)
    static let cpio = FileType(
        "cpio", "application/x-cpio", "cpio archive", .archive(.cpio),
        recognised: "`070707`, `070701`, `070702`, or the binary magic in either order",
        reported: members + "; sums of the form `070702`")
    static let ar = FileType(
        "ar", "application/x-archive", "ar archive", .archive(.ar), recognised: "`!<arch>`",
        reported: members)
    static let debian = FileType(
        "deb", "application/vnd.debian.binary-package", "Debian package", .archive(.ar),
        recognised: "`!<arch>` and `debian-binary`", reported: members)
    static let rpm = FileType(
        "rpm", "application/x-rpm", "RPM package", .archive(.rpm), recognised: "`ED AB EE DB`",
        reported: members + "; the digest of the payload (SHA-256)")
    package static let sevenZip = FileType(
        "7z", "application/x-7z-compressed", "7-Zip archive", .archive(.sevenZip),
        recognised: "`7z BC AF 27 1C`",
        reported: members + "; LZ5, Lizard, BCJ2 twice, and BCJ2 without a compression are unsupported; "
            + "one member without a name is called after the archive; "
            + "an encrypted header hides the names; " + volume)
    static let rar = FileType(
        "rar", "application/vnd.rar", "RAR archive", .archive(.rar), recognised: "`Rar! 1A 07 00`",
        reported: members + "; NTFS streams are members; RAR 1.5 (of a comment a note), sound of RAR 2 and filters of "
            + "other programs are unsupported; an encrypted header hides the names; " + rarVolume)
    static let rar5 = FileType(
        "rar", "application/vnd.rar", "RAR 5 archive", .archive(.rar5), recognised: "`Rar! 1A 07 01 00`",
        reported: members + "; NTFS streams are members; an archive without its end is damaged; "
            + "an encrypted header hides the names; " + rarVolume)
    static let cab = FileType(
        "cab", "application/vnd.ms-cab-compressed", "Cabinet archive", .cabinet,
        recognised: "`MSCF` and a plausible header", reported: members + "; " + volume)
    static let lha = FileType(
        "lha", "application/x-lha", "LHA archive", .archive(.lha),
        recognised: "`-lh?-`, `-lz?-` or `-pm?-` in its place",
        reported: members
            + "; not a cut between two members; names in no code page, or one that is not known, are shown in 437")
    static let iso9660 = FileType(
        "iso", "application/x-iso9660-image", "ISO 9660 image", .archive(.iso9660),
        recognised: "`CD001` in sector 16", reported: members + "; what is in one of its trees only, the boot image")
    static let udf = FileType(
        "udf", "application/x-udf-image", "UDF image", .udf,
        recognised: "`NSR02` or `NSR03` in sectors 16 to 31",
        reported: members)
    static let xar = FileType(
        "xar", "application/x-xar", "XAR archive", .archive(.xar), recognised: "`xar!`", reported: members)
    static let warc = FileType(
        "warc", "application/warc", "WARC archive", .archive(.warc), recognised: "`WARC/`", reported: members)
    static let arj = FileType(
        "arj", "application/x-arj", "ARJ archive", .arj, recognised: "`60 EA` and a header whose CRC is right",
        reported: members + "; " + volume)
    static let szdd = FileType(
        "szdd", "application/x-ms-compress-szdd", "file of Microsoft's COMPRESS", .szdd,
        recognised: "`SZDD 88 F0 27 33 A`")
    static let arc = FileType(
        "arc", "application/x-arc", "ARC archive", .arc, recognised: "`1A`, a method and a DOS name",
        reported: "unsupported methods, damage")
    static let zoo = FileType(
        "zoo", "application/x-zoo", "ZOO archive", .zoo, recognised: "`DC A7 C4 FD` at 20",
        reported: "unsupported methods, damage")
    static let ace = FileType("ace", "application/x-ace", "ACE archive", .unsupported, recognised: "`**ACE**` at 7")
    static let alz = FileType("alz", "application/x-alz", "ALZ archive", .unsupported, recognised: "`ALZ 01`")
    static let egg = FileType("egg", "application/x-egg", "EGG archive", .unsupported, recognised: "`EGGA`")
    static let kwaj = FileType(
        "kwaj", "application/x-ms-compress-kwaj", "file of Microsoft's COMPRESS, KWAJ form", .unsupported,
        recognised: "`KWAJ 88 F0 27 D1`")
    static let installShield = FileType(
        "iscab", "application/x-installshield", "InstallShield cabinet", .unsupported, recognised: "`ISc(`")
    static let nsis = FileType(
        "nsis", "application/x-nsis", "NSIS installer", .unsupported,
        recognised: "`EF BE AD DE` and `NullsoftInst` in a header that makes sense, first or in a program")
    static let sis = FileType(
        "sis", "application/vnd.symbian.install", "Symbian package", .unsupported,
        recognised: "the identifiers of a SIS header")
    private static let volumes =
        "files of FAT file systems; others are unsupported by name (NTFS, exFAT, those of Linux and macOS); damage"

    static let disk = FileType(
        "disk", "application/x-raw-disk-image", "disk image", .disk(.raw),
        recognised: "`55 AA` at 510 with a partition table or a FAT boot sector", reported: volumes)
    static let vhd = FileType(
        "vhd", "application/x-vhd", "virtual disk (VHD)", .disk(.vhd),
        recognised: "`conectix` at the start or 512 before the end",
        reported: volumes + "; a disk that needs another is unsupported")
    static let vhdx = FileType(
        "vhdx", "application/x-vhdx", "virtual disk (VHDX)", .disk(.vhdx), recognised: "`vhdxfile`",
        reported: volumes + "; a disk that needs another, or whose log was not replayed, is unsupported")
    static let vmdk = FileType(
        "vmdk", "application/x-vmdk", "virtual disk (VMDK)", .disk(.vmdk), recognised: "`KDMV`",
        reported: volumes + "; a compressed disk is unsupported")
    static let qcow = FileType(
        "qcow", "application/x-qemu-disk", "virtual disk (QCOW)", .unsupported, recognised: "`QFI FB`")
    static let sparseImage = FileType(
        "simg", "application/x-android-sparse-image", "sparse image of Android", .sparseImage,
        recognised: "`3A FF 26 ED 01 00`", reported: "the image; damage")
    static let uefi = FileType(
        "uefi", "application/x-uefi-image", "UEFI capsule or firmware volume", .unsupported,
        recognised: "the identifiers of capsules, or those of file systems at 16")
    static let compiledHelp2 = FileType(
        "hxs", "application/x-ms-help2", "compiled help 2 (HxS) or Reader book (lit)", .unsupported,
        recognised: "`ITOLITLS` and version 1")
    static let wim = FileType("wim", "application/x-ms-wim", "Windows image", .unsupported, recognised: "`MSWIM`")
    static let dmg = FileType(
        "dmg", "application/x-apple-diskimage", "Apple disk image", .unsupported,
        recognised: "`koly` 512 before the end, `encrcdsa`, `cdsaencr` at the end, or `sprs`")
    static let squashfs = FileType(
        "squashfs", "application/vnd.squashfs", "Squashfs image", .unsupported,
        recognised: "`hsqs`, `sqsh`, `shsq` or `qshs`")
    static let freeze = FileType(
        "freeze", "application/x-freeze", "freeze file", .unsupported, recognised: "`1F 9E` or `1F 9F`")
    static let pack = FileType("pack", "application/x-pack", "pack file", .unsupported, recognised: "`1F 1E`")
    static let freeArc = FileType(
        "arx", "application/x-freearc", "FreeArc archive", .unsupported, recognised: "`ArC 01`")
    static let zpaq = FileType(
        "zpaq", "application/x-zpaq", "ZPAQ archive", .unsupported, recognised: "`zPQ` or `7kSt`")
    static let stuffIt = FileType(
        "sit", "application/x-stuffit", "StuffIt archive", .unsupported, recognised: "`SIT!` or `StuffIt (c)`")
    static let binHex = FileType(
        "hqx", "application/mac-binhex40", "BinHex file", .encodedText, recognised: "its first line",
        reported: "the file in it")
    static let yEnc = FileType(
        "ync", "application/x-yenc", "yEnc file", .encodedText,
        recognised: "`=ybegin ` at the start of a line in the first 65,536 octets", reported: "the file in it")
    package static let mail = FileType(
        "mail", "message/rfc822", "mail message", .mail,
        recognised:
            "header fields of mail in the first lines; in what is declared as text of the message itself it is text",
        reported: "the parts of the message")
    static let mbox = FileType(
        "mbox", "application/mbox", "mailbox", .mbox, recognised: "`From ` at the start and mail behind it",
        reported: "each message")
}
