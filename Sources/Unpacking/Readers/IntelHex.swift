internal import Bytes
internal import Members

/// Reads Intel HEX (Intel's "Hexadecimal Object File Format Specification", revision A): records of hexadecimal digits behind
/// a colon, as programs for firmware write them. 7-Zip opens it.
enum IntelHex {
    /// Digits of a record without data: count, address, type, checksum.
    private static let fewestDigits = 10

    /// Records that tell where the next data belong, and the last one.
    private enum Kind {
        static let data: UInt8 = 0
        static let end: UInt8 = 1
        static let segment: UInt8 = 2
        static let high: UInt8 = 4
    }

    /// A record.
    private struct Record {
        var kind: UInt8
        var address: Int
        var data: [UInt8]
        /// Behind its last digit.
        var end: Int
    }

    /// The content begins with a record whose checksum is right.
    static func begins(_ content: Span<UInt8>) -> Bool { record(content, at: 0) != nil }

    /// Hands out what lies together, each such part as a file. A record that is none ends it, as it does for programs.
    static func read(_ content: Span<UInt8>, into sink: any MemberSink) {
        var part: [UInt8] = []
        var count = 0
        var (base, next, place) = (0, 0, 0)
        func addPart() -> Bool {
            guard !part.isEmpty else { return true }
            defer { part.removeAll(keepingCapacity: true) }
            count += 1
            return sink.add(Member(role: "Intel HEX"), content: part)
        }
        while let record = record(content, at: place), record.kind != Kind.end, sink.mayGoOn() {
            switch record.kind {
            case Kind.data:
                let address = base + record.address
                // Parts of firmware are many where it has gaps: the last ones are one.
                if address != next, count < sink.limits.encodedFiles - 1, !addPart() { return }
                next = address + record.data.count
                if part.count < sink.room { part += record.data }
            case Kind.segment where record.data.count == 2:
                base = Int(record.data[0]) << 12 | Int(record.data[1]) << 4
            case Kind.high where record.data.count == 2: base = Int(record.data[0]) << 24 | Int(record.data[1]) << 16
            default: break
            }
            place = record.end
            while place < content.count, content[place] <= 0x20 { place += 1 }
        }
        _ = addPart()
    }

    /// The record at a place; nil where there is none whose checksum is right.
    private static func record(_ content: Span<UInt8>, at place: Int) -> Record? {
        guard place < content.count, content[place] == UInt8(ascii: ":"),
            let count = octet(content, at: place + 1).map({ Int($0) }),
            place + 1 + fewestDigits + count * 2 <= content.count
        else { return nil }
        var octets: [UInt8] = []
        octets.reserveCapacity(count + fewestDigits / 2)
        for index in 0..<count + fewestDigits / 2 {
            guard let octet = octet(content, at: place + 1 + index * 2) else { return nil }
            octets.append(octet)
        }
        guard octets.reduce(0, &+) == 0 else { return nil }
        return Record(
            kind: octets[3], address: Int(octets[1]) << 8 | Int(octets[2]), data: Array(octets[4..<4 + count]),
            end: place + 1 + octets.count * 2)
    }

    private static func octet(_ content: Span<UInt8>, at place: Int) -> UInt8? {
        guard place + 1 < content.count, let high = hexadecimalValue(content[place]),
            let low = hexadecimalValue(content[place + 1])
        else { return nil }
        return high << 4 | low
    }
}
