/// A line of the log in pieces that syslog daemons take whole: RFC 3164 section 4.1 has 1024 octets for a packet.
enum LongLine {
    /// Octets of a piece, as amavis has it (`$logline_maxlen`): logwatch's script puts pieces of this length together.
    static let limit = 980
    /// Octets of a name in front that are said again in each piece.
    private static let nameLimit = 100

    /// The line, or pieces of it: `...` ends each but the last, and behind the name in brackets with which the line begins, it begins
    /// each but the first. No character is cut: where one would be, another `.` fills the piece.
    static func pieces(_ line: String) -> [String] {
        var rest = Array(line.utf8)[...]
        guard rest.count > limit else { return [line] }
        let name = rest.prefix(nameLimit).prefix { $0 != 0x20 }
        let front = name.first == 0x28 && name.last == 0x29 ? String(decoding: name, as: UTF8.self) + " ..." : "..."
        var pieces: [String] = []
        var begin = ""
        while begin.utf8.count + rest.count > limit {
            let room = limit - begin.utf8.count
            var end = rest.startIndex + room - 3
            while rest[end] & 0xC0 == 0x80 { end -= 1 }
            let dots = String(repeating: ".", count: room - (end - rest.startIndex))
            pieces.append(begin + String(decoding: rest[..<end], as: UTF8.self) + dots)
            rest = rest[end...]
            begin = front
        }
        return pieces + [begin + String(decoding: rest, as: UTF8.self)]
    }
}
