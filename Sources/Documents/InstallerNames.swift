/// Stream names of Windows installers: two characters of a 64-letter alphabet in each UTF-16 unit from 0x3800 on, one in
/// each from 0x4800 on, and 0x4840 before the name of a table. The format is not published by its maker.
enum InstallerNames {
    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._".utf8)

    /// Class of installers and of patches and transforms.
    static func isInstaller(_ classID: [UInt8]) -> Bool {
        classID.count == 16 && [0x84, 0x86, 0x82].contains(classID[0]) && classID[1] == 0x10
            && Array(classID[2..<8]) == [0x0C, 0, 0, 0, 0, 0] && Array(classID[8...]) == [0xC0, 0, 0, 0, 0, 0, 0, 0x46]
    }

    /// The readable name; a name of another kind stays as it is.
    static func decode(_ name: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        for scalar in String(decoding: name, as: UTF8.self).unicodeScalars {
            switch scalar.value {
            case 0x3800..<0x4800:
                out.append(alphabet[Int(scalar.value - 0x3800) & 63])
                out.append(alphabet[Int(scalar.value - 0x3800) >> 6])
            case 0x4800..<0x4840: out.append(alphabet[Int(scalar.value - 0x4800)])
            case 0x4840: out.append(UInt8(ascii: "!"))
            default: out += Array(String(scalar).utf8)
            }
        }
        return out
    }
}
