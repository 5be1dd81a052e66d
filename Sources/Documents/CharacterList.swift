internal import Bytes

/// Octets that a script names by calls: `Chr(77) & Chr(90)` of Visual Basic, `chr(77).chr(90)` of PHP, `String.fromCharCode(77, 90) + ...` of
/// JavaScript, `[char]77 + [char]90` of PowerShell, and the same by any one function. What stands between two calls is the script's own:
/// signs that join them, strings, the start of the next statement.
struct CharacterList {
    /// What makes characters of the numbers.
    private enum Name {
        /// A function or cast of a language, all of which may stand in one list.
        case characters
        /// A function of the script, by where its name stands.
        case function(Range<Int>)
    }

    /// Octets between two calls.
    private static let gap = 64
    /// Octets of a name, and of a string between two calls.
    private static let longestName = 64
    private static let longestString = 1_024

    private static let words: [StaticString] = [
        "chr", "chrw", "chrb", "char", "unichar", "fromcharcode", "fromcodepoint",
    ]
    private static let casts: [StaticString] = ["char", "system.char", "byte", "system.byte"]

    private(set) var octets: [UInt8]
    /// Where in the octets those of a statement begin: what other statements name in front is no part of a file.
    private(set) var starts = [0]
    /// The first number.
    let start: Int
    /// Behind the last call.
    private(set) var end: Int
    private(set) var calls = 1
    /// Octets of the first call.
    private let firstCount: Int
    private let name: Name
    /// Where the first name or cast begins.
    private let head: Int
    private let limit: Int

    /// The functions are those that make characters.
    var isOfCharacters: Bool {
        if case .characters = name { return true }
        return false
    }

    /// The first call of a list; nil when there is none at the place.
    /// - Parameters:
    ///   - bracket: where the bracket of the call or cast stands.
    ///   - first: nothing in front of it is looked at.
    ///   - limit: octets that are kept.
    init?(_ bytes: Span<UInt8>, at bracket: Int, from first: Int, limit: Int) {
        // Most brackets have words in them.
        guard bracket + 1 < bytes.count, Self.mayBegin[Int(bytes[bracket + 1])] else { return nil }
        self.limit = limit
        if let cast = Self.cast(bytes, bracket) {
            guard let numbers = Self.casted(bytes, cast) else { return nil }
            (name, octets, start, end) = (.characters, numbers.octets, cast, numbers.end)
            head = bracket
        } else {
            let next = bytes[bracket + 1]
            guard bytes[bracket] == UInt8(ascii: "("), next == UInt8(ascii: "_") || !Self.beginsName(next) else {
                return nil
            }
            var behind = bracket
            while behind > first, bytes[behind - 1] == 0x20 { behind -= 1 }
            var word = behind
            while word > first, behind - word < Self.longestName, Self.isOfName(bytes[word - 1]) { word -= 1 }
            guard word < behind, Self.beginsName(bytes[word]), let numbers = Self.called(bytes, bracket) else {
                return nil
            }
            name = Self.isWord(bytes, word..<behind) ? .characters : .function(word..<behind)
            (octets, start, end) = (numbers.octets, numbers.start, numbers.end)
            head = word
        }
        firstCount = octets.count
    }

    // MARK: Calls

    /// Adds what all further calls name.
    mutating func readOn(_ bytes: Span<UInt8>) {
        while octets.count < limit, addNext(bytes) { calls += 1 }
    }

    /// Script may make any file of what they name; of one function that is not known, only of a list that is one by itself.
    var mayBeAny: Bool { isOfCharacters || firstCount >= TextLiterals.shortestList }

    /// Adds what the next call names, and strings in front of it; false when there is none near.
    private mutating func addNext(_ bytes: Span<UInt8>) -> Bool {
        var at = end
        var (isJoined, hasSign) = (true, false)
        while at < min(bytes.count, end + Self.gap) {
            let byte = bytes[at]
            if Self.beginsName(byte) {
                let word = at
                while at < bytes.count, at - word < Self.longestName, Self.isOfName(bytes[at]) { at += 1 }
                if let numbers = numbers(bytes, word..<at) {
                    add(numbers, isJoined: isJoined)
                    return true
                }
                // What a function belongs to is no other statement.
                if !bytes.hasBytes(".", at: at), !bytes.hasBytes(":", at: at) { isJoined = false }
            } else if isOfCharacters, let cast = Self.cast(bytes, at), let numbers = Self.casted(bytes, cast) {
                add(numbers, isJoined: isJoined)
                return true
            } else if hasSign, let string = Self.string(bytes, at) {
                add(string, isJoined: isJoined)
                at = end
                (isJoined, hasSign) = (true, false)
            } else {
                if Self.isSign(byte) { hasSign = true }
                if byte == UInt8(ascii: "=") || byte == UInt8(ascii: ";") { (isJoined, hasSign) = (false, false) }
                at += 1
            }
        }
        return false
    }

    private mutating func add(_ piece: (octets: [UInt8], end: Int), isJoined: Bool) {
        if !isJoined { starts.append(octets.count) }
        octets += piece.octets.prefix(limit - octets.count)
        end = piece.end
    }

    /// What a call by a name of the list has in brackets.
    private func numbers(_ bytes: Span<UInt8>, _ word: Range<Int>) -> (octets: [UInt8], end: Int)? {
        switch name {
        case .characters: guard Self.isWord(bytes, word) else { return nil }
        case .function(let first): guard Self.isSame(bytes, word, first) else { return nil }
        }
        var bracket = word.upperBound
        while bracket < bytes.count, bytes[bracket] == 0x20 { bracket += 1 }
        guard bytes.hasBytes("(", at: bracket) else { return nil }
        return Self.called(bytes, bracket).map { ($0.octets, $0.end) }
    }

    private static func called(_ bytes: Span<UInt8>, _ bracket: Int) -> TextLiterals.Numbers? {
        var numbers = TextLiterals.numbers(bytes, bracket + 1, limit: bytes.count)
        guard !numbers.isWide, !numbers.octets.isEmpty, bytes.hasBytes(")", at: numbers.end) else { return nil }
        numbers.end += 1
        return numbers
    }

    /// The one number behind a cast, in brackets or not.
    private static func casted(_ bytes: Span<UInt8>, _ cast: Int) -> (octets: [UInt8], end: Int)? {
        var at = cast
        while at < bytes.count, bytes[at] == 0x20 { at += 1 }
        let isInBrackets = bytes.hasBytes("(", at: at)
        if isInBrackets { at += 1 }
        guard let number = TextLiterals.number(bytes, &at), 0...255 ~= number else { return nil }
        if isInBrackets, bytes.hasBytes(")", at: at) { at += 1 }
        return ([UInt8(number)], at)
    }

    /// The place behind a cast to characters, `[char]` or `(char)`.
    private static func cast(_ bytes: Span<UInt8>, _ bracket: Int) -> Int? {
        let closing: UInt8
        switch bytes[bracket] {
        case UInt8(ascii: "["): closing = UInt8(ascii: "]")
        case UInt8(ascii: "("): closing = UInt8(ascii: ")")
        default: return nil
        }
        for word in casts where bytes.hasPrefix(ignoringCase: word, from: bracket + 1) {
            let end = bracket + 1 + word.utf8CodeUnitCount
            if end < bytes.count, bytes[end] == closing { return end + 1 }
        }
        return nil
    }

    // MARK: Strings

    /// Adds the strings that stand in front of the first call, joined to it. They may be something else.
    /// - Parameter first: nothing in front of it is looked at.
    mutating func prepend(_ bytes: Span<UInt8>, from first: Int) {
        var at = head
        let least = max(first, at - Self.longestString)
        // The name of what the function belongs to.
        while at > least + 1, bytes[at - 1] == UInt8(ascii: "."), Self.isOfName(bytes[at - 2]) {
            at -= 1
            while at > least, Self.isOfName(bytes[at - 1]) { at -= 1 }
        }
        var text: [UInt8] = []
        while let string = Self.stringBefore(bytes, at, from: least) {
            text = bytes.extracting(string).array + text
            at = string.lowerBound - 1
        }
        guard !text.isEmpty else { return }
        starts.append(text.count)
        octets = text + octets
    }

    /// What stands in the quotes in front of a sign that joins it to what stands at a place.
    private static func stringBefore(_ bytes: Span<UInt8>, _ place: Int, from least: Int) -> Range<Int>? {
        var end = place
        while end > least, bytes[end - 1] <= 0x20 { end -= 1 }
        guard end > least, isSign(bytes[end - 1]) else { return nil }
        end -= 1
        while end > least, bytes[end - 1] <= 0x20 { end -= 1 }
        guard end > least, isQuote(bytes[end - 1]) else { return nil }
        var start = end - 1
        while start > least, bytes[start - 1] != bytes[end - 1], bytes[start - 1] != 0x0A { start -= 1 }
        return start > least && bytes[start - 1] == bytes[end - 1] ? start..<end - 1 : nil
    }

    /// What stands in quotes at a place; two of them in a row are one, as in Visual Basic.
    private static func string(_ bytes: Span<UInt8>, _ start: Int) -> (octets: [UInt8], end: Int)? {
        guard isQuote(bytes[start]) else { return nil }
        var octets: [UInt8] = []
        var at = start + 1
        while at < bytes.count, at - start < longestString, bytes[at] != 0x0A {
            if bytes[at] == bytes[start] {
                guard at + 1 < bytes.count, bytes[at + 1] == bytes[start] else { return (octets, at + 1) }
                at += 1
            }
            octets.append(bytes[at])
            at += 1
        }
        return nil
    }

    // MARK: Octets of scripts

    /// What may stand behind a bracket: a number, blanks or the mark of a line that goes on in front of one, or a cast.
    private static let mayBegin: [Bool] = (0..<256).map { octet in
        octet <= 0x20 || "0123456789-&_`\\bBcCsS".utf8.contains(UInt8(octet))
    }

    private static func isWord(_ bytes: Span<UInt8>, _ name: Range<Int>) -> Bool {
        let end = bytes[name.upperBound - 1] == UInt8(ascii: "$") ? name.upperBound - 1 : name.upperBound
        return words.contains {
            $0.utf8CodeUnitCount == end - name.lowerBound && bytes.hasPrefix(ignoringCase: $0, from: name.lowerBound)
        }
    }

    private static func isSame(_ bytes: Span<UInt8>, _ word: Range<Int>, _ other: Range<Int>) -> Bool {
        word.count == other.count && bytes.hasBytes(bytes.extracting(other), at: word.lowerBound)
    }

    private static func beginsName(_ byte: UInt8) -> Bool {
        0x61...0x7A ~= byte | 0x20 || byte == UInt8(ascii: "_")
    }

    private static func isOfName(_ byte: UInt8) -> Bool {
        beginsName(byte) || 0x30...0x39 ~= byte || byte == UInt8(ascii: "$")
    }

    private static func isQuote(_ byte: UInt8) -> Bool { byte == 0x22 || byte == 0x27 }

    /// Signs that join characters and strings.
    private static func isSign(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "&"), UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: "|"): true
        default: false
        }
    }
}

/// The lists of characters of a text, in order. Each call is looked at as part of one list of its kind.
struct CharacterLists {
    /// Where lists end, those of functions of languages and of others, and the last that was given out.
    private var (end, endOfFunctions, last) = (0, 0, 0)

    /// The list that begins with the call at a bracket, of several calls and long enough.
    /// - Parameter limit: octets that are kept.
    mutating func list(_ bytes: Span<UInt8>, at bracket: Int, limit: Int) -> CharacterList? {
        guard var list = CharacterList(bytes, at: bracket, from: last, limit: limit),
            bracket >= (list.isOfCharacters ? end : endOfFunctions)
        else { return nil }
        list.readOn(bytes)
        if list.isOfCharacters { end = list.end } else { endOfFunctions = list.end }
        guard list.calls > 1, list.octets.count >= TextLiterals.shortestList else { return nil }
        list.prepend(bytes, from: last)
        last = list.end
        return list
    }
}
