internal import Bytes

/// A charset that can be turned into UTF-8.
package enum CharsetCoding: Hashable, Sendable {
    case utf8
    case utf16LE
    case utf16BE
    case utf32LE
    case utf32BE
    /// RFC 2152.
    case utf7
    /// One octet a character above ASCII; the number of its table.
    case singleByte(Int)
    /// Octets 80 to FF are U+F780 to U+F7FF.
    case userDefined
    /// GB18030, and with it GBK and GB 2312.
    case gb18030
    /// RFC 1843.
    case hz
    /// With the Hong Kong characters.
    case big5
    case eucJP
    case shiftJIS
    /// RFC 1468, and with it the further sets of RFC 1554 that Japanese needs.
    case iso2022JP
    /// Unified Hangul Code, and with it EUC-KR.
    case eucKR
    /// RFC 1557.
    case iso2022KR
    /// RFC 1922: GB 2312 and CNS 11643 planes 1 and 2; the further sets of its -EXT are replaced.
    case iso2022CN
    /// CNS 11643 planes 1 and 2; characters of other planes are replaced.
    case eucTW

    /// Octets behind the first one of a character may be those of ASCII letters.
    package var hasTrailOctets: Bool {
        switch self {
        case .gb18030, .big5, .eucJP, .shiftJIS, .eucKR, .eucTW: true
        default: false
        }
    }

    /// Octets of ASCII are other letters behind octets of ASCII that say so.
    var hasShifts: Bool {
        switch self {
        case .utf7, .hz, .iso2022JP, .iso2022KR, .iso2022CN: true
        default: false
        }
    }

    /// Windows-1252: the WHATWG Encoding Standard's reading of ISO-8859-1 and US-ASCII.
    package static let windows1252 = singleByte("windows-1252")

    /// The charset of a label as the WHATWG Encoding Standard has it, with those labels of mail besides that it leaves
    /// out (UTF-7, UTF-32, HZ, ISO-2022-KR and -CN, numbers of Windows code pages). Letters without case, blanks
    /// around the label do not matter. Nil for a label that is not known.
    package init?(label: some Collection<UInt8>) {
        var key: [UInt8] = []
        for byte in label {
            if byte == 0x20 || (byte >= 0x09 && byte <= 0x0D) {
                if key.isEmpty { continue }
            } else if key.count > Self.longestLabel {
                return nil
            }
            key.append(asciiLower(byte))
        }
        while let last = key.last, last == 0x20 || (last >= 0x09 && last <= 0x0D) { key.removeLast() }
        guard let found = CharsetLabels.codings[key] else { return nil }
        self = found
    }

    /// Octets of a label that can be known.
    private static let longestLabel = 40

    init?(name: String) {
        switch name {
        case "utf-8": self = .utf8
        case "utf-16le": self = .utf16LE
        case "utf-16be": self = .utf16BE
        case "utf-32le": self = .utf32LE
        case "utf-32be": self = .utf32BE
        case "utf-7": self = .utf7
        case "x-user-defined": self = .userDefined
        case "gb18030": self = .gb18030
        case "hz-gb-2312": self = .hz
        case "big5": self = .big5
        case "euc-jp": self = .eucJP
        case "shift_jis": self = .shiftJIS
        case "iso-2022-jp": self = .iso2022JP
        case "euc-kr": self = .eucKR
        case "iso-2022-kr": self = .iso2022KR
        case "iso-2022-cn": self = .iso2022CN
        case "euc-tw": self = .eucTW
        default:
            guard let table = CharsetTables.singleByteNames.firstIndex(where: { "\($0)" == name }) else { return nil }
            self = .singleByte(table)
        }
    }

    private static func singleByte(_ name: String) -> CharsetCoding {
        CharsetCoding(name: name) ?? .utf8
    }

    /// The name in lower case.
    package var name: String {
        switch self {
        case .utf8: "utf-8"
        case .utf16LE: "utf-16le"
        case .utf16BE: "utf-16be"
        case .utf32LE: "utf-32le"
        case .utf32BE: "utf-32be"
        case .utf7: "utf-7"
        case .singleByte(let table): "\(CharsetTables.singleByteNames[table])"
        case .userDefined: "x-user-defined"
        case .gb18030: "gb18030"
        case .hz: "hz-gb-2312"
        case .big5: "big5"
        case .eucJP: "euc-jp"
        case .shiftJIS: "shift_jis"
        case .iso2022JP: "iso-2022-jp"
        case .eucKR: "euc-kr"
        case .iso2022KR: "iso-2022-kr"
        case .iso2022CN: "iso-2022-cn"
        case .eucTW: "euc-tw"
        }
    }

    /// True when octets below 80 always mean ASCII.
    package var isASCIICompatible: Bool {
        switch self {
        case .utf8, .singleByte, .userDefined, .gb18030, .big5, .eucJP, .shiftJIS, .eucKR, .eucTW: true
        default: false
        }
    }
}
