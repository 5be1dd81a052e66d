internal import Glibc
internal import MIME

/// What libarchive converts names of members from. The C library converts most charsets by modules that it loads when
/// they are first asked for (`iconv_open(3)`), and in the sandbox there is no file to load them from.
package enum NameCharsets {
    /// Code pages of DOS and Windows that LHA archives name.
    private static let pages: [UInt32] = [
        437, 737, 775, 850, 852, 855, 857, 858, 860, 861, 862, 863, 864, 865, 866, 869, 874, 932, 936, 949, 950, 1250,
        1251, 1252, 1253, 1254, 1255, 1256, 1257, 1258, 1361,
    ]
    private static let utf8Page: UInt32 = 65001
    static let dosPage: UInt32 = 437
    private static let dosCoding = CharsetCoding(label: "ibm437".utf8)

    /// Those of them that this system has.
    private static let loaded: Set<UInt32> = {
        for name in ["UTF-16LE", "UTF-16BE"] { _ = isOpened(name) }
        return Set(pages.filter { isOpened("CP\($0)") })
    }()

    /// Loads all of them, for good. Called before the sandbox is closed.
    package static func load() {
        _ = loaded
    }

    /// Never closed: the C library unloads a module with its last user.
    private static func isOpened(_ name: String) -> Bool {
        iconv_open("UTF-8", name) != iconv_t(bitPattern: -1)
    }

    /// The octets of a name that was converted from code page 437; other names as they are.
    static func dosOctets(_ name: [UInt8]) -> [UInt8] {
        guard name.contains(where: { $0 >= 0x80 }) else { return name }
        return dosCoding?.encoded(String(decoding: name, as: UTF8.self)) ?? name
    }

    /// libarchive can read names in a code page. In any other it gives up on the whole archive.
    static func knows(page: UInt32) -> Bool { page == utf8Page || loaded.contains(page) }
}
