internal import MIME
internal import Members

/// What programs make of names of which the archive does not say in which encoding they are: each takes them for text of the
/// system that it runs on (attack F11). Octets of ASCII are the same in all of them but behind the first octet of a pair.
struct NameReadings {
    /// Code pages of Windows and DOS, of which one is that of the reader.
    private static let codings = [
        "ibm437", "ibm850", "ibm852", "ibm866", "windows-1250", "windows-1251", "windows-1252", "windows-1253",
        "windows-1254", "windows-1255", "windows-1256", "gb18030", "big5", "shift_jis", "euc-kr", "koi8-r",
    ].compactMap { CharsetCoding(label: $0.utf8) }

    private static let dosCoding = CharsetCoding(label: "ibm437".utf8)

    /// Octets of a name that are read; rules report longer ones as not looked at.
    private static let longest = 1024
    /// Octets of all readings of one message.
    static let mostOctets = 4_194_304

    /// By index in the report.
    private(set) var readings: [Int: [String]] = [:]
    private var octetsLeft = Self.mostOctets

    /// Adds the readings of a part's names. False when there are more than the limit.
    mutating func add(_ names: [[UInt8]], part: Int) -> Bool {
        for name in names {
            for reading in Self.all(of: name) {
                guard reading.utf8.count <= octetsLeft else { return false }
                octetsLeft -= reading.utf8.count
                readings[part, default: []].append(reading)
            }
        }
        return true
    }

    /// A name as reports show it: UTF-8, or else in the code page that its format has, or each octet as a character of
    /// Latin-1.
    static func shown(_ name: [UInt8], _ flags: MemberFlags) -> String {
        if let text = String(validating: name, as: UTF8.self) { return text }
        guard flags.contains(.dosNames), let coding = dosCoding else {
            var out = String.UnicodeScalarView()
            for byte in name { out.append(Unicode.Scalar(byte)) }
            return String(out)
        }
        var text: [UInt8] = []
        _ = Charsets.decode(name.span, as: coding, into: &text, limit: .max)
        return String(decoding: text, as: UTF8.self)
    }

    /// Every reading without a character that the code page does not have; none of a name that is UTF-8.
    static func all(of name: [UInt8]) -> [String] {
        guard name.contains(where: { $0 >= 0x80 }), String(validating: name, as: UTF8.self) == nil else { return [] }
        var readings: [String] = []
        for coding in codings {
            var text: [UInt8] = []
            let head = name.span.extracting(0..<min(name.count, longest))
            let result = Charsets.decode(head, as: coding, into: &text, limit: .max)
            guard result.replacements == 0 else { continue }
            let reading = String(decoding: text, as: UTF8.self)
            if !readings.contains(reading) { readings.append(reading) }
        }
        return readings
    }
}
