internal import Bytes

/// The date of an mbox's `From ` line, which tells it from a text that begins with this word.
extension Mbox {
    /// Octets of a `From ` line in which its date is looked for.
    static let separatorSize = 512
    /// Words of such a line that are looked at: an address may have blanks.
    private static let wordLimit = 32

    /// True when the `From ` line has a time behind or before its date: `Thu Aug 22 12:36:23 2002` with a zone or without
    /// (asctime(3), RFC 4155), `Thu, 22 Aug 2002 12:36:23 +0200` (RFC 5322 section 3.3), `22-08-2002_12:36:23_`.
    static func hasDate(_ bytes: Span<UInt8>, at line: Int) -> Bool {
        let text = bytes.extracting(line..<min(bytes.count, line + separatorSize))
        let end = text.firstIndex(of: 0x0A) ?? text.count
        let words = text.extracting(0..<end).array.split(maxSplits: wordLimit) { $0 <= 0x20 }
        func word(_ place: Int) -> ArraySlice<UInt8> { words.indices.contains(place) ? words[place] : [] }
        for place in words.indices.dropFirst(2) {
            if isDatedTime(word(place)) { return true }
            guard isTime(word(place)) else { continue }
            if isMonth(word(place - 2)), isDay(word(place - 1)), isYear(word(place + 1)) || isYear(word(place + 2)) {
                return true
            }
            if isDay(word(place - 3)), isMonth(word(place - 2)), isYear(word(place - 1)) { return true }
        }
        return false
    }

    private static func isMonth(_ word: ArraySlice<UInt8>) -> Bool {
        let months: [StaticString] = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ]
        return months.contains { $0.withUTF8Buffer { word.elementsEqual($0) } }
    }

    private static func isDay(_ word: ArraySlice<UInt8>) -> Bool { has(word, "d") || has(word, "dd") }

    private static func isYear(_ word: ArraySlice<UInt8>) -> Bool { has(word, "dddd") }

    private static func isTime(_ word: ArraySlice<UInt8>) -> Bool {
        has(word, "dd:dd:dd") || has(word, "dd:dd") || has(word, "d:dd:dd") || has(word, "d:dd")
    }

    private static func isDatedTime(_ word: ArraySlice<UInt8>) -> Bool {
        has(word.prefix(20), "dd-dd-dddd_dd:dd:dd_")
    }

    /// True when a word has a form, in which `d` stands for a digit.
    private static func has(_ word: ArraySlice<UInt8>, _ form: StaticString) -> Bool {
        form.withUTF8Buffer { form in
            word.elementsEqual(form) { $1 == 0x64 ? isDigit($0) : $0 == $1 }
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
