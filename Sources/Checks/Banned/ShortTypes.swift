/// The short types that content is recognised as, in amavis's words where it has one (`exe-ms`, `zip`); rules name them
/// with or without a dot. What amavis's documentation names and what is recognised here beside it.
package enum ShortTypes {
    /// Types whose content is recognised under a name of our own, and what rules may call it besides.
    private static let others: [String: [String]] = [
        "exe-ms": ["exe"], "dll": ["exe", "exe-ms"], "exe-dos": ["exe", "exe-ms"],
        "exe-unix": ["exe"], "exe-macho": ["exe", "exe-unix"], "class": ["java"], "ole": ["doc"],
        "msi": ["ole", "doc"],
        "bz2": ["bz"], "ar": ["a"], "deb": ["ar", "a"], "pgp": ["pgp.enc"], "hta": ["html", "txt", "asc"],
        "svg": ["xml", "txt", "asc"], "wsf": ["xml", "txt", "asc"], "library-ms": ["xml", "txt", "asc"],
        "msc": ["xml", "txt", "asc"], "jnlp": ["xml", "txt", "asc"], "clickonce": ["xml", "txt", "asc"],
        // file(1), and so amavis, takes tasks of Windows 7 for programs.
        "job": ["exe"],
        "wsb": ["xml", "txt", "asc"], "appinstaller": ["xml", "txt", "asc"],
        "webloc": ["xml", "txt", "asc"], "terminal": ["xml", "txt", "asc"], "mobileconfig": ["xml", "txt", "asc"],
        "cdxml": ["xml", "txt", "asc"], "mp3": ["audio", "mpa"], "wmv": ["movie", "asf"],
    ]

    /// Documents and programs that are zip archives.
    private static let packages = [
        "docx", "docm", "xlsx", "xlsm", "xlsb", "pptx", "pptm", "vsdx", "xps", "apk", "ipa", "jar", "appx", "epub",
        "odt", "ods", "odp", "odg",
    ]

    /// Forms of text, which amavis calls by one of two names for all text.
    private static let texts: Set<String> = [
        "script", "url", "reg", "vbe", "bat", "scf", "desktop", "iqy", "slk", "wsh", "ps1", "rdp", "inf", "theme",
        "prf", "udl", "html", "xml",
        "mail", "mbox", "elc",
    ]
    private static let images: Set<String> = ["png", "jpg", "gif", "tif", "bmp", "webp", "ico", "heic", "pcx"]
    private static let sounds: Set<String> = ["wav", "ogg", "flac"]
    private static let movies: Set<String> = ["avi", "mkv", "mp4", "mpg", "ani"]

    /// All names of a type that is recognised as `name`, its own first.
    package static func names(of name: String) -> [String] {
        if packages.contains(name) { return [name, "zip"] }
        if name == "asc" { return ["txt", name] }
        if texts.contains(name) { return [name, "txt", "asc"] }
        if images.contains(name) { return [name, "image"] }
        if sounds.contains(name) { return [name, "audio"] }
        if movies.contains(name) { return [name, "movie"] }
        return [name] + (others[name] ?? [])
    }

    /// The names of text of one octet a character. amavis calls such text `asc` and other text `txt`; here both hold, and the
    /// first of them is its own: what lets files through holds for that one only.
    package static func ofPlainText(_ names: [String]) -> [String] {
        names.map { $0 == "asc" ? "txt" : $0 == "txt" ? "asc" : $0 }
    }

    /// Without the name that amavis would not give to the same text.
    package static func asAmavis(_ names: [String]) -> [String] {
        guard let own = names.first(where: { $0 == "asc" || $0 == "txt" }) else { return names }
        return names.filter { $0 != (own == "asc" ? "txt" : "asc") }
    }

    /// What amavis (with file(1) of Debian 12) has no name for, or takes for text only: data to it.
    private static let dataToAmavis: Set<String> = [
        "ico", "bmp", "webp", "heic", "mp4", "sqlite", "pcap", "lnk", "pif", "job", "wasm", "swf", "mdb", "woff", "dex",
        "pyc",
        "scpt", "chm", "hxs",
        "hlp", "one", "vhd", "vhdx", "vmdk", "qcow", "wim", "dmg", "disk", "squashfs", "iso", "udf", "exe-macho",
        "vdi", "qed", "hdd", "ext", "hfs", "apfs", "xfs", "btrfs", "cdraw", "lvm", "reiserfs", "jfs", "cramfs", "romfs",
        "minix", "luks", "bplist", "simg", "uefi",
    ]

    /// A rule that came from amavis and bans data that nothing recognised (`dat`) speaks of these types too.
    package static func isDataToAmavis(_ types: [String]) -> Bool { types.contains(where: dataToAmavis.contains) }

    /// The type of content that nothing was recognised in (amavis: `dat`).
    package static let unrecognised = "dat"
    /// The type of a file without content.
    package static let empty = "empty"

    /// Words for several types.
    package static let classes: [String: [String]] = [
        "archive": [
            "zip", "rar", "7z", "tar", "gz", "bz2", "xz", "lzma", "zst", "lz4", "lz", "lzo", "zlib", "lrz", "grz", "Z",
            "cpio",
            "ar", "deb", "rpm", "cab", "lha", "xar", "warc", "arj", "szdd", "arc", "zoo", "ace", "alz", "egg", "kwaj",
            "iscab",
            "arx", "zpaq", "sit", "freeze", "pack", "pmd",
        ],
        "disk": [
            "iso", "udf", "disk", "vhd", "vhdx", "vmdk", "vdi", "qcow", "qed", "hdd", "wim", "dmg", "squashfs", "ext",
            "hfs", "apfs", "xfs", "btrfs", "cdraw", "lvm", "reiserfs", "jfs", "cramfs", "romfs", "minix", "luks",
            "simg",
        ],
        "program": [
            "exe", "exe-ms", "exe-dos", "exe-unix", "exe-macho", "dll", "class", "sis", "nsis", "msi", "jar", "apk",
            "ipa",
            "appx", "dex", "pyc", "scpt",
        ],
    ]

    /// Every type that a rule may name.
    package static let known: Set<String> = Set(classes.values.joined()).union(others.keys).union(
        others.values.joined()
    )
    .union(packages).union(texts).union(images).union(sounds).union(movies).union([
        unrecognised, empty, "mail", "mbox", "pdf", "rtf", "one", "chm", "hxs", "tnef", "html", "lnk", "hlp", "swf",
        "wasm",
        "png", "jpg", "gif", "bmp", "tif", "webp", "ico", "heic", "wav", "avi", "mp4", "mp3", "ogg", "flac", "mkv",
        "woff", "ps", "pgp", "sqlite", "pcap", "hqx", "wsf", "p7m", "mdb", "pif", "job", "bplist", "image", "audio",
        "movie",
        "uue", "ihex", "uefi",
    ])
    // Names that only amavis gives; a rule with one is kept, since it came with a file of rules.
    .union([
        "exe-vms", "core", "mov", "mpv", "mid", "wmf", "wma", "cur", "xxe", "o",
    ])

    /// The types that a word in a rule stands for; empty when there is none.
    static func types(_ word: String) -> [String] {
        if let types = classes[word] { return types }
        return known.contains(word) ? [word] : []
    }
}
