/// The short types that content is recognised as, in amavis's words where it has one (`exe-ms`, `zip`); rules name them
/// with or without a dot. What amavis's documentation names and what is recognised here beside it.
package enum ShortTypes {
    /// Types whose content is recognised under a name of our own, and what rules may call it besides.
    private static let others: [String: [String]] = [
        "exe-ms": ["exe"], "dll": ["exe", "exe-ms"], "exe-dos": ["exe", "exe-ms"],
        "exe-unix": ["exe"], "exe-macho": ["exe", "exe-unix"], "class": ["java"], "ole": ["doc"],
        "msi": ["ole", "doc"],
        "bz2": ["bz"], "ar": ["a"], "asc": ["txt"], "script": ["asc", "txt"], "url": ["asc", "txt"],
        "reg": ["asc", "txt"], "hta": ["html"], "svg": ["xml"], "wsf": ["xml"], "vbe": ["asc", "txt"],
        "bat": ["asc", "txt"], "scf": ["asc", "txt"], "desktop": ["asc", "txt"], "iqy": ["asc", "txt"],
        "slk": ["asc", "txt"], "library-ms": ["xml"],
        // Packages: ZIP archives of a kind.
        "docx": ["zip"], "docm": ["docx", "zip"], "xlsx": ["zip"], "xlsm": ["xlsx", "zip"], "xlsb": ["zip"],
        "pptx": ["zip"], "pptm": ["pptx", "zip"], "vsdx": ["zip"], "xps": ["zip"], "apk": ["zip"], "jar": ["zip"],
        "appx": ["zip"], "epub": ["zip"], "odt": ["zip"], "ods": ["zip"], "odp": ["zip"], "odg": ["zip"],
    ]

    /// Documents and programs that are zip archives.
    private static let packages = [
        "docx", "docm", "xlsx", "xlsm", "xlsb", "pptx", "pptm", "vsdx", "xps", "apk", "jar", "appx", "epub", "odt",
        "ods",
        "odp", "odg",
    ]

    /// All names of a type that is recognised as `name`, its own first.
    package static func names(of name: String) -> [String] {
        [name] + (packages.contains(name) ? ["zip"] : others[name] ?? [])
    }

    /// The type of content that nothing was recognised in (amavis: `dat`).
    package static let unrecognised = "dat"
    /// The type of a file without content.
    package static let empty = "empty"

    /// Words for several types.
    package static let classes: [String: [String]] = [
        "archive": [
            "zip", "rar", "7z", "tar", "gz", "bz2", "xz", "lzma", "zst", "lz4", "lz", "lzo", "lrz", "grz", "Z", "cpio",
            "ar", "rpm", "cab", "lha", "xar", "warc", "arj", "szdd", "arc", "zoo", "ace", "alz", "egg", "kwaj", "iscab",
            "arx", "zpaq", "sit", "freeze", "pack",
        ],
        "disk": ["iso", "udf", "disk", "vhd", "vhdx", "vmdk", "qcow", "wim", "dmg", "squashfs"],
        "program": [
            "exe", "exe-ms", "exe-dos", "exe-unix", "exe-macho", "dll", "class", "sis", "msi", "jar", "apk", "appx",
        ],
    ]

    /// Every type that a rule may name.
    package static let known: Set<String> = Set(classes.values.joined()).union(others.keys).union(
        others.values.joined()
    )
    .union(packages)
    .union([
        unrecognised, empty, "mail", "mbox", "pdf", "rtf", "one", "chm", "tnef", "html", "lnk", "hlp", "swf", "wasm",
        "png", "jpg", "gif", "bmp", "tif", "webp", "ico", "heic", "wav", "avi", "mp4", "mp3", "ogg", "flac", "mkv",
        "woff", "ps", "xml", "pgp", "sqlite", "hqx", "scf", "library-ms", "iqy", "slk", "wsf", "desktop", "p7m",
    ])
    // Names that only amavis gives; a rule with one is kept, since it came with a file of rules.
    .union([
        "exe-vms", "elc", "core", "mov", "mpg", "mpv", "mid", "wmf", "wmv", "wma", "asf", "ani", "cur", "uue",
        "xxe", "o",
    ])

    /// The types that a word in a rule stands for; empty when there is none.
    static func types(_ word: String) -> [String] {
        if let types = classes[word] { return types }
        return known.contains(word) ? [word] : []
    }
}
