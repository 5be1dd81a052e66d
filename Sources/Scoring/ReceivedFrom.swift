internal import Bytes

/// The sending relay of a `Received:` field (RFC 5321 section 4.4), as common servers write it: `from GREETING (NAME [ADDRESS])`
/// by Postfix and sendmail, `from NAME ([ADDRESS] helo=GREETING)` by Exim, `from NAME (HELO GREETING) (ADDRESS)` by qmail.
struct ReceivedFrom {
    /// What it called itself.
    private(set) var greeting: Range<Int>?
    /// Names that the receiving relay found for its address.
    private(set) var names: [Range<Int>] = []
    private(set) var address: RelayAddress?

    /// Names that are read of one field.
    private static let nameLimit = 8

    /// Nil where the field names no sending relay.
    init?(_ value: Span<UInt8>) {
        var index = 0
        var depth = 0
        var isBehindFrom = false
        var isGreeting = false
        reading: while index < value.count {
            let start = index
            switch value[index] {
            case 0x28: depth += 1
            case 0x29: depth -= 1
            case 0x5B:
                while index < value.count, value[index] != 0x5D { index += 1 }
                if isBehindFrom, address == nil { address = RelayAddress(value.extracting(start + 1..<index)) }
                if isBehindFrom, depth == 0, greeting == nil { greeting = start + 1..<index }
                continue
            default: break
            }
            guard Self.isHost(value[index]) else {
                index += 1
                continue
            }
            while index < value.count, Self.isHost(value[index]) { index += 1 }
            // A dot at the end is the root of all names, or one of a sentence.
            var end = index
            while end > start, value[end - 1] == 0x2E { end -= 1 }
            let word = value.extracting(start..<end)
            if !isBehindFrom {
                isBehindFrom = depth == 0 && word.count == 4 && word.hasPrefix(ignoringCase: "from")
            } else if depth == 0, greeting != nil || address != nil, word.count == 2,
                word.hasPrefix(ignoringCase: "by")
            {
                break reading
            } else if depth > 0, word.count == 4,
                word.hasPrefix(ignoringCase: "helo") || word.hasPrefix(ignoringCase: "ehlo")
            {
                // What stood in front was the name that was found.
                if let found = greeting { add(name: found, in: value) }
                isGreeting = true
            } else if isGreeting || depth == 0 && greeting == nil {
                greeting = start..<end
                isGreeting = false
            } else if depth > 0 {
                add(name: start..<end, in: value)
            }
        }
        guard isBehindFrom else { return nil }
        if address == nil, let greeting { address = RelayAddress(value.extracting(greeting)) }
    }

    private mutating func add(name: Range<Int>, in value: Span<UInt8>) {
        if let found = RelayAddress(value.extracting(name)) {
            if address == nil { address = found }
        } else if names.count < Self.nameLimit, Self.isDomain(value.extracting(name)) {
            names.append(name)
        }
    }

    /// Two labels or more, the last one of a kind that top-level domains are: not `TLSv1.3`.
    private static func isDomain(_ word: Span<UInt8>) -> Bool {
        guard let dot = word.indices.last(where: { word[$0] == 0x2E }), dot > 0, dot + 2 < word.count else {
            return false
        }
        return asciiLower(word[dot + 1]) >= 0x61 && asciiLower(word[dot + 1]) <= 0x7A
    }

    /// Octets of a host name, and `_`, which some have.
    static func isHost(_ byte: UInt8) -> Bool {
        WordReader.isAlphanumeric(byte) || byte == 0x2D || byte == 0x2E || byte == 0x5F
    }
}

/// The address of a relay as another one wrote it: `192.0.2.1`, `IPv6:2001:db8::1`, `2001:db8::1`.
struct RelayAddress {
    /// Of this host or of a network of one's own (RFC 1918, RFC 3927, RFC 4193, RFC 4291 section 2.5.6).
    let isLocal: Bool
    /// The four numbers; none of IPv6.
    private let numbers: [Int]

    /// Nil for a name.
    init?(_ text: Span<UInt8>) {
        if text.firstIndex(of: 0x3A) != nil {
            let start = text.hasPrefix(ignoringCase: "IPv6:") ? 5 : 0
            let digits = text.extracting(start..<text.count)
            isLocal =
                digits.count == 3 && digits.hasPrefix(ignoringCase: "::1")
                || ["fe80:", "fc", "fd"].contains { digits.hasPrefix(ignoringCase: $0) }
            numbers = []
        } else {
            let numbers = Self.numbers(in: text)
            guard numbers.count == 4, text.count <= 15, numbers.allSatisfy({ $0 <= 255 }),
                text.indices.allSatisfy({ text[$0] == 0x2E || Self.isDigit(text[$0]) })
            else { return nil }
            isLocal =
                [10, 127].contains(numbers[0]) || numbers.starts(with: [192, 168]) || numbers.starts(with: [169, 254])
                || numbers[0] == 172 && 16...31 ~= numbers[1]
            self.numbers = numbers
        }
    }

    /// Whether a name holds the last two numbers, as those do that a provider makes for all addresses of its subscribers.
    func isHeld(by name: Span<UInt8>) -> Bool {
        guard numbers.count == 4 else { return false }
        let held = Self.numbers(in: name)
        return held.contains(numbers[3]) && held.contains(numbers[2])
    }

    /// Runs of no more than three digits, less zeros in front, and of longer ones nothing.
    private static func numbers(in text: Span<UInt8>) -> [Int] {
        var numbers: [Int] = []
        var index = 0
        while index < text.count {
            let start = index
            var number = 0
            while index < text.count, isDigit(text[index]) {
                if index - start < 3 { number = number * 10 + Int(text[index] - 0x30) }
                index += 1
            }
            if index > start, index - start <= 3 { numbers.append(number) }
            if index == start { index += 1 }
        }
        return numbers
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
}
