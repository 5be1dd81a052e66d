internal import Bytes
internal import MailModel

/// Reads the bodies of structured fields (RFC 2045 section 5.1, RFC 2183): a value, then parameters. Made for one field,
/// over its unfolded bytes; goes through them once.
struct FieldBody {
    /// A parameter as written.
    struct Parameter {
        /// Name in lower case, RFC 2231 marks still in it.
        var name: [UInt8]
        /// Value with quoting removed.
        var value: [UInt8]
        /// Value with the backslashes left in; nil when that is no different. Many readers take a Windows path so.
        var unescaped: [UInt8]?
    }

    private let bytes: [UInt8]
    private var index = 0
    private(set) var anomalies: Set<AnomalyKind> = []
    /// Words between semicolons without an equals sign: some readers take them for the rest of the value before.
    private(set) var hasStrayWords = false

    /// Unfolds the field's value: line ends are dropped, the blanks of continuation lines stay.
    init(_ message: Span<UInt8>, value: Range<Int>) {
        var unfolded: [UInt8] = []
        unfolded.reserveCapacity(value.count)
        for offset in value {
            let byte = message[offset]
            if byte == 0x0A {
                if unfolded.last == 0x0D { unfolded.removeLast() }
            } else {
                unfolded.append(byte)
            }
        }
        bytes = unfolded
    }

    /// The value before the first `;`, without comments and blanks around it.
    mutating func leadingValue() -> [UInt8] {
        var value: [UInt8] = []
        while index < bytes.count, bytes[index] != 0x3B {
            if bytes[index] == 0x28 {
                skipComment()
            } else {
                value.append(bytes[index])
                index += 1
            }
        }
        return Self.trimmed(value[...])
    }

    /// The next parameter; nil at the end.
    mutating func nextParameter() -> Parameter? {
        while true {
            while index < bytes.count, bytes[index] == 0x3B || Self.isBlank(bytes[index]) { index += 1 }
            guard index < bytes.count else { return nil }
            if bytes[index] == 0x28 {
                skipComment()
                continue
            }
            let nameStart = index
            while index < bytes.count, bytes[index] != 0x3D, bytes[index] != 0x3B { index += 1 }
            // A word without `=` is no parameter: it is passed over, as all readers do.
            guard index < bytes.count, bytes[index] == 0x3D else {
                hasStrayWords = true
                continue
            }
            let name = Self.trimmed(bytes[nameStart..<index]).map(Self.lower)
            index += 1
            while index < bytes.count, Self.isBlank(bytes[index]) { index += 1 }
            guard index < bytes.count, bytes[index] == 0x22 else {
                return Parameter(name: name, value: bareValue(), unescaped: nil)
            }
            return quotedValue(name: name)
        }
    }

    private mutating func bareValue() -> [UInt8] {
        let start = index
        while index < bytes.count, bytes[index] != 0x3B { index += 1 }
        return Self.trimmed(bytes[start..<index])
    }

    private mutating func quotedValue(name: [UInt8]) -> Parameter {
        index += 1
        var value: [UInt8] = []
        var unescaped: [UInt8] = []
        var closed = false
        var escapes = false
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            if byte == 0x22 {
                closed = true
                break
            }
            unescaped.append(byte)
            if byte == 0x5C, index < bytes.count {
                escapes = true
                value.append(bytes[index])
                unescaped.append(bytes[index])
                index += 1
            } else {
                value.append(byte)
            }
        }
        if !closed { anomalies.insert(.unterminatedQuote) }
        var junk = false
        while index < bytes.count, bytes[index] != 0x3B {
            if bytes[index] == 0x28 {
                skipComment()
            } else {
                if !Self.isBlank(bytes[index]) { junk = true }
                index += 1
            }
        }
        if junk { anomalies.insert(.junkAfterParameter) }
        return Parameter(name: name, value: value, unescaped: escapes ? unescaped : nil)
    }

    /// Comments nest (RFC 5322 section 3.2.2); a counter, not recursion. One without an end takes the rest.
    private mutating func skipComment() {
        var depth = 0
        while index < bytes.count {
            switch bytes[index] {
            case 0x28: depth += 1
            case 0x29: depth -= 1
            case 0x5C: index += 1
            default: break
            }
            index += 1
            if depth == 0 { return }
        }
        index = min(index, bytes.count)
    }

    /// Characters that readers treat differently in parameters: comments, backslashes, apostrophes, quotes without a
    /// partner.
    var hasDisputedCharacters: Bool {
        var quotes = 0
        for byte in bytes {
            if byte == 0x28 || byte == 0x5C || byte == 0x27 { return true }
            if byte == 0x22 { quotes += 1 }
        }
        return quotes % 2 == 1
    }

    /// How often the word stands in the value, in any case of letters.
    func occurrences(of word: StaticString) -> Int {
        var count = 0
        let bytes = bytes.span
        for index in bytes.indices where bytes.hasPrefix(ignoringCase: word, from: index) { count += 1 }
        return count
    }

    /// The field's unfolded value.
    var unfolded: [UInt8] { bytes }

    static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }

    static func lower(_ byte: UInt8) -> UInt8 { byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte }

    /// Without blanks at both ends.
    static func trimmed(_ slice: ArraySlice<UInt8>) -> [UInt8] {
        var low = slice.startIndex
        var high = slice.endIndex
        while low < high, isBlank(slice[low]) { low += 1 }
        while high > low, isBlank(slice[high - 1]) { high -= 1 }
        return Array(slice[low..<high])
    }

    /// Without a comment at the end that blanks set apart: `us-ascii (plain text)`.
    static func withoutComment(_ value: [UInt8]) -> [UInt8] {
        for index in value.indices.dropFirst() where value[index] == 0x28 && isBlank(value[index - 1]) {
            return trimmed(value[..<index])
        }
        return value
    }
}
