internal import CClamAV

/// The C library converts most charsets by modules that it loads when they are first asked for (`iconv_open(3)`). In the
/// sandbox there is no file to load them from, and libclamav would compare such text unconverted: so they are loaded
/// before, for good.
enum CharsetModules {
    /// What libclamav asks for: code pages of office documents, and the encodings of markup.
    private static let names = [
        "UTF-7", "UTF-16", "UTF-16LE", "UTF-16BE", "UTF-32", "UTF-32LE", "UTF-32BE", "ISO-8859-1", "ISO-8859-2",
        "ISO-8859-3", "ISO-8859-4", "ISO-8859-5", "ISO-8859-6", "ISO-8859-7", "ISO-8859-8", "ISO-8859-9",
        "ISO-8859-13", "ISO-8859-15", "WINDOWS-874", "WINDOWS-1250", "WINDOWS-1251", "WINDOWS-1252", "WINDOWS-1253",
        "WINDOWS-1254", "WINDOWS-1255", "WINDOWS-1256", "WINDOWS-1257", "WINDOWS-1258", "CP437", "CP850", "CP852",
        "CP866", "CP949", "KOI8-R", "KOI8-U", "MACINTOSH", "SHIFT_JIS", "EUC-JP", "GB2312", "EUC-CN", "GB18030",
        "BIG5", "EUC-KR", "JOHAB",
    ]

    /// Loads the modules. One that the system lacks is passed over, as libclamav itself does.
    static func load() {
        // Never closed: the C library unloads a module with its last user.
        for name in names { _ = iconv_open("UTF-8", name) }
    }
}
