/// Builds one record of the link: a version, a type, then typed fields. Integers are 8 octets, little endian; bytes and
/// text carry a 4-octet length.
package struct RecordWriter: Sendable {
    /// The record so far.
    package private(set) var bytes: [UInt8]

    /// Starts a record of a type.
    package init(type: UInt8) {
        bytes = [Record.version, type]
    }

    package mutating func put(_ value: Int) {
        withUnsafeBytes(of: Int64(value).littleEndian) { bytes.append(contentsOf: $0) }
    }

    package mutating func put(_ value: Bool) {
        bytes.append(value ? 1 : 0)
    }

    /// Puts bytes; over 4 GiB are not representable and cut.
    package mutating func put(_ value: [UInt8]) {
        let length = UInt32(clamping: value.count)
        withUnsafeBytes(of: length.littleEndian) { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: value.prefix(Int(length)))
    }

    package mutating func put(_ value: String) {
        put(Array(value.utf8))
    }

    /// Puts numbers of tokens, 8 octets each.
    package mutating func put(tokens: [UInt64]) {
        let length = UInt32(clamping: tokens.count * 8)
        withUnsafeBytes(of: length.littleEndian) { bytes.append(contentsOf: $0) }
        // As they lie in memory on a little endian machine.
        tokens.map { $0.littleEndian }.withUnsafeBytes { bytes.append(contentsOf: $0.prefix(Int(length))) }
    }

    /// Puts an index that may be absent.
    package mutating func put(_ value: Int?) {
        put(value ?? -1)
    }

    /// Puts a count and then each element.
    package mutating func put<Element>(_ list: [Element], _ each: (inout RecordWriter, Element) -> Void) {
        put(list.count)
        for element in list { each(&self, element) }
    }
}

/// What both ends agree on.
package enum Record {
    /// Raised with every change of a record; an end that reads another number stops.
    package static let version: UInt8 = 1
}

/// A record that is not what the contract says. The sender is then not trusted any further.
package enum RecordError: Error, Hashable {
    case version(UInt8)
    case type(UInt8)
    case truncated
    case trailing(Int)
    case value(String)
}

/// Reads one record. Everything in it is untrusted: lengths and counts are checked against what is there and against
/// the caller's bound before anything is allocated, and the reader must reach the end.
package struct RecordReader: Sendable {
    private let bytes: [UInt8]
    private var position = 2
    /// The record's type.
    package let type: UInt8

    package init(_ bytes: [UInt8]) throws(RecordError) {
        guard bytes.count >= 2 else { throw .truncated }
        guard bytes[0] == Record.version else { throw .version(bytes[0]) }
        self.bytes = bytes
        type = bytes[1]
    }

    private mutating func take(_ count: Int) throws(RecordError) -> ArraySlice<UInt8> {
        guard count <= bytes.count - position else { throw .truncated }
        defer { position += count }
        return bytes[position..<position + count]
    }

    package mutating func int() throws(RecordError) -> Int {
        var value: UInt64 = 0
        for (shift, byte) in try take(8).enumerated() { value |= UInt64(byte) << UInt64(shift * 8) }
        return Int(Int64(bitPattern: value))
    }

    /// An integer within a range.
    package mutating func int(in range: ClosedRange<Int>) throws(RecordError) -> Int {
        let value = try int()
        guard range.contains(value) else { throw .value("\(value) is not in \(range)") }
        return value
    }

    package mutating func bool() throws(RecordError) -> Bool {
        switch try take(1).first {
        case 0: return false
        case 1: return true
        default: throw .value("not a boolean")
        }
    }

    /// Bytes of at most `limit`.
    package mutating func bytes(limit: Int) throws(RecordError) -> [UInt8] {
        var length: UInt32 = 0
        for (shift, byte) in try take(4).enumerated() { length |= UInt32(byte) << UInt32(shift * 8) }
        guard Int(length) <= limit else { throw .value("\(length) octets where \(limit) are allowed") }
        return Array(try take(Int(length)))
    }

    /// Text of at most `limit` octets; invalid UTF-8 is replaced.
    package mutating func string(limit: Int) throws(RecordError) -> String {
        String(decoding: try bytes(limit: limit), as: UTF8.self)
    }

    /// Numbers of at most `limit` tokens, which must ascend.
    package mutating func tokens(limit: Int) throws(RecordError) -> [UInt64] {
        let octets = try bytes(limit: limit * 8)
        guard octets.count % 8 == 0 else { throw .value("\(octets.count) octets of tokens") }
        let tokens = octets.withUnsafeBytes { bytes in
            (0..<bytes.count / 8).map {
                UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self))
            }
        }
        for place in tokens.indices.dropFirst() where tokens[place] <= tokens[place - 1] {
            throw .value("tokens out of order")
        }
        return tokens
    }

    /// An index below `count`, or nil.
    package mutating func index(below count: Int) throws(RecordError) -> Int? {
        let value = try int(in: -1...max(-1, count - 1))
        return value < 0 ? nil : value
    }

    /// A list of at most `limit` elements.
    package mutating func list<Element>(
        limit: Int, _ each: (inout RecordReader) throws(RecordError) -> Element
    ) throws(RecordError) -> [Element] {
        let count = try int(in: 0...limit)
        var out: [Element] = []
        // An element takes at least one octet, so a claimed count cannot reserve more than the record could hold.
        out.reserveCapacity(min(count, bytes.count - position))
        for _ in 0..<count { out.append(try each(&self)) }
        return out
    }

    /// Ends reading: octets left over mean that the two ends disagree.
    package func end() throws(RecordError) {
        guard position == bytes.count else { throw .trailing(bytes.count - position) }
    }
}
